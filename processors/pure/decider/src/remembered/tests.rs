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

#[test]
fn a_period_begins_where_the_one_before_ends() {
    for (length_ms, clock_ms, expected) in [
        (1, 5, 5),
        (10, 0, 0),
        (10, 9, 0),
        (10, 10, 1),
        (10, -1, 0),
        (1, i64::MAX, u32::MAX),
        (0, 5, 0),
        (-1, 5, 0),
    ] {
        assert_eq!(Periods { length_ms }.at(clock_ms), expected, "{clock_ms} in periods of {length_ms}");
    }
}

#[test]
fn periods_are_deleted_when_the_clock_comes_to_a_new_one_and_at_no_other_time() {
    let periods = Periods { length_ms: 10 };
    assert_eq!(periods.forget(1, 31, 39), None);
    assert_eq!(periods.forget(1, 5, 9), None);
    let range = |to: u32| Mutation::DeleteRange {
        from: keys::remembered_period(1, 0),
        to: keys::remembered_period(1, to),
    };
    assert_eq!(periods.forget(1, 39, 40), Some(range(3)));
    assert_eq!(periods.forget(1, 9, 10), Some(range(0)), "the first two are kept");
}

/// Counts the scans and gets of a store.
struct Counted<'m>(&'m keyvalue::Memory, std::cell::Cell<usize>);

impl Read for Counted<'_> {
    fn get<T>(&self, key: &[u8], with: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, ReadError> {
        self.1.set(self.1.get() + 1);
        self.0.get(key, with)
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: keyvalue::Visit<'_>) -> Result<(), ReadError> {
        self.1.set(self.1.get() + 1);
        self.0.scan(from, to, order, visit)
    }
}

#[test]
fn an_id_is_found_in_its_period_and_the_next_and_an_empty_period_is_looked_at_once() {
    let mut lookup = CommandIdLookup::new(Periods { length_ms: 10 });
    let outcome = rejected(5);
    let remembered = Remembered::of(&outcome);
    let key = (outcome.aggregate_id.clone(), outcome.command_id);
    let mut memory = keyvalue::Memory::default();
    memory.apply(&[lookup.put(&remembered, 1, 42, &key)]);
    let store = Counted(&memory, std::cell::Cell::new(0));
    let mut find = |committed_ms, clock_ms, key: &CommandKey| {
        store.1.set(0);
        let found = lookup.find(&store, 1, committed_ms, clock_ms, key).unwrap();
        (found.is_some(), store.1.get())
    };
    let other = (outcome.aggregate_id.clone(), Uuid::from_u128(99));
    // In the period in which it was answered; before it there is nothing, which is remembered after the first look.
    assert_eq!(find(42, 45, &key), (true, 1));
    assert_eq!(find(42, 45, &other), (false, 2));
    assert_eq!(find(42, 45, &other), (false, 1));
    // In the next period, whether the store's clock has come to it or not.
    assert_eq!(find(45, 51, &key), (true, 2));
    assert_eq!(find(51, 52, &key), (true, 3));
    assert_eq!(
        find(51, 52, &other),
        (false, 3),
        "a period with something in it is looked through each time"
    );
    // And no longer.
    assert!(!find(61, 62, &key).0);
    lookup.reset(1);
    store.1.set(0);
    assert_eq!(lookup.find(&store, 1, 61, 62, &other), Ok(None));
    assert_eq!(store.1.get(), 2, "another state is looked at again");
}
