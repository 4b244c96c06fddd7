//! Records for the tests: one of each by hand, and any at all by strategy.

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::writer::datum::GenericDatumWriter;
use decider::{EventEnvelope, Fingerprint, Outcome, Rejection, Status};
use domain::Event;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
pub(crate) use samples::*;
use uuid::Uuid;

pub(crate) fn event(event: Event) -> EventEnvelope<Event> {
    let aggregate_id = match event {
        Event::Airport(_) => "airport/HNL",
        Event::Airplane(_) => "airplane/N475HA",
        Event::Rotation(_) => "rotation/r1",
    };
    EventEnvelope {
        sequence: 7,
        aggregate_id: aggregate_id.to_owned(),
        version: 3,
        command_id: Uuid::from_u128(1),
        command_offset: 9,
        decided_at_ms: DEPARTURE.0,
        event,
    }
}

pub(crate) fn outcome(rejection: Option<Rejection>) -> Outcome {
    Outcome {
        command_id: Uuid::from_u128(1),
        aggregate_id: "rotation/r1".to_owned(),
        status: if rejection.is_some() { Status::Rejected } else { Status::Accepted },
        version: 3,
        sequence: 7,
        event_count: 1,
        command_offset: 9,
        repeated: false,
        fingerprint: Fingerprint(0x0123_4567_89ab_cdef),
        clock_ms: DEPARTURE.0,
        rejection,
    }
}

/// What the Avro library reads with the schema, as it says it.
pub(crate) fn read_by_the_library(schema: &str, body: &[u8]) -> apache_avro::types::Value {
    let schema = apache_avro::Schema::parse_str(schema).unwrap();
    let reader = GenericDatumReader::builder(&schema).build().unwrap();
    reader.read_value(&mut &body[..]).unwrap()
}

/// The bytes that the Avro library writes with the schema.
pub(crate) fn written_by_the_library(schema: &str, value: apache_avro::types::Value) -> Vec<u8> {
    let schema = apache_avro::Schema::parse_str(schema).unwrap();
    let writer = GenericDatumWriter::builder(&schema).build().unwrap();
    writer.write_value_to_vec(value).unwrap()
}

prop_compose! {
    pub(crate) fn any_event_envelope()(
        event in any_event(), sequence in 0..u64::MAX / 2, version in 0..u64::MAX / 2, id: u128, offset: i64, at in any_instant(),
    ) -> EventEnvelope<Event> {
        EventEnvelope {
            sequence,
            version,
            command_id: Uuid::from_u128(id),
            command_offset: offset,
            decided_at_ms: at.0,
            ..self::event(event)
        }
    }
}

prop_compose! {
    pub(crate) fn any_outcome()(
        id: u128, version in 0..u64::MAX / 2, sequence in 0..u64::MAX / 2, event_count in 0..=i32::MAX.cast_unsigned(), offset: i64,
        repeated: bool, fingerprint: u64, clock_ms: i64, rejection in option::of((".*", ".*", vec(btree_map(".*", ".*", 0..3), 0..3))),
    ) -> Outcome {
        Outcome {
            command_id: Uuid::from_u128(id),
            version,
            sequence,
            event_count,
            command_offset: offset,
            repeated,
            fingerprint: Fingerprint(fingerprint),
            clock_ms,
            ..outcome(rejection.map(|(rule, message, facts)| Rejection { rule, message, facts }))
        }
    }
}
