//! What is remembered comes back as it was.

use super::*;

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
        fingerprint: Fingerprint(0x0123_4567_89ab_cdef),
        clock_ms: 99,
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
    let repeated = remembered.repeat((outcome.aggregate_id.clone(), outcome.command_id), 40, 104);
    assert_eq!(
        repeated,
        Outcome {
            command_offset: 40,
            repeated: true,
            clock_ms: 104,
            ..outcome
        }
    );
}

#[test]
fn bytes_that_are_cut_short_are_not_read() {
    let bytes = Remembered::of(&rejected(5)).to_bytes();
    for length in FIXED_BYTES + 1..bytes.len() {
        let read = Remembered::from_bytes(&bytes[..length]);
        assert_ne!(read, Remembered::from_bytes(&bytes), "{length} bytes");
    }
    assert_eq!(Remembered::from_bytes(&bytes[..FIXED_BYTES - 1]), None);
}
