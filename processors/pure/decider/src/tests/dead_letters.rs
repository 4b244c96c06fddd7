//! Records that are no command: each reason, once, and the partition goes on.

use super::counter::Command;
use super::pipeline::*;
use crate::{Batch, Call, Codec, DeadLetter, Outgoing, StepError};
use std::collections::BTreeMap;

fn check(key: Option<&[u8]>, value: Option<&[u8]>, reason: DeadLetter, kind: &str) {
    let mut pipeline = Pipeline::new(LIMITS);
    let partition = key.map_or(0, |key| topology::partition_of(key, PARTITIONS));
    let record = pipeline.record(partition, key, value);
    assert_eq!(reason.kind(), kind);
    let batch = pipeline.decide(std::slice::from_ref(&record)).unwrap();
    assert_eq!(batch.tally.dead_letters, 1);
    assert_eq!(pipeline.written(&batch), [Written::DeadLetter(0, reason)]);
    let mutations = pipeline.commit(&[record], batch);
    pipeline.memory.apply(&mutations);
    assert_eq!(pipeline.machine.cursor(partition).unwrap().next_command_offset, 1);
    let next = pipeline.command(1, "c/1", add(1, 5));
    assert_eq!(pipeline.run(&[next]).len(), 2);
}

#[test]
fn a_record_without_a_key_is_a_dead_letter() {
    check(None, Some(b"1 c/1 - add 1 1"), DeadLetter::NoKey, "no_key");
}

#[test]
fn a_record_without_a_value_is_a_dead_letter() {
    check(Some(b"c/1"), None, DeadLetter::NoValue, "no_value");
}

#[test]
fn a_value_longer_than_the_limit_is_a_dead_letter() {
    let value = [b' '; 201];
    let reason = DeadLetter::Oversized {
        bytes: 201,
        bytes_max: 200,
    };
    check(Some(b"c/1"), Some(&value), reason, "oversized");
}

#[test]
fn a_value_of_exactly_the_limit_is_looked_into() {
    let reason = DeadLetter::Malformed("not a command".to_owned());
    check(Some(b"c/1"), Some(&[b' '; 200]), reason, "malformed");
}

#[test]
fn a_key_with_a_control_character_is_a_dead_letter() {
    check(
        Some(b"c/1\0x"),
        Some(b"1 c/1\0x - add 1 1"),
        DeadLetter::ControlCharacter,
        "control_character",
    );
}

#[test]
fn a_value_that_cannot_be_decoded_is_a_dead_letter() {
    let reason = DeadLetter::Malformed("not a command".to_owned());
    check(Some(b"c/1"), Some(&[0xFF, 0xFE]), reason, "malformed");
}

#[test]
fn a_key_that_differs_from_the_aggregate_id_is_a_dead_letter() {
    let reason = DeadLetter::KeyDiffers {
        aggregate_id: "c/2".to_owned(),
    };
    check(Some(b"c/1"), Some(b"1 c/2 - add 1 1"), reason, "key_differs");
}

#[test]
fn an_unknown_schema_is_an_error_until_it_is_learned() {
    let mut pipeline = Pipeline::new(LIMITS);
    let before = pipeline.command(1, "c/1", add(1, 5));
    let record = pipeline.record(partition_of("c/1"), Some(b"c/1"), Some(b"schema 9 2 c/1 - add 1 1"));
    let sent = [before, record];
    let error = StepError::UnknownSchema {
        schema_id: 9,
        partition: sent[1].partition,
        offset: 1,
    };
    assert_eq!(pipeline.decide(&sent).unwrap_err(), error);
    Codec::<super::counter::Counter>::learn(&mut pipeline.codec, 9, &"".into()).unwrap();
    let written = pipeline.run(&sent);
    let versions: Vec<_> = events(&written).iter().map(|event| event.version).collect();
    assert_eq!(versions, [1, 2], "nothing is left of the first attempt");
}

