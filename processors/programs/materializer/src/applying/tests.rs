//! Each event once, in order and without a gap, or not at all.

use super::*;
use domain::{AggregateId, AircraftType, Event, Instant, Registration};
use keyvalue::Memory;
use std::cell::Cell;

const PARTITIONS: u32 = 2;

/// An airplane that belongs in the partition, if it has such an airplane.
fn registration(partition: u32, sequence: u64) -> Registration {
    let mut names = ('A'..='Z').map(|letter| format!("N{partition}{letter}{sequence}"));
    let belongs = |name: &String| topology::partition_of(format!("airplane/{name}").as_bytes(), PARTITIONS) == partition % PARTITIONS;
    Registration::parse(&names.find(belongs).unwrap()).unwrap()
}

/// An airplane is registered, by event `sequence` of `partition` at an offset that leaves room for markers.
fn located(partition: u32, sequence: u64) -> LocatedFact {
    let registration = registration(partition, sequence);
    LocatedFact {
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
fn apply(runs: &[&[LocatedFact]]) -> (Memory, Step) {
    apply_with(&mut Projector::default(), runs)
}

fn apply_with(projector: &mut impl Project, runs: &[&[LocatedFact]]) -> (Memory, Step) {
    let mut memory = Memory::default();
    let mut stopped = BTreeSet::new();
    let mut step = step(projector, &memory, &Progress::start(PARTITIONS), &mut stopped, &[], || false);
    for run in runs {
        step = super::step(projector, &memory, &step.progress, &mut stopped, run, || false);
        memory.apply(&step.mutations);
    }
    (memory, step)
}

/// Panics at sequence 3 of partition 0, after it has begun with it.
#[derive(Default)]
struct Panicking(Projector);

impl Project for Panicking {
    fn project(&mut self, fact: &Fact, read: &impl Read) -> Result<Vec<Mutation>, ProjectError> {
        let mutations = self.0.project_uncounted(fact, read)?;
        assert!((fact.partition, fact.sequence) != (0, 3), "this one is too much");
        Ok(mutations)
    }

    fn counts(&mut self) -> Vec<Mutation> {
        self.0.counts()
    }
}

#[test]
fn one_run_or_many_give_the_same_view() {
    let all = [located(0, 1), located(1, 1), located(0, 2), located(1, 2)];
    let (at_once, step) = apply(&[&all]);
    assert_eq!((step.applied, step.repeated, step.failure), (4, 0, None));
    assert_eq!(step.progress.position().to_string(), "0:2,1:2");
    let one_by_one: Vec<&[LocatedFact]> = all.chunks(1).collect();
    assert_eq!(apply(&one_by_one).0, at_once);
    assert_eq!(Progress::load(&at_once).unwrap(), Some(step.progress));
}

#[test]
fn the_offsets_of_some_events_are_kept_so_that_every_event_is_found_from_one_near_it() {
    let last = offsets::STRIDE * 2 + 1;
    let events: Vec<LocatedFact> = (1..=last).map(|sequence| located(1, sequence)).collect();
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
    let elsewhere = LocatedFact {
        offset: 99,
        ..located(0, 1)
    };
    let (moved, _) = apply(&[&events, &[elsewhere]]);
    assert_ne!(moved, memory);
    assert_eq!(views::content_hash(&moved).unwrap(), views::content_hash(&memory).unwrap());
}

#[test]
fn a_repeat_changes_nothing_but_the_offset_to_read_next() {
    let (first, _) = apply(&[&[located(0, 1), located(0, 2)]]);
    let again = LocatedFact {
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
    let first = [
        located(1, 1),
        located(0, 1),
        located(0, 2),
        located(0, 3),
        located(0, 4),
        located(1, 2),
    ];
    let second = [located(0, 5), located(1, 3)];
    for runs in [&[&first[..], &second[..]][..], &[&first[..3], &first[3..], &second[..]]] {
        let mut projector = Panicking::default();
        let (memory, step) = apply_with(&mut projector, runs);
        assert_eq!(step.progress.position().to_string(), "0:2,1:3");
        let others = [located(1, 1), located(0, 1), located(0, 2), located(1, 2), located(1, 3)];
        assert_eq!(memory, apply(&[&others]).0);
    }
    let (_, step) = apply_with(&mut Panicking::default(), &[&first]);
    let [stop @ Stop::Panicked { .. }] = &step.stopped[..] else {
        panic!("{:?}", step.stopped);
    };
    let said = stop.to_string();
    let aggregate = first[3].fact.aggregate_id.to_string();
    for part in ["partition 0", "offset 6", "sequence 3", &aggregate, "this one is too much"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn an_event_that_contradicts_the_view_stops_its_partition_with_its_coordinates() {
    let mut again = located(0, 2);
    again.fact.aggregate_id = located(0, 1).fact.aggregate_id;
    let (memory, step) = apply(&[&[located(0, 1), again, located(1, 1)]]);
    let [stop @ Stop::Unappliable { .. }] = &step.stopped[..] else {
        panic!("{:?}", step.stopped);
    };
    assert!(stop.to_string().contains("partition 0 at offset 4, sequence 2"), "{stop}");
    assert_eq!(memory, apply(&[&[located(0, 1), located(1, 1)]]).0);
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
        &mut Projector::default(),
        &memory,
        &Progress::start(PARTITIONS),
        &mut BTreeSet::new(),
        &run,
        is_over,
    );
    assert_eq!((step.taken, step.applied), (2, 2));
    assert_eq!(step.progress.position().to_string(), "0:2,1:0");
}

#[test]
fn an_event_of_an_aggregate_that_belongs_in_another_partition_stops_the_partition_that_it_lies_in() {
    let mut misplaced = located(1, 1);
    misplaced.fact.aggregate_id = AggregateId::Airplane(registration(0, 1));
    let (memory, step) = apply(&[&[misplaced.clone(), located(0, 1)]]);
    let stop = Stop::Misplaced {
        partition: 1,
        offset: offset(1),
        aggregate_id: misplaced.fact.aggregate_id.to_string(),
        belongs_in: 0,
        partitions: PARTITIONS,
    };
    assert_eq!(step.stopped, [stop]);
    assert_eq!(memory, apply(&[&[located(0, 1)]]).0);
}
