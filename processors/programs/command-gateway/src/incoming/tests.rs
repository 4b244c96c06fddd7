//! Ids from the body and the header, and what is no command.

use super::*;
use airline::Airline;
use schemas::{AvroCodec, SchemaIds};
use serde_json::json;

const ID: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);

fn reader() -> CommandReader {
    CommandReader::new::<Airline, _>(AvroCodec::new(SchemaIds::UNKNOWN))
}

fn members(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn create() -> Value {
    json!({ "aggregate_id": "rotation/R1", "payload": { "CreateRotation": { "mode": "draft" } } })
}

fn with(mut command: Value, name: &str, value: Value) -> Value {
    command[name] = value;
    command
}

fn read(command: Value, envelope: Envelope) -> Result<NewCommand, String> {
    let read = reader().read(members(command), envelope);
    read.map_err(|problem| String::from_utf8(problem.body()).unwrap())
}

fn keyed(command_id: Uuid) -> Envelope {
    Envelope {
        command_id: Some(command_id),
        ..Envelope::default()
    }
}

#[test]
fn a_command_gets_its_id_from_the_body_the_header_or_the_gateway() {
    let of_body = read(with(create(), "command_id", json!(ID.to_string())), Envelope::default()).unwrap();
    let of_header = read(create(), keyed(ID)).unwrap();
    let of_both = read(with(create(), "command_id", json!(ID.to_string().to_uppercase())), keyed(ID)).unwrap();
    assert_eq!([of_body.command_id, of_header.command_id, of_both.command_id], [ID; 3]);
    let (one, two) = (
        read(create(), Envelope::default()).unwrap(),
        read(create(), Envelope::default()).unwrap(),
    );
    assert_ne!(one.command_id, two.command_id);
    assert_eq!(
        (one.aggregate_id.as_str(), one.type_name.as_str()),
        ("rotation/R1", "CreateRotation")
    );
    let value: Value = serde_json::from_slice(&one.value).unwrap();
    assert_eq!(value["command_id"], one.command_id.to_string());
}

#[test]
fn two_ids_that_differ_are_refused() {
    let refusal = read(with(create(), "command_id", json!(ID.to_string())), keyed(Uuid::from_u128(9))).unwrap_err();
    assert!(refusal.contains("Idempotency-Key"), "{refusal}");
}

#[test]
fn who_has_signed_in_issues_the_command_whatever_the_body_says() {
    let envelope = Envelope {
        issued_by: Some("ada".to_owned()),
        ..Envelope::default()
    };
    let command = read(with(create(), "issued_by", json!("eve")), envelope).unwrap();
    let value: Value = serde_json::from_slice(&command.value).unwrap();
    assert_eq!(value["issued_by"], "ada");
}

#[test]
fn what_is_no_command_says_which_field_is_wrong() {
    for (command, part) in [
        (json!({}), "aggregate_id"),
        (with(create(), "mood", json!(1)), "mood"),
        (with(create(), "command_id", json!("7")), "command_id"),
        (with(create(), "command_id", json!(Uuid::nil().to_string())), "command_id"),
        (with(create(), "payload", json!({ "AddLegs": {} })), "legs"),
        (with(create(), "aggregate_id", json!("rotation")), "aggregate"),
    ] {
        let refusal = read(command.clone(), Envelope::default()).unwrap_err();
        assert!(refusal.contains(part) && refusal.contains("no-command"), "{command}: {refusal}");
    }
}

#[test]
fn a_value_that_cannot_be_is_a_command_that_is_rejected_by_the_processor() {
    let command = with(create(), "payload", json!({ "AssignAirplane": { "registration": "not one" } }));
    assert_eq!(read(command, Envelope::default()).unwrap().type_name, "AssignAirplane");
    let later = with(create(), "payload", json!({ "OfALaterBuild": { "mode": "draft" } }));
    assert_eq!(read(later, Envelope::default()).unwrap().type_name, "OfALaterBuild");
}

#[test]
fn a_name_that_no_command_has_does_not_go_into_a_header_too() {
    let name = "x".repeat(400 << 10);
    let read = read(with(create(), "payload", json!({ name: {} })), Envelope::default()).unwrap();
    assert_eq!(read.type_name, "");
}

#[test]
fn json_is_read_as_strictly_as_the_topic_is() {
    for body in [&b"{\"a\":1,\"a\":2}"[..], b"[]", b"{", b"\xff", b""] {
        assert_eq!(object(body).unwrap_err().status(), StatusCode::BAD_REQUEST, "{body:?}");
    }
}
