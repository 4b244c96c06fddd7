//! Each event once, in order and without a gap, or not at all.

use super::*;
use domain::{AggregateId, AircraftType, Event, Instant, Registration};
use keyvalue::Memory;

/// An airplane is registered, by event `sequence` of `partition` at an offset that leaves room for markers.
fn located(partition: u32, sequence: u64) -> Located {
    let registration = Registration::parse(&format!("N{partition}A{sequence}")).unwrap();
    Located {
        offset: offset(sequence),
        fact: Fact {
            partition,
            sequence,
            version: 1,
            command_id: [0; 16],
            command_offset: 0,
            decided_at: Instant(0),
            aggregate_id: AggregateId::Airplane(registration),
            event: Event::Airplane(domain::airplane::Event::Registered {
                aircraft_type: AircraftType::parse("763").unwrap(),
            }),
        },
    }
}

fn offset(sequence: u64) -> i64 {
    sequence.cast_signed() * 2
}

/// Applies runs one after the other to an empty view of two partitions.
fn apply(runs: &[&[Located]]) -> (Memory, Step) {
    let mut memory = Memory::default();
    let mut projector = Projector::default();
    let mut step = step(&mut projector, &memory, &Progress::start(2), &[]);
    for run in runs {
        step = super::step(&mut projector, &memory, &step.progress, run);
        memory.apply(&step.mutations);
    }
    (memory, step)
}

#[test]
fn one_run_or_many_give_the_same_view() {
    let all = [located(0, 1), located(1, 1), located(0, 2), located(1, 2)];
    let (at_once, step) = apply(&[&all]);
    assert_eq!((step.applied, step.repeated, step.stop), (4, 0, None));
    assert_eq!(step.progress.position().to_string(), "0:2,1:2");
    let one_by_one: Vec<&[Located]> = all.chunks(1).collect();
    assert_eq!(apply(&one_by_one).0, at_once);
    assert_eq!(Progress::load(&at_once).unwrap(), Some(step.progress));
}

#[test]
fn a_repeat_changes_nothing_but_the_offset_to_read_next() {
    let (first, _) = apply(&[&[located(0, 1), located(0, 2)]]);
    let again = Located {
        offset: 9,
        ..located(0, 1)
    };
    let (second, step) = apply(&[&[located(0, 1), located(0, 2)], &[again]]);
    assert_eq!((step.applied, step.repeated, step.stop), (0, 1, None));
    let reached = step.progress.get(0).unwrap();
    assert_eq!((reached.sequence, reached.next_offset), (2, 10));
    let differing = first.iter().zip(second.iter()).filter(|(before, after)| before != after);
    assert_eq!(differing.count(), 1);
}

#[test]
fn a_gap_ends_the_run_behind_what_comes_before_it() {
    let (memory, step) = apply(&[&[located(0, 1), located(0, 3), located(1, 1)]]);
    let gap = Stop::Gap {
        partition: 0,
        offset: offset(3),
        expected: 2,
        found: 3,
    };
    assert_eq!(step.stop, Some(gap));
    assert_eq!(step.progress.position().to_string(), "0:1,1:0");
    assert_eq!(memory, apply(&[&[located(0, 1)]]).0);
}

#[test]
fn an_event_of_a_partition_that_the_view_does_not_have_ends_the_run() {
    let (_, step) = apply(&[&[located(7, 1)]]);
    let unknown = Stop::UnknownPartition {
        partition: 7,
        offset: offset(1),
        partitions: 2,
    };
    assert_eq!(step.stop, Some(unknown));
}
