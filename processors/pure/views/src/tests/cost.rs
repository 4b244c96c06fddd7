//! What an event costs does not grow with the schedule: keys that are read and written for it are counted, not timed.

use super::fixture::*;
use crate::{Memory as Remembered, Projector};
use keyvalue::{Memory, Mutation, Order, Overlay, Read, ReadError, Visit};
use std::cell::{Cell, RefCell};

/// A reader that counts the keys that are looked up and those that scans come past.
struct Counting<'m, R> {
    memory: &'m R,
    reads: Cell<usize>,
}

impl<R: Read> Read for Counting<'_, R> {
    fn get<T>(&self, key: &[u8], with: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, ReadError> {
        self.reads.set(self.reads.get() + 1);
        self.memory.get(key, with)
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
        self.reads.set(self.reads.get() + 1);
        self.memory.scan(from, to, order, &mut |key, value| {
            self.reads.set(self.reads.get() + 1);
            visit(key, value)
        })
    }
}

/// What the last tenth of the events read, write and write in bytes, each the most of any event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Cost {
    reads: usize,
    mutations: usize,
    bytes: usize,
}

const LITTLE: Remembered = Remembered {
    nodes_max: 1,
    legs_max: 1,
    designators_max: 1,
    days_max: 1,
    days_filter_bytes: 1,
    airplane_rotations_max: 1,
};

/// `pending`: what the measured events change is laid over the memory, so that a search that comes past what they have deleted is
/// counted for it, as a store pays for it.
fn cost(events: Vec<AggregateEvent>, remembered: Remembered, pending: bool) -> Cost {
    let mut memory = Memory::default();
    let mut projector = Projector::new(remembered);
    let measured_from = events.len() - events.len() / 10;
    let mut facts = (1..)
        .zip(events)
        .map(|(sequence, (aggregate_id, event))| fact(0, sequence, aggregate_id, event));
    for fact in facts.by_ref().take(measured_from) {
        memory.apply(&projector.project(&fact, &memory).unwrap());
    }
    let mut cost = Cost::default();
    let written = RefCell::new(memory);
    let counting = Counting {
        memory: &written,
        reads: Cell::new(0),
    };
    let mut overlay = Overlay::new(&counting);
    for fact in facts {
        counting.reads.set(0);
        let mutations = if pending {
            projector.project(&fact, &overlay).unwrap()
        } else {
            projector.project(&fact, &counting).unwrap()
        };
        cost.reads = cost.reads.max(counting.reads.get());
        cost.mutations = cost.mutations.max(mutations.len());
        cost.bytes = cost.bytes.max(mutations.iter().map(bytes).sum());
        if pending {
            overlay.apply(mutations);
        } else {
            written.borrow_mut().apply(&mutations);
        }
    }
    cost
}

fn bytes(mutation: &Mutation) -> usize {
    match mutation {
        Mutation::Put { key, value } => key.len() + value.len(),
        Mutation::Delete { key } => key.len(),
        Mutation::DeleteRange { from, to } => from.len() + to.len(),
    }
}

const FEW: usize = 300;
const MANY: usize = 3_000;
/// With ten times as many legs no event costs twice as much; a little more, because legs meet more often.
const FACTOR_MAX: usize = 2;
/// The steps to a place in an airplane's order that is not known yet: there are more of them where rotations are many, up to this bound.
const STEPS_TO_A_PLACE: usize = 8;

/// `shape` makes a schedule of as many legs, or a few times as many events. Its last tenth is measured.
fn is_flat(name: &str, shape: impl Fn(usize) -> Vec<AggregateEvent>) {
    for (remembered, pending) in [(Remembered::default(), false), (Remembered::default(), true), (LITTLE, false)] {
        let few = cost(shape(FEW), remembered, pending);
        let many = cost(shape(MANY), remembered, pending);
        let said = format!("{name} with {remembered:?}, pending {pending}: {few:?} with few legs, {many:?} with many");
        assert!(many.reads <= few.reads * FACTOR_MAX + STEPS_TO_A_PLACE, "{said}");
        assert!(many.mutations <= few.mutations * FACTOR_MAX, "{said}");
        assert!(many.bytes <= few.bytes * FACTOR_MAX, "{said}");
    }
}

