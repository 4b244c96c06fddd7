//! What may be left out, and what may not.

use super::*;
use serde_json::json;

fn completed(aggregate_id: &str, payload: Value) -> Value {
    let mut command = json!({ "aggregate_id": aggregate_id, "payload": payload });
    complete(&mut command);
    command["payload"].take()
}

#[test]
fn the_own_id_is_that_of_the_aggregate_and_one_that_is_given_stays() {
    let filled = json!({"RetireAirplane": {"airplane_to_retire": "N475HA"}});
    for payload in [
        json!({"RetireAirplane": {}}),
        json!({"RetireAirplane": {"airplane_to_retire": null}}),
    ] {
        assert_eq!(completed("airplane/N475HA", payload), filled);
    }
    let qualified = completed("rotation/r1", json!({"aerolog.schedule.RemoveRotation": {}}));
    assert_eq!(qualified, json!({"aerolog.schedule.RemoveRotation": {"rotation_to_remove": "r1"}}));
    let other = json!({"RetireAirplane": {"airplane_to_retire": "N476HA"}});
    assert_eq!(completed("airplane/N475HA", other.clone()), other);
}

#[test]
fn a_minimum_ground_time_is_that_of_every_type_and_a_correction_leaves_what_it_does_not_name() {
    let minimum = completed("airport/HNL", json!({"SetMinimumGroundTime": {"minutes": 40}}));
    assert_eq!(minimum, json!({"SetMinimumGroundTime": {"aircraft_type": "*", "minutes": 40}}));
    let correction = completed("airport/HNL", json!({"CorrectAirport": {"zone": "UTC"}}));
    let expected = json!({"CorrectAirport": {"airport_to_correct": "HNL", "name": null, "zone": "UTC"}});
    assert_eq!(correction, expected);
}

#[test]
fn what_is_no_named_payload_is_left_for_the_reader_to_judge() {
    for payload in [
        json!("UnassignAirplane"),
        json!({"UnassignAirplane": null}),
        json!({"UnassignAirplane": {}, "RemoveRotation": {}}),
        json!({"AddLegs": {}}),
        json!({}),
        Value::Null,
    ] {
        assert_eq!(completed("rotation/r1", payload.clone()), payload);
    }
}

#[test]
fn the_fields_that_may_be_left_out_are_those_that_are_filled_in() {
    let mut may_be_left_out = Vec::new();
    for (id, command) in crate::samples::one_command_of_each() {
        let envelope = decider::CommandEnvelope {
            command_id: uuid::Uuid::from_u128(1),
            aggregate_id: id.to_owned(),
            expected_version: None,
            issued_by: None,
            command,
        };
        let text = crate::command_to_json(&envelope).to_string();
        let command = crate::parse_typed_json(text.as_bytes()).unwrap();
        let (name, fields) = command["payload"].as_object().unwrap().iter().next().unwrap();
        for field in fields.as_object().unwrap().keys() {
            let mut without = command.clone();
            without["payload"][name].as_object_mut().unwrap().remove(field);
            complete(&mut without);
            let is_filled_in = without["payload"][name].get(field).is_some();
            assert_eq!(crate::may_be_left_out(name, field), is_filled_in, "{name}.{field}");
            if is_filled_in {
                may_be_left_out.push(format!("{name}.{field}"));
            }
        }
    }
    let expected = [
        "SetMinimumGroundTime.aircraft_type",
        "RegisterAirplane.airplane_to_register",
        "RetireAirplane.airplane_to_retire",
        "UnassignAirplane.rotation_to_unassign",
        "ActivateRotation.rotation_to_activate",
        "RemoveRotation.rotation_to_remove",
        "CorrectAirport.airport_to_correct",
        "CorrectAirport.name",
        "CorrectAirport.zone",
        "CorrectAirplane.airplane_to_correct",
    ];
    assert_eq!(may_be_left_out, expected);
}

#[test]
fn json_is_read_strictly_before_it_is_known_whether_it_is_a_command() {
    assert_eq!(crate::parse_typed_json(br#"{"a": [1, null]}"#), Ok(json!({"a": [1, null]})));
    for text in [r#"{"a": 1, "a": 1}"#, r#"[{"b": {"a": 1, "a": 2}}]"#, "\u{feff}{}", "{", ""] {
        let reason = crate::parse_typed_json(text.as_bytes()).unwrap_err();
        assert!(reason.starts_with("the value "), "{text}: {reason}");
    }
    assert!(crate::parse_typed_json(b"\"\xff\"").is_err());
}
