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
