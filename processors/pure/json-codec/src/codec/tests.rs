//! A counter, the least domain, through JSON.

mod identities;

use super::*;
use decider::Fingerprint;
use serde_json::json;

#[derive(Debug)]
struct Counter;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
enum Count {
    Add { number: u32 },
}

impl Domain for Counter {
    type Command = Count;
    type Event = Count;
    type State = u32;
    type Representation = crate::Json;

    fn initial(_: &str) -> u32 {
        0
    }

    fn decide(_: &decider::Context<'_>, _: &u32, command: &Count) -> Result<Vec<Count>, Rejection> {
        Ok(vec![*command])
    }

    fn evolve(state: &mut u32, Count::Add { number }: &Count) {
        *state += number;
    }
}

fn codec() -> JsonCodec<Counter> {
    JsonCodec::default()
}

fn command() -> Value {
    json!({"command_id": "00000000-0000-0000-0000-000000000001", "aggregate_id": "counter/1", "payload": {"Add": {"number": 3}}})
}

fn reason(command: &Value) -> String {
    let decoded = codec().decode_command(None, command.to_string().as_bytes());
    decoded.unwrap_err().to_string()
}

#[test]
fn a_command_comes_back_as_it_was_sent() {
    let sent = CommandEnvelope {
        command_id: Uuid::from_u128(1),
        aggregate_id: "counter/1".to_owned(),
        expected_version: Some(4),
        issued_by: Some("me".to_owned()),
        command: Count::Add { number: 3 },
    };
    let value = JsonCodec::<Counter>::command(&sent);
    assert_eq!(codec().decode_command(None, &value), Ok(sent));
}

#[test]
fn what_is_optional_in_a_command_may_be_left_out() {
    let decoded = codec().decode_command(None, command().to_string().as_bytes()).unwrap();
    assert_eq!((decoded.expected_version, decoded.issued_by), (None, None));
}

#[test]
fn a_command_that_cannot_be_read_says_what_is_wrong() {
    for (field, value, expected) in [
        ("command_id", json!("1"), "invalid length"),
        ("expected_version", json!(-1), "invalid value: integer `-1`"),
        ("more", json!(1), "unknown field `more`"),
        ("payload", json!({"Add": {"number": 3, "more": 1}}), "unknown field `more`"),
        ("payload", json!({"Add": {}}), "missing field `number`"),
        ("payload", json!({"Subtract": {}}), "unknown variant `Subtract`"),
    ] {
        let mut wrong = command();
        wrong[field] = value;
        let reason = reason(&wrong);
        assert!(reason.contains(expected), "{field}: {reason}");
    }
}

#[test]
fn an_event_comes_back_as_it_was_written() {
    let event = EventEnvelope {
        sequence: 1,
        aggregate_id: "counter/1".to_owned(),
        version: 1,
        command_id: Uuid::from_u128(1),
        command_offset: 0,
        decided_at_ms: 1_201_802_700_250,
        event: Count::Add { number: 3 },
    };
    let mut out = Vec::new();
    codec().encode_event(&event, &mut out);
    let json: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(json["decided_at"], json!("2008-01-31T18:05:00.250Z"));
    assert_eq!(json["payload_version"], json!(1));
    assert_eq!(codec().decode_event(&out), Ok(event));
}

#[test]
fn an_event_and_an_outcome_of_a_later_build_may_have_more_fields_around_what_is_known() {
    let event = json!({
        "sequence": 1, "aggregate_id": "counter/1", "version": 1, "command_id": "00000000-0000-0000-0000-000000000001", "command_offset": 0,
        "decided_at": "2008-01-31T18:05:00.250Z", "payload_version": 1, "payload": {"Add": {"number": 3}}, "of_a_later_build": {}
    });
    let read = codec().decode_event(event.to_string().as_bytes()).unwrap();
    assert_eq!(read.event, Count::Add { number: 3 });
    let outcome = json!({
        "command_id": "00000000-0000-0000-0000-000000000001", "aggregate_id": "counter/1", "status": "rejected", "version": 1, "sequence": 1,
        "event_count": 0, "command_offset": 0, "repeated": false, "fingerprint": "0000000000000001", "clock": "2008-01-31T18:05:00.250Z",
        "rejection": {"rule": "r", "message": "m", "facts": [], "of_a_later_build": 1}, "of_a_later_build": 1
    });
    let read = Codec::<Counter>::decode_outcome(&mut codec(), outcome.to_string().as_bytes()).unwrap();
    assert_eq!(read.rejection.unwrap().rule, "r");
}