/// Leg `number`, which departs so many minutes after the month begins.
fn text(number: usize, designator: usize, minute: usize) -> String {
    let time = |minute: usize| format!("{:02}T{:02}:{:02}", minute / 1440 + 1, minute / 60 % 24, minute % 60);
    let (from, to) = if number.is_multiple_of(2) { ("HNL", "OGG") } else { ("OGG", "HNL") };
    format!("l{number:05} HA{designator} {from} {to} {} {}", time(minute), time(minute + 3))
}

fn airports() -> Vec<AggregateEvent> {
    vec![airport("HNL", "Pacific/Honolulu", 20), airport("OGG", "Pacific/Honolulu", 30)]
}

/// So many legs, each added to a rotation by `rotation`, by a designator and at a minute of the month.
fn schedule(legs: usize, rotation: impl Fn(usize) -> String, of: impl Fn(usize) -> (usize, usize)) -> Vec<AggregateEvent> {
    let mut events = airports();
    let rotations: std::collections::BTreeSet<_> = (0..legs).map(&rotation).collect();
    for (index, id) in rotations.iter().enumerate() {
        events.extend([created(id), assigned(id, &format!("N{}", index % 3), None)]);
    }
    events.extend((0..legs).map(|number| {
        let (designator, minute) = of(number);
        added(&rotation(number), &text(number, designator, minute))
    }));
    events
}

fn one(_: usize) -> String {
    "r".into()
}

fn own(number: usize) -> String {
    format!("r{number}")
}

#[test]
fn one_rotation_with_many_legs() {
    is_flat("ordinary", |legs| schedule(legs, one, |number| (number % 9999 + 1, number * 5)));
    is_flat("from the last to the first", |legs| {
        schedule(legs, one, |number| (number % 9999 + 1, (legs - number) * 5))
    });
    is_flat("all at one time", |legs| schedule(legs, one, |number| (number % 9999 + 1, 0)));
}

#[test]
fn one_designator_on_one_day() {
    for (name, rotation) in [("one rotation", one as fn(usize) -> String), ("a rotation for each leg", own)] {
        is_flat(name, |legs| schedule(legs, rotation, |number| (1, 600 + number % 700)));
        // Each leg is the first of its day.
        is_flat(name, |legs| {
            schedule(legs, rotation, |number| (1, 600 + (legs - number) * 800 / legs))
        });
    }
}

#[test]
fn one_designator_every_day_and_one_airport() {
    is_flat("one designator", |legs| schedule(legs, own, |number| (1, number % 44_000)));
    is_flat("one airport", |legs| {
        schedule(legs, own, |number| (number % 9999 + 1, number % 44_000))
    });
}

#[test]
fn one_airplane_with_many_rotations() {
    let rotations = |legs: bool| {
        move |count: usize| {
            let mut events = airports();
            for number in 0..count {
                let id = own(number);
                events.extend([created(&id), assigned(&id, "N1", None)]);
                if legs {
                    // All of them overlap.
                    events.push(added(&id, &text(number, number % 9999 + 1, 600)));
                }
            }
            events
        }
    };
    is_flat("that overlap", rotations(true));
    is_flat("without legs", rotations(false));
    is_flat("without legs, and one with", |count| {
        let mut events = rotations(false)(count);
        events.push(created("x"));
        events.extend([assigned("x", "N1", None), added("x", &text(1, 1, 5)), left_out("x", &text(1, 1, 5))]);
        events
    });
}

