//! The airline's records through the codec of the application.

use super::*;
use decider::{Codec, CommandEnvelope, EventEnvelope, Fingerprint, Identity, Outcome, Status};
use samples::{one_command_of_each, one_event_of_each};
use uuid::Uuid;

const IDS: SchemaIds = SchemaIds {
    command: 11,
    event: 12,
    outcome: 13,
};
const JSON: Option<&[u8]> = Some(b"application/json");

/// As the programs see it, which know it as the codec of the application only.
fn codec() -> impl Codec<Airline> {
    Airline::codec(IDS)
}

fn envelope(event: Event) -> EventEnvelope<Event> {
    EventEnvelope {
        sequence: 5,
        aggregate_id: "rotation/r1".to_owned(),
        version: 2,
        command_id: Uuid::from_u128(1),
        command_offset: 9,
        decided_at_ms: 1_201_802_700_250,
        event,
    }
}

fn outcome() -> Outcome {
    Outcome {
        command_id: Uuid::from_u128(1),
        aggregate_id: "rotation/r1".to_owned(),
        status: Status::Accepted,
        version: 2,
        sequence: 5,
        event_count: 1,
        command_offset: 9,
        repeated: false,
        fingerprint: Fingerprint(7),
        clock_ms: 1_201_802_700_250,
        rejection: None,
    }
}

fn command(aggregate_id: &str, command: domain::Command) -> CommandEnvelope<domain::Command> {
    CommandEnvelope {
        command_id: Uuid::from_u128(1),
        aggregate_id: aggregate_id.to_owned(),
        expected_version: None,
        issued_by: Some("planner".to_owned()),
        command,
    }
}

#[test]
fn events_come_back_under_the_id_of_their_schema_and_under_its_fingerprint() {
    let mut codec = codec();
    let written_with = codec.written_with();
    assert_eq!(written_with.content_type, Some("application/avro"));
    assert_eq!(written_with.event, Some(Content::Event.latest().fingerprint()));
    for event in one_event_of_each().into_iter().map(envelope) {
        let mut value = Vec::new();
        codec.encode_event(&event, &mut value);
        assert_eq!(application::unframe(&value).unwrap().0, IDS.event);
        assert_eq!(codec.decode_event(&value), Ok(event.clone()));
        assert_eq!(codec.decode_event_of(written_with.event, &value), Ok(event));
    }
}

#[test]
fn outcomes_come_back_under_the_id_of_their_schema_and_under_its_fingerprint() {
    let mut codec = codec();
    let fingerprint = codec.written_with().outcome;
    assert_eq!(fingerprint, Some(Content::Outcome.latest().fingerprint()));
    let mut value = Vec::new();
    codec.encode_outcome(&outcome(), &mut value);
    assert_eq!(application::unframe(&value).unwrap().0, IDS.outcome);
    assert_eq!(codec.decode_outcome(&value), Ok(outcome()));
    assert_eq!(codec.decode_outcome_of(fingerprint, &value), Ok(outcome()));
}

#[test]
fn an_event_is_shown_with_its_fields_by_name() {
    let mut value = Vec::new();
    codec().encode_event(&envelope(one_event_of_each().remove(0)), &mut value);
    let shown = Airline::shown(&Content::Event.latest().json().into()).unwrap();
    let (_, body) = application::unframe(&value).unwrap();
    let event = shown(body).unwrap();
    assert_eq!(
        (event["sequence"].as_u64(), event["aggregate_id"].as_str()),
        (Some(5), Some("rotation/r1"))
    );
    assert!(shown(&body[1..]).is_err());
}

#[test]
fn a_command_means_the_same_in_avro_and_in_json_and_each_command_something_else() {
    let mut codec = codec();
    let mut meanings = std::collections::BTreeSet::new();
    let commands = one_command_of_each();
    let count = commands.len();
    for (id, asked) in commands {
        let sent = command(id, asked.clone());
        let json = schemas::command_to_json(&sent).to_string();
        let avro = schemas::command_to_avro(&sent, IDS.command);
        for (content_type, value) in [(JSON, json.as_bytes()), (Some(&b"application/avro"[..]), &avro)] {
            let read = codec.decode_command(content_type, value).unwrap();
            assert_eq!(read.command.command, Ok(asked.clone()));
            let mut meaning = Vec::new();
            codec.encode_meaning(&read.command, &mut meaning);
            meanings.insert(meaning);
        }
    }
    assert_eq!(meanings.len(), count);
}

#[test]
fn a_schema_of_another_writer_is_missing_until_it_is_learned() {
    let mut codec = codec();
    let (id, asked) = one_command_of_each().remove(0);
    let sent = command(id, asked.clone());
    let value = schemas::command_to_avro(&sent, 99);
    let avro = Some(&b"application/avro"[..]);
    assert_eq!(codec.missing_schema(avro, &value), Some(99));
    assert!(codec.learn(99, &"\"string\"".into()).is_err());
    assert_eq!(codec.missing_schema(avro, &value), Some(99));
    codec.learn(99, &Content::Command.latest().json().into()).unwrap();
    assert_eq!(codec.missing_schema(avro, &value), None);
    assert_eq!(codec.decode_command(avro, &value).unwrap().command.command, Ok(asked));
}

#[test]
fn a_value_that_is_no_command_still_says_whose_it_is() {
    let text = r#"{"command_id": "00000000-0000-0000-0000-000000000001", "issued_by": "planner", "payload": {"Fly": {}}}"#;
    assert!(codec().decode_command(JSON, text.as_bytes()).is_err());
    let expected = Identity {
        command_id: Some(Uuid::from_u128(1)),
        command_type: Some("Fly".to_owned()),
        issued_by: Some("planner".to_owned()),
    };
    assert_eq!(codec().identify(JSON, text.as_bytes()), expected);
}
