//! An application and its view with nothing but what they must say, the names of the registry, and what questions and answers are made of.

mod bell;
mod documents;
mod questions;

use super::*;

#[test]
fn subjects_are_named_after_topics() {
    assert_eq!(subject("schedule.events"), "schedule.events-value");
}

#[test]
fn each_kind_of_record_has_an_id_and_a_name_of_its_own() {
    let ids = SchemaIds {
        command: 1,
        event: 2,
        outcome: 3,
    };
    assert_eq!(RecordKind::ALL.map(|kind| kind.id_in(&ids)), [1, 2, 3]);
    assert_eq!(RecordKind::ALL.map(RecordKind::name), ["command", "event", "outcome"]);
}

#[test]
fn a_value_with_a_frame_is_split_into_its_schema_id_and_its_body() {
    assert_eq!(unframe(&[0, 1, 2, 3, 4, b'x', b'y']), Some((0x0102_0304, &b"xy"[..])));
    assert_eq!(unframe(&[0, 0, 0, 0, 7]), Some((7, &[][..])));
}

#[test]
fn a_value_without_a_frame_is_not_split() {
    for value in [&b""[..], &[0, 0, 0, 7], &[1, 0, 0, 0, 7, b'x'], br#"{"a": 1}"#] {
        assert_eq!(unframe(value), None, "{value:?}");
    }
}