#[test]
fn legs_that_move_and_leave() {
    for (name, rotation) in [("one rotation", one as fn(usize) -> String), ("a rotation for each leg", own)] {
        is_flat(name, |legs| {
            let minute = |number: usize| 600 + number % 700;
            let mut events = schedule(legs, rotation, |number| (1, minute(number)));
            for number in 0..events.len() / 8 {
                let (was, is) = (text(number, 1, minute(number)), text(number, 1, 599 - number % 500));
                let times: Vec<_> = is.split(' ').skip(4).collect();
                events.push(rescheduled(&rotation(number), &was, times[0], times[1]));
            }
            events
        });
        is_flat(name, |legs| {
            let mut events = schedule(legs, rotation, |number| (1, 600 + number % 700));
            events.extend((0..events.len() / 8).map(|number| left_out(&rotation(number), &text(number, 1, 600 + number % 700))));
            events
        });
    }
}

#[test]
fn legs_that_leave_one_after_the_other() {
    for (name, rotation) in [("one rotation", one as fn(usize) -> String), ("a rotation for each leg", own)] {
        for one_day in [true, false] {
            for from_the_end in [false, true] {
                let name = format!("{name}, one day {one_day}, from the end {from_the_end}");
                is_flat(&name, |legs| {
                    let of = |number: usize| {
                        if one_day {
                            (1, 600 + number * 800 / legs)
                        } else {
                            (number % 9999 + 1, number * 5)
                        }
                    };
                    let mut events = schedule(legs, rotation, of);
                    for index in 0..events.len() / 8 {
                        let number = if from_the_end { legs - 1 - index } else { index };
                        let (designator, minute) = of(number);
                        events.push(left_out(&rotation(number), &text(number, designator, minute)));
                    }
                    events
                });
            }
        }
    }
}

/// All of them stay two minutes, less than any minimum here.
fn stays(legs: usize) -> Vec<AggregateEvent> {
    schedule(legs, one, |number| (number % 9999 + 1, number * 5))
}

#[test]
fn another_minimum_ground_time_where_no_stay_becomes_too_short_or_no_longer_is() {
    for of_type in [None, Some("763")] {
        is_flat("a minimum for many arrivals", |legs| {
            let mut events = stays(legs);
            events.extend([airplane("N0", "763"), minimum("HNL", of_type, 20)]);
            events.extend((0..events.len() / 8).map(|index| minimum("HNL", of_type, 20 + index as u32 % 7)));
            events
        });
    }
}

#[test]
fn another_minimum_ground_time_reads_and_writes_what_it_changes_and_nothing_else() {
    const STAYS: usize = 500;
    let mut events = stays(MANY);
    // So many stay for an hour.
    for number in 0..STAYS {
        let id = own(number);
        events.extend([
            created(&id),
            added(&id, "a HA7 OGG HNL 03T08:00 03T09:00"),
            added(&id, "b HA7 HNL OGG 03T10:00 03T11:00"),
        ]);
    }
    let mut memory = Memory::default();
    let mut projector = Projector::default();
    let mut sequence = 0;
    let mut apply = |(aggregate_id, event): AggregateEvent| {
        sequence += 1;
        let counting = Counting {
            memory: &memory,
            reads: Cell::new(0),
        };
        let mutations = projector.project(&fact(0, sequence, aggregate_id, event), &counting).unwrap();
        let reads = counting.reads.get();
        memory.apply(&mutations);
        (reads, mutations.len())
    };
    for events in events {
        apply(events);
    }
    for minutes in [1440, 20] {
        let (reads, mutations) = apply(minimum("HNL", None, minutes));
        // Each stay is a key that is read and an entry that is written; the airport, its types and a count come on top.
        assert!((STAYS..STAYS + 10).contains(&reads), "{minutes}: {reads}");
        assert!((STAYS..STAYS + 10).contains(&mutations), "{minutes}: {mutations}");
    }
    agrees_with_recomputation(&memory);
}
