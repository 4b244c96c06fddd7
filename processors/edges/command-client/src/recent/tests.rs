//! What is kept, what is forgotten first, and what is never said of an id.

use super::*;
use decider::{COMMAND_ID_REUSED, Fingerprint, Rejection, Status};

fn outcome(id: u128, aggregate_id: &str, command_offset: i64) -> Outcome {
    Outcome {
        command_id: Uuid::from_u128(id),
        aggregate_id: aggregate_id.to_owned(),
        status: Status::Accepted,
        version: 1,
        sequence: 1,
        event_count: 1,
        command_offset,
        repeated: false,
        fingerprint: Fingerprint::default(),
        clock_ms: 0,
        rejection: None,
    }
}

fn rejected(rule: &str, message: String, command_offset: i64) -> Outcome {
    Outcome {
        status: Status::Rejected,
        rejection: Some(Rejection {
            rule: rule.to_owned(),
            message,
            facts: Vec::new(),
        }),
        ..outcome(1, "a", command_offset)
    }
}

fn found(recent: &Recent, id: u128, aggregate_id: Option<&str>) -> Option<i64> {
    let found = recent.find(Uuid::from_u128(id), aggregate_id);
    found.map(|(_, outcome)| outcome.command_offset)
}

#[test]
fn an_outcome_is_found_by_its_ids_until_as_many_have_come_after_it() {
    let mut recent = Recent::new(3);
    for number in 0..5 {
        recent.insert(0, &outcome(number, "a", i64::try_from(number).unwrap()));
    }
    assert_eq!(found(&recent, 1, None), None);
    assert_eq!(found(&recent, 2, None), Some(2));
    assert_eq!(found(&recent, 4, Some("a")), Some(4));
    assert_eq!(found(&recent, 4, Some("b")), None);
    assert_eq!((recent.by_command.len(), recent.kept.len()), (3, 3));
}

#[test]
fn two_aggregates_may_know_the_same_id() {
    let mut recent = Recent::new(10);
    recent.insert(0, &outcome(1, "a", 5));
    recent.insert(1, &outcome(1, "b", 7));
    assert_eq!(found(&recent, 1, Some("a")), Some(5));
    assert_eq!(found(&recent, 1, Some("b")), Some(7));
}

#[test]
fn what_is_read_again_is_kept_once() {
    let mut recent = Recent::new(10);
    for _ in 0..2 {
        recent.insert(0, &outcome(1, "a", 5));
    }
    assert_eq!(recent.kept.len(), 1);
}

#[test]
fn the_refusal_of_an_id_does_not_stand_for_the_command_that_has_the_id() {
    let mut recent = Recent::new(10);
    recent.insert(0, &rejected(COMMAND_ID_REUSED, String::new(), 9));
    assert_eq!(found(&recent, 1, Some("a")), None);
    recent.insert(0, &outcome(1, "a", 5));
    assert_eq!(found(&recent, 1, Some("a")), Some(5));
}

#[test]
fn large_rejections_are_bounded_by_their_bytes() {
    let mut recent = Recent::new(usize::MAX);
    let count = BYTES_MAX / (30 << 10) + 100;
    for number in 0..count {
        recent.insert(0, &rejected("overlap", "x".repeat(30 << 10), i64::try_from(number).unwrap()));
    }
    assert!(recent.bytes <= BYTES_MAX, "{}", recent.bytes);
    assert!(recent.kept.len() < count);
    let bytes: usize = recent.kept.iter().map(|kept| kept.bytes).sum();
    assert_eq!(bytes, recent.bytes);
}

#[test]
fn nothing_is_kept_where_nothing_is_to_be() {
    let mut recent = Recent::new(0);
    recent.insert(0, &outcome(1, "a", 5));
    assert_eq!((found(&recent, 1, None), recent.bytes), (None, 0));
}