#[test]
fn an_unreadable_schema_is_a_dead_letter() {
    let mut pipeline = Pipeline::new(LIMITS);
    let record = pipeline.record(partition_of("c/1"), Some(b"c/1"), Some(b"schema 9 2 c/1 - add 1 1"));
    let unreadable = BTreeMap::from([(9, "the registry has none".to_owned())]);
    let batch = pipeline.decide_with(&[record], &unreadable).unwrap();
    let reason = DeadLetter::UnknownSchema {
        schema_id: 9,
        reason: "the registry has none".to_owned(),
    };
    assert_eq!(reason.kind(), "unknown_schema");
    assert_eq!(pipeline.written(&batch), [Written::DeadLetter(0, reason)]);
}

#[test]
fn a_codec_that_does_not_say_so_knows_no_schema_that_is_missing_and_nothing_of_a_dead_letter() {
    let mut codec = super::counter::DebugCodec::default();
    for value in [&b""[..], b"schema 7 1 c/1 - add 1 1"] {
        assert_eq!(codec.missing_schema(None, value), None);
        assert_eq!(codec.identify(None, value), crate::Identity::default());
    }
}

/// Of each kind of record one, and what is decided of them: a command, one of another partition, and two that are none, as no schema has the id 9.
fn one_of_each(pipeline: &mut Pipeline) -> (Vec<Sent>, BTreeMap<u32, String>, Batch) {
    let here = partition_of("c/1");
    let sent = vec![
        pipeline.command(1, "c/1", add(1, 5)),
        pipeline.record((here + 1) % PARTITIONS, Some(b"c/1"), Some(b"2 c/1 - add 1 1")),
        pipeline.record(here, Some(b"c/1"), None),
        pipeline.record(here, Some(b"c/1"), Some(b"schema 9 3 c/1 - add 1 1")),
    ];
    let unreadable = BTreeMap::from([(9, "the registry has none".to_owned())]);
    let batch = pipeline.decide_with(&sent, &unreadable).unwrap();
    (sent, unreadable, batch)
}

#[test]
fn what_gets_an_outcome_is_known_without_deciding_it() {
    let mut pipeline = Pipeline::new(LIMITS);
    let (sent, unreadable, batch) = one_of_each(&mut pipeline);
    let is_outcome = |outgoing: &&Outgoing| matches!(outgoing, Outgoing::Outcome { .. });
    let answered: Vec<_> = batch.outgoing.iter().filter(is_outcome).map(Outgoing::incoming).collect();
    assert_eq!(answered, [0]);
    let mut gets_outcome = |record, unreadable| pipeline.machine.gets_outcome(&mut pipeline.codec, &incoming(record), unreadable);
    for (place, record) in sent.iter().enumerate() {
        assert_eq!(gets_outcome(record, &unreadable), Ok(answered.contains(&place)), "{record:?}");
    }
    let is_unknown = gets_outcome(&sent[3], &BTreeMap::new());
    assert_eq!(is_unknown, Err(9), "whether it is a command is not known before its schema is");
}

#[test]
fn what_meets_a_bug_where_it_is_decoded_is_taken_for_a_command() {
    let mut pipeline = Pipeline::new(LIMITS);
    let record = pipeline.command(1, "c/1", Command::Break(Call::DecodeCommand));
    let gets_outcome = pipeline
        .machine
        .gets_outcome(&mut pipeline.codec, &incoming(&record), &BTreeMap::new());
    assert_eq!(gets_outcome, Ok(true), "another build may have decided it");
}

#[test]
fn each_record_that_is_written_names_the_one_that_it_answers() {
    let mut pipeline = Pipeline::new(LIMITS);
    let (_, _, batch) = one_of_each(&mut pipeline);
    let named: Vec<_> = batch.outgoing.iter().map(Outgoing::incoming).collect();
    assert_eq!(named, [0, 0, 1, 2, 3], "an event and an outcome, a copy, and two dead letters");
}
