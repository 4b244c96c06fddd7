//! What is remembered comes back as it was, and is forgotten one period later at the earliest.

use super::*;
use keyvalue::Memory;

fn rejected(sequence: u64) -> Outcome {
    let fact = |name: &str| BTreeMap::from([(name.to_owned(), "HNL".to_owned()), ("b".to_owned(), String::new())]);
    Outcome {
        command_id: Uuid::from_u128(u128::from(sequence)),
        aggregate_id: "a/1".to_owned(),
        status: Status::Rejected,
        version: 3,
        sequence,
        event_count: 0,
        command_offset: 17,
        repeated: false,
        rejection: Some(Rejection {
            rule: "rule".to_owned(),
            message: "it is so".to_owned(),
            facts: vec![fact("x"), fact("y")],
        }),
    }
}

#[test]
fn a_rejection_is_remembered_with_all_its_facts() {
    let outcome = rejected(5);
    let remembered = Remembered::of(&outcome);
    assert_eq!(Remembered::from_bytes(&remembered.to_bytes()), Some(remembered.clone()));
    let repeated = remembered.repeat(outcome.command_id, outcome.aggregate_id.clone(), 40);
    assert_eq!(
        repeated,
        Outcome {
            command_offset: 40,
            repeated: true,
            ..outcome
        }
    );
}

#[test]
fn bytes_that_are_cut_short_are_not_read() {
    let bytes = Remembered::of(&rejected(5)).to_bytes();
    for length in 22..bytes.len() {
        let read = Remembered::from_bytes(&bytes[..length]);
        assert_ne!(read, Remembered::from_bytes(&bytes), "{length} bytes");
    }
    assert_eq!(Remembered::from_bytes(&bytes[..20]), None);
}

#[test]
fn a_command_is_found_for_one_retention_and_forgotten_after_two() {
    let mut memory = Memory::default();
    let outcome = rejected(1);
    let decided_ms = 10 * PERIOD_MS + PERIOD_MS / 2;
    memory.apply(&[Remembered::of(&outcome).put(2, decided_ms, outcome.command_id)]);
    let find = |memory: &Memory, at_ms| {
        Memories::default()
            .find(memory, 2, decided_ms, at_ms, outcome.command_id)
            .unwrap()
            .is_some()
    };
    assert!(find(&memory, decided_ms));
    assert!(find(&memory, decided_ms + PERIOD_MS));
    assert!(!find(&memory, decided_ms + 2 * PERIOD_MS));
    assert_eq!(forget(2, decided_ms, decided_ms + PERIOD_MS / 4), None, "the same period");
    memory.apply(forget(2, decided_ms, decided_ms + PERIOD_MS).as_slice());
    assert!(find(&memory, decided_ms + PERIOD_MS), "the period before is kept");
    memory.apply(forget(2, decided_ms + PERIOD_MS, decided_ms + 2 * PERIOD_MS).as_slice());
    assert!(!find(&memory, decided_ms), "two periods before are deleted");
}
