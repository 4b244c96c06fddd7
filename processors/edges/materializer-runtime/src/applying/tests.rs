//! Each event once, in order and without a gap, or not at all.

use super::*;
use crate::fixture::{PARTITIONS, Texts, aggregate, located, of, offset};
use keyvalue::Memory;
use std::cell::Cell;

type Event = LocatedEvent<String>;

/// Applies runs one after the other to an empty view of two partitions.
fn apply(runs: &[&[Event]]) -> (Memory, Step) {
    let (mut view, mut memory) = (Texts::default(), Memory::default());
    let mut stopped = BTreeSet::new();
    let mut step = step(&mut view, &memory, &Progress::start(PARTITIONS), &mut stopped, &[], false, || false);
    for run in runs {
        step = super::step(&mut view, &memory, &step.progress, &mut stopped, run, false, || false);
        memory.apply(&step.mutations);
    }
    (memory, step)
}

#[test]
fn one_run_or_many_give_the_same_view() {
    let all = [located(0, 1), located(1, 1), located(0, 2), located(1, 2)];
    let (at_once, step) = apply(&[&all]);
    assert_eq!((step.applied, step.repeated, step.failure), (4, 0, None));
    assert_eq!(step.progress.position().to_string(), "0:2,1:2");
    let one_by_one: Vec<&[Event]> = all.chunks(1).collect();
    assert_eq!(apply(&one_by_one).0, at_once);
    assert_eq!(Progress::load(&at_once).unwrap(), Some(step.progress));
}

#[test]
fn the_offsets_of_some_events_are_kept_so_that_every_event_is_found_from_one_near_it() {
    let last = offsets::STRIDE * 2 + 1;
    let events: Vec<Event> = (1..=last).map(|sequence| located(1, sequence)).collect();
    let (memory, step) = apply(&[&events, &[located(0, 1)]]);
    assert_eq!(
        (step.failure, step.progress.position().to_string()),
        (None, format!("0:1,1:{last}"))
    );
    for (partition, sequence, known) in [
        (1, 1, 1),
        (1, offsets::STRIDE, 1),
        (1, last - 1, offsets::STRIDE + 1),
        (1, last, last),
        (0, 9, 1),
    ] {
        let found = offsets::at_or_before(&memory, partition, sequence).unwrap().unwrap();
        assert_eq!((found.sequence, found.offset), (known, offset(known)), "{partition}:{sequence}");
    }
    // An offset is where an event lies in this log, and no content of the view.
    let elsewhere = LocatedEvent {
        offset: 99,
        ..located(0, 1)
    };
    let (moved, _) = apply(&[&events, &[elsewhere]]);
    assert_ne!(moved, memory);
    assert_eq!(
        application::content_hash(&moved).unwrap(),
        application::content_hash(&memory).unwrap()
    );
}

#[test]
fn a_repeat_changes_nothing_but_the_offset_to_read_next() {
    let (first, _) = apply(&[&[located(0, 1), located(0, 2)]]);
    let again = LocatedEvent {
        offset: 9,
        ..located(0, 1)
    };
    let (second, step) = apply(&[&[located(0, 1), located(0, 2)], &[again]]);
    assert_eq!((step.applied, step.repeated, step.failure), (0, 1, None));
    let reached = step.progress.get(0).unwrap();
    assert_eq!((reached.sequence, reached.next_offset), (2, 10));
    let differing = first.iter().zip(second.iter()).filter(|(before, after)| before != after);
    assert_eq!(differing.count(), 1);
}

#[test]
fn a_gap_stops_its_partition_and_the_others_go_on() {
    let (memory, step) = apply(&[&[located(0, 1), located(0, 3), located(1, 1), located(0, 4)]]);
    let gap = Stop::Gap {
        partition: 0,
        offset: offset(3),
        expected: 2,
        found: 3,
    };
    assert_eq!((step.stopped, step.failure), (vec![gap], None));
    assert_eq!(step.progress.position().to_string(), "0:1,1:1");
    assert_eq!(memory, apply(&[&[located(0, 1), located(1, 1)]]).0);
}

