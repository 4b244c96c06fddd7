//! Events up to a place, and none after it.

use super::*;
use crate::bookkeeping::Reached;
use crate::fixture::{PARTITIONS, located};

fn at(sequence: u64, decided_at_ms: i64) -> LocatedEvent<String> {
    let mut located = located(0, sequence);
    located.event.decided_at_ms = decided_at_ms;
    located
}

fn freezing(until: &str, progress: &Progress) -> Result<Freezing, String> {
    Freezing::new(&AsOf::read(until).unwrap(), progress).map_err(|failure| failure.to_string())
}

#[test]
fn a_position_freezes_a_partition_with_its_last_event_and_one_that_needs_none_at_once() {
    let mut freezing = freezing("0:2,1:0", &Progress::start(PARTITIONS)).unwrap();
    assert_eq!(Vec::from_iter(freezing.frozen()), [1]);
    assert!(freezing.takes(&at(1, 0)) && !freezing.is_complete());
    assert!(freezing.takes(&at(2, 0)) && freezing.is_complete());
    assert!(!freezing.takes(&at(3, 0)));
}

#[test]
fn a_time_freezes_a_partition_with_the_first_event_after_it_also_where_the_clock_was_set_back_then() {
    let mut freezing = freezing("1970-01-01T00:00:01Z", &Progress::start(PARTITIONS)).unwrap();
    assert!(freezing.takes(&at(1, 1000)) && !freezing.is_frozen(0));
    assert!(!freezing.takes(&at(2, 1001)) && freezing.is_frozen(0));
    assert!(!freezing.takes(&at(3, 1000)));
    assert!(!freezing.is_complete());
}

#[test]
fn a_view_that_was_there_is_frozen_from_the_start() {
    let mut progress = Progress::start(PARTITIONS);
    let reached = Reached {
        sequence: 2,
        next_offset: 5,
    };
    progress.set(0, reached);
    assert!(freezing("0:2,1:0", &progress).unwrap().is_complete());
}

#[test]
fn a_position_that_does_not_name_every_partition_is_refused() {
    for until in ["0:2", "0:2,1:0,2:0", "1:0,2:0"] {
        let refusal = freezing(until, &Progress::start(PARTITIONS)).err().unwrap();
        assert!(refusal.contains("partitions 0 to 1"), "{refusal}");
    }
}