#[test]
fn an_event_that_cannot_be_read_says_what_is_wrong() {
    let event = json!({
        "sequence": 1, "aggregate_id": "counter/1", "version": 1, "command_id": "00000000-0000-0000-0000-000000000001", "command_offset": 0,
        "decided_at": "2008-01-31T18:05:00.250Z", "payload_version": 1, "payload": {"Add": {"number": 3}}
    });
    for (field, value, expected) in [
        (
            "payload",
            json!({"Subtract": {}}),
            "payload cannot be read: unknown variant `Subtract`, expected `Add`",
        ),
        (
            "payload_version",
            json!(2),
            "payload_version is 2, and this build reads versions 1 to 1",
        ),
        ("decided_at", json!("noon"), "decided_at is \"noon\" where an instant such as"),
        (
            "sequence",
            json!("x"),
            "the value cannot be read as JSON: invalid type: string \"x\", expected u64",
        ),
    ] {
        let mut wrong = event.clone();
        wrong[field] = value;
        let reason = codec().decode_event(wrong.to_string().as_bytes()).unwrap_err().to_string();
        assert!(reason.starts_with(expected), "{field}: {reason}");
    }
}

#[test]
fn an_outcome_comes_back_as_it_was_written() {
    for rejection in [
        None,
        Some(Rejection {
            rule: "too-much".to_owned(),
            message: "it is too much".to_owned(),
            facts: vec![BTreeMap::from([("most".to_owned(), "3".to_owned())])],
        }),
    ] {
        let outcome = Outcome {
            command_id: Uuid::from_u128(1),
            aggregate_id: "counter/1".to_owned(),
            status: if rejection.is_some() { Status::Rejected } else { Status::Accepted },
            version: 1,
            sequence: 2,
            event_count: 0,
            command_offset: 3,
            repeated: true,
            fingerprint: Fingerprint(0xfedc_ba98_7654_3210),
            clock_ms: 1_201_802_700_250,
            rejection,
        };
        let mut out = Vec::new();
        Codec::<Counter>::encode_outcome(&mut codec(), &outcome, &mut out);
        assert_eq!(Codec::<Counter>::decode_outcome(&mut codec(), &out), Ok(outcome));
    }
}

#[test]
fn there_is_no_schema_to_learn() {
    let learned = Codec::<Counter>::learn(&mut codec(), 7, &"{}".into());
    assert_eq!(
        learned.unwrap_err(),
        "these values are JSON and have no schema, so not schema id 7 either"
    );
}

#[test]
fn what_a_command_asks_for_is_its_json_without_its_envelope() {
    let mut meaning = b"before ".to_vec();
    Codec::<Counter>::encode_meaning(&mut codec(), &Count::Add { number: 3 }, &mut meaning);
    assert_eq!(meaning, br#"before {"Add":{"number":3}}"#);
}

#[test]
fn members_that_are_null_are_left_out_at_any_depth_and_items_that_are_null_stay() {
    let value = json!({"b": 1, "a": null, "c": {"d": null, "e": [null, {"f": null, "g": 2}]}});
    let expected = json!({"b": 1, "c": {"e": [null, {"g": 2}]}});
    assert_eq!(without_nulls(value), expected);
}

#[test]
fn headers_say_that_values_are_json_and_name_no_schema() {
    let written_with = Codec::<Counter>::written_with(&codec());
    let expected = WrittenWith {
        content_type: Some("application/json"),
        event: None,
        outcome: None,
    };
    assert_eq!(written_with, expected);
}

#[test]
fn an_event_that_does_not_say_its_form_has_the_first() {
    let event = json!({
        "sequence": 1, "aggregate_id": "counter/1", "version": 1, "command_id": "00000000-0000-0000-0000-000000000001", "command_offset": 0,
        "decided_at": "2008-01-31T18:05:00.250Z", "payload": {"Add": {"number": 3}}
    });
    let read = codec().decode_event(event.to_string().as_bytes()).unwrap();
    assert_eq!((read.decided_at_ms, read.event), (1_201_802_700_250, Count::Add { number: 3 }));
}

/// An account whose sums need more than 64 bits.
#[derive(Debug)]
struct Account;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Paid {
    sum: u128,
}

impl Domain for Account {
    type Command = Paid;
    type Event = Paid;
    type State = u128;
    type Representation = crate::Json;

    fn initial(_: &str) -> u128 {
        0
    }

    fn decide(_: &decider::Context<'_>, _: &u128, command: &Paid) -> Result<Vec<Paid>, Rejection> {
        Ok(vec![command.clone()])
    }

    fn evolve(state: &mut u128, paid: &Paid) {
        *state += paid.sum;
    }
}

/// As a JSON value that is not typed yet, it would be a float.
#[test]
fn an_event_of_the_present_form_keeps_every_digit_of_a_number_beyond_64_bits() {
    let event = EventEnvelope {
        sequence: 1,
        aggregate_id: "account/1".to_owned(),
        version: 1,
        command_id: Uuid::from_u128(1),
        command_offset: 0,
        decided_at_ms: 0,
        event: Paid { sum: u128::MAX },
    };
    let mut codec = JsonCodec::<Account>::default();
    let mut out = Vec::new();
    codec.encode_event(&event, &mut out);
    assert_eq!(codec.decode_event(&out), Ok(event));
}