#[test]
fn an_event_of_a_partition_that_the_view_does_not_have_ends_the_run() {
    let (_, step) = apply(&[&[located(7, 1)]]);
    let unknown = Stop::UnknownPartition {
        partition: 7,
        offset: offset(1),
        partitions: 2,
    };
    assert_eq!(step.failure, Some(unknown));
}

#[test]
fn a_panic_stops_the_partition_at_its_event_and_leaves_nothing_of_it() {
    let panicking = of(0, 3, &aggregate(0, 3), "panic");
    let first = [located(1, 1), located(0, 1), located(0, 2), panicking, located(0, 4), located(1, 2)];
    let second = [located(0, 5), located(1, 3)];
    for runs in [&[&first[..], &second[..]][..], &[&first[..3], &first[3..], &second[..]]] {
        let (memory, step) = apply(runs);
        assert_eq!(step.progress.position().to_string(), "0:2,1:3");
        let others = [located(1, 1), located(0, 1), located(0, 2), located(1, 2), located(1, 3)];
        assert_eq!(memory, apply(&[&others]).0);
    }
    let (_, step) = apply(&[&first]);
    let [stop @ Stop::Panicked { .. }] = &step.stopped[..] else {
        panic!("{:?}", step.stopped);
    };
    let said = stop.to_string();
    for part in ["partition 0", "offset 6", "sequence 3", &aggregate(0, 3), "this one is too much"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn an_event_that_cannot_be_applied_stops_its_partition_with_its_coordinates() {
    for (text, reason) in [("text 1", "it was said before"), ("outside", "begins with a byte from 10 to fe")] {
        let again = of(0, 2, &aggregate(0, 1), text);
        let (memory, step) = apply(&[&[located(0, 1), again, located(1, 1)]]);
        let [stop @ Stop::Unappliable { .. }] = &step.stopped[..] else {
            panic!("{:?}", step.stopped);
        };
        let said = stop.to_string();
        assert!(
            said.contains("partition 0 at offset 4, sequence 2") && said.contains(reason),
            "{said}"
        );
        assert_eq!(memory, apply(&[&[located(0, 1), located(1, 1)]]).0);
    }
}

#[test]
fn a_panic_at_what_is_settled_stops_the_view_and_leaves_nothing_of_the_step() {
    let unsettled = of(0, 2, &aggregate(0, 2), "unsettled");
    let (memory, step) = apply(&[&[located(0, 1)], &[unsettled, located(1, 1)]]);
    let Some(stop @ Stop::Unsettled { .. }) = &step.failure else {
        panic!("{:?}", step.failure);
    };
    assert!(stop.to_string().contains("nothing is settled"), "{stop}");
    assert_eq!((step.taken, step.progress.position().to_string()), (0, "0:1,1:0".to_owned()));
    assert_eq!(memory, apply(&[&[located(0, 1)]]).0);
}

#[test]
fn a_step_ends_between_two_events_when_no_more_are_wanted() {
    let run = [located(0, 1), located(0, 2), located(0, 3)];
    let asked = Cell::new(0);
    let is_over = || {
        asked.set(asked.get() + 1);
        asked.get() > 2
    };
    let memory = Memory::default();
    let step = step(
        &mut Texts::default(),
        &memory,
        &Progress::start(PARTITIONS),
        &mut BTreeSet::new(),
        &run,
        false,
        is_over,
    );
    assert_eq!((step.taken, step.applied), (2, 2));
    assert_eq!(step.progress.position().to_string(), "0:2,1:0");
}

#[test]
fn an_event_of_an_aggregate_that_belongs_in_another_partition_stops_the_partition_that_it_lies_in() {
    let misplaced = of(1, 1, &aggregate(0, 1), "text");
    let (memory, step) = apply(&[&[misplaced.clone(), located(0, 1)]]);
    let stop = Stop::Misplaced {
        partition: 1,
        offset: offset(1),
        aggregate_id: misplaced.event.aggregate_id.clone(),
        belongs_in: 0,
        partitions: PARTITIONS,
    };
    assert_eq!(step.stopped, [stop]);
    assert_eq!(memory, apply(&[&[located(0, 1)]]).0);
}
