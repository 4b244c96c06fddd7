//! The places of an aggregate's events, apart from those of aggregates whose ids begin alike.

use super::*;
use keyvalue::Memory;

fn at(sequence: u64) -> EventPlace {
    EventPlace {
        partition: 7,
        sequence,
        offset: i64::try_from(sequence).unwrap() * 3,
    }
}

fn filled() -> Memory {
    let mut memory = Memory::default();
    let entries = [("a", 1), ("a", 4), ("ab", 5), ("a", 300), ("b", 2)];
    memory.apply(&entries.map(|(id, sequence)| entry(id, at(sequence))));
    memory
}

fn sequences(id: &str, from: u64, before: u64, count_max: usize) -> Vec<u64> {
    let places = newest(&filled(), id, from, before, count_max).unwrap();
    places.into_iter().map(|place| place.sequence).collect()
}

#[test]
fn the_events_of_an_aggregate_are_found_newest_first_and_only_its_own() {
    assert_eq!(sequences("a", 0, u64::MAX, 9), [300, 4, 1]);
    assert_eq!(sequences("ab", 0, u64::MAX, 9), [5]);
    assert_eq!(sequences("a", 0, u64::MAX, 2), [300, 4]);
    assert_eq!(sequences("a", 2, 300, 9), [4]);
    assert_eq!(sequences("a", 4, 4, 9), [0; 0]);
    assert_eq!(sequences("a", 0, u64::MAX, 0), [0; 0]);
    assert_eq!(sequences("c", 0, u64::MAX, 9), [0; 0]);
    assert_eq!(newest(&filled(), "a", 4, 5, 9).unwrap(), [at(4)]);
}

#[test]
fn one_event_is_found_by_its_sequence() {
    assert_eq!(find(&filled(), "a", 300).unwrap(), Some(at(300)));
    assert_eq!(find(&filled(), "a", 5).unwrap(), None);
}

#[test]
fn an_entry_that_is_cut_short_is_an_error() {
    let mut memory = filled();
    memory.apply(&[Mutation::Put {
        key: key("a", 300),
        value: vec![7],
    }]);
    assert!(newest(&memory, "a", 0, u64::MAX, 9).is_err());
    assert!(find(&memory, "a", 300).is_err());
}
