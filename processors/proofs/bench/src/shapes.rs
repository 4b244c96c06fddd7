//! Events per CPU-second of the view's projector and its store for schedules of different shapes: no event may cost more because of what is there already.

use crate::Plan;
use crate::process::cpu_seconds;
use crate::report::{Report, Wanted};
use anyhow::Context;
use application::EventPlace;
use application::history;
use domain::rotation::{self, Leg, Mode};
use domain::{AggregateId, AirportCode, Event, FlightDesignator, Instant, LegId, Registration, RotationId, ZoneName, airport};
use keyvalue::Overlay;
use service::clock;
use std::path::Path;
use store::{Sizing, Store};
use views::{Fact, Projector};

/// As the materializer's `events_max` is by default.
const RUN_EVENTS: usize = 4096;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// 2008-01-01T12:00Z, when it is one day everywhere that is used here.
const BEGIN_MS: i64 = 1_199_188_800_000;
const DESIGNATORS: usize = 9000;
/// Legs are added in periods of as many as there are designators, each period this much later: a larger schedule is a longer one, in which each
/// designator still departs once a day.
const PERIOD_DAYS: i64 = 6;

/// A schedule, and where its legs lie.
struct Schedule {
    name: &'static str,
    legs: usize,
    legs_per_rotation: usize,
    /// All legs have one designator and depart on one day.
    one_day: bool,
    /// All rotations are flown by one airplane.
    one_airplane: bool,
    /// All legs are flown between two airports; otherwise among many.
    two_airports: bool,
    /// All legs are removed again, from the first to the last: the place of a rotation among those of its airplane moves with each.
    removed: bool,
}

const ORDINARY: Schedule = Schedule {
    name: "",
    legs: 100_000,
    legs_per_rotation: 100,
    one_day: false,
    one_airplane: false,
    two_airports: false,
    removed: false,
};

const SHAPES: [Schedule; 13] = [
    Schedule {
        name: "10 legs a rotation",
        legs_per_rotation: 10,
        ..ORDINARY
    },
    Schedule {
        name: "100 legs a rotation",
        ..ORDINARY
    },
    Schedule {
        name: "1,000 legs a rotation",
        legs_per_rotation: 1000,
        ..ORDINARY
    },
    Schedule {
        name: "20,000 legs a rotation",
        legs_per_rotation: 20_000,
        ..ORDINARY
    },
    Schedule {
        name: "one airport, 100,000 arrivals and departures",
        two_airports: true,
        ..ORDINARY
    },
    Schedule {
        name: "one airplane, 10,000 rotations",
        legs_per_rotation: 10,
        one_airplane: true,
        ..ORDINARY
    },
    Schedule {
        name: "one designator on one day, one rotation of 20,000 legs",
        legs: 20_000,
        legs_per_rotation: 20_000,
        one_day: true,
        ..ORDINARY
    },
    Schedule {
        name: "one designator on one day, 2,000 rotations of 10 legs",
        legs: 20_000,
        legs_per_rotation: 10,
        one_day: true,
        ..ORDINARY
    },
    Schedule {
        name: "20,000 legs a rotation, removed one by one",
        legs: 20_000,
        legs_per_rotation: 20_000,
        removed: true,
        ..ORDINARY
    },
    Schedule {
        name: "one designator on one day, 2,000 rotations, removed one by one",
        legs: 20_000,
        legs_per_rotation: 10,
        one_day: true,
        removed: true,
        ..ORDINARY
    },
    Schedule {
        name: "10,000 legs in all",
        legs: 10_000,
        ..ORDINARY
    },
    Schedule {
        name: "300,000 legs in all",
        legs: 300_000,
        ..ORDINARY
    },
    Schedule {
        name: "1,000,000 legs in all",
        legs: 1_000_000,
        ..ORDINARY
    },
];

/// Of one event that reads or writes something for each arrival or departure of the airport: about a microsecond for each of 100,000.
const LARGE_EVENT_MS_MAX: f64 = 100.0;
/// Of the small loads.
const QUICK_LEGS_MAX: usize = 20_000;
/// Larger schedules are folded once: they take long, and the more events there are the less a repetition differs.
const REPEATED_LEGS_MAX: usize = 100_000;

pub(crate) fn measure(plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    report.section("shapes", "The view's projector and store, without Kafka, by the schedule's shape");
    let own = std::process::id();
    let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
    for shape in &SHAPES {
        let legs = if plan.quick { shape.legs.min(QUICK_LEGS_MAX) } else { shape.legs };
        let events = shape.events(legs)?;
        let mut rates = Vec::new();
        let repetitions = if legs > REPEATED_LEGS_MAX { 1 } else { plan.repetitions };
        for repetition in 0..repetitions {
            report.doing(&format!("{}, repetition {}", shape.name, repetition + 1));
            let directory = tempfile::tempdir_in(plan.work.path())?;
            let store = Store::open(directory.path(), Sizing::default())?;
            let began = cpu_seconds(own)?;
            fold(&store, &events, 0, Written::All)?;
            // What a small schedule leaves in memory, a large one has written on the way.
            store.flush()?;
            rates.push(events.len() as f64 / (cpu_seconds(own)? - began));
        }
        let median = report.figure(shape.name, "/CPU-s", &rates);
        (least, most) = (least.min(median), most.max(median));
    }
    report.ratio("slowest / fastest: events per CPU-second", least / most, Wanted::AtLeast(0.5));
    index_of_events(plan, report)?;
    airport(plan, report)
}

/// What it costs to find the events of anything in the log (decision 0041): the same events with their entries in the index and without.
fn index_of_events(plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    let own = std::process::id();
    let legs = if plan.quick { QUICK_LEGS_MAX } else { ORDINARY.legs };
    let events = ORDINARY.events(legs)?;
    let (mut cpu_us, mut bytes) = (Vec::new(), Vec::new());
    for repetition in 0..plan.repetitions {
        report.doing(&format!("with and without the index of events, repetition {}", repetition + 1));
        let of = [Written::View, Written::All].map(|written| -> anyhow::Result<(f64, f64)> {
            let directory = tempfile::tempdir_in(plan.work.path())?;
            let store = Store::open(directory.path(), Sizing::default())?;
            let began = cpu_seconds(own)?;
            fold(&store, &events, 0, written)?;
            store.flush()?;
            Ok((cpu_seconds(own)? - began, table_bytes(directory.path())?))
        });
        let [view, all] = of;
        let (view, all) = (view?, all?);
        cpu_us.push((all.0 - view.0) / events.len() as f64 * 1e6);
        bytes.push((all.1 - view.1) / events.len() as f64);
    }
    report.figure("index of events: CPU for an event", "us", &cpu_us);
    report.figure("index of events: bytes of files for an event", "", &bytes);
    Ok(())
}

fn table_bytes(directory: &Path) -> anyhow::Result<f64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if entry.path().extension().is_some_and(|ending| ending == "sst") {
            bytes += entry.metadata()?.len();
        }
    }
    Ok(bytes as f64)
}

/// What one event costs at an airport of many arrivals and departures.
fn airport(plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    let shape = Schedule {
        two_airports: true,
        legs: if plan.quick { QUICK_LEGS_MAX } else { 200_000 },
        ..ORDINARY
    };
    let directory = tempfile::tempdir_in(plan.work.path())?;
    let store = Store::open(directory.path(), Sizing::default())?;
    let mut events = shape.events(shape.legs)?;
    fold(&store, &events, 0, Written::All)?;
    let mut measure = |event: airport::Event| -> anyhow::Result<f64> {
        let event = (AggregateId::Airport(code(0)?), Event::Airport(event));
        let began = clock::monotonic();
        fold(&store, std::slice::from_ref(&event), events.len(), Written::All)?;
        events.push(event);
        Ok(began.elapsed().as_secs_f64() * 1e3)
    };
    let (mut minima, mut names, mut zones) = (Vec::new(), Vec::new(), Vec::new());
    for repetition in 0..plan.repetitions {
        report.doing(&format!("one event at a large airport, repetition {}", repetition + 1));
        // A minimum that no arrival keeps, and one that all do.
        for minutes in [600, 0] {
            minima.push(measure(airport::Event::MinimumGroundTimeSet {
                aircraft_type: None,
                minutes,
            })?);
        }
        // A name alone, and a zone in which the days begin an hour earlier.
        for (name, zone, is_zone) in [
            ("other", "Pacific/Honolulu", false),
            ("other", "America/Anchorage", true),
            ("airport 0", "America/Anchorage", false),
            ("airport 0", "Pacific/Honolulu", true),
        ] {
            let took = if is_zone { &mut zones } else { &mut names };
            took.push(measure(airport::Event::Corrected {
                name: name.to_owned(),
                zone: ZoneName::parse(zone)?,
                previous_name: String::new(),
                previous_zone: ZoneName::parse("UTC")?,
            })?);
        }
    }
    let of = format!("at an airport of {} arrivals and as many departures", shape.legs / 2);
    let median = report.figure(&format!("another minimum ground time {of}"), "ms", &minima);
    let name = report.figure(&format!("another name {of}"), "ms", &names);
    let zone = report.figure(&format!("another zone {of}"), "ms", &zones);
    report.ratio("another minimum ground time: ms", median, Wanted::AtMost(LARGE_EVENT_MS_MAX));
    report.ratio("another zone: ms", zone, Wanted::AtMost(LARGE_EVENT_MS_MAX));
    report.ratio("another name of an airport: ms", name, Wanted::AtMost(5.0));
    Ok(())
}

type AggregateEvent = (AggregateId, Event);

/// What is written for an event.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    /// What it changes in the view, and nothing else.
    View,
    /// And where it is in the log.
    All,
}

/// Folds as the materializer does: runs of bounded size, each a batch.
fn fold(store: &Store, events: &[AggregateEvent], before: usize, written: Written) -> anyhow::Result<()> {
    let mut projector = Projector::default();
    let mut sequence = before as u64;
    for run in events.chunks(RUN_EVENTS) {
        let mut overlay = Overlay::new(store);
        for (aggregate_id, event) in run {
            sequence += 1;
            let fact = Fact {
                partition: 0,
                sequence,
                version: sequence,
                command_id: [0; 16],
                command_offset: 0,
                decided_at: Instant(0),
                aggregate_id: aggregate_id.clone(),
                event: event.clone(),
            };
            let mutations = projector.project_uncounted(&fact, &overlay)?;
            overlay.apply(mutations);
            if written == Written::All {
                let place = EventPlace {
                    partition: 0,
                    sequence,
                    offset: i64::try_from(sequence)?,
                };
                overlay.apply(vec![history::entry(&aggregate_id.to_string(), place)]);
            }
        }
        overlay.apply(projector.counts());
        store.apply_unlogged(&overlay.into_mutations())?;
    }
    Ok(())
}

impl Schedule {
    /// Airports, then rotation after rotation: created, its airplane, its legs.
    fn events(&self, legs: usize) -> anyhow::Result<Vec<AggregateEvent>> {
        let airports = if self.two_airports { 2 } else { 200 };
        let mut events = Vec::with_capacity(legs + legs / 4);
        for number in 0..airports {
            let registered = airport::Event::Registered {
                name: format!("airport {number}"),
                zone: ZoneName::parse("Pacific/Honolulu")?,
                minimum_ground_time_minutes: 30,
            };
            events.push((AggregateId::Airport(code(number)?), Event::Airport(registered)));
        }
        for first in (0..legs).step_by(self.legs_per_rotation) {
            let rotation = first / self.legs_per_rotation;
            let id = RotationId::parse(&format!("R{rotation}"))?;
            let airplane = if self.one_airplane { 0 } else { rotation };
            let assigned = rotation::Event::AirplaneAssigned {
                registration: Registration::parse(&format!("N{airplane}"))?,
                previous: None,
            };
            let mut push = |event| events.push((AggregateId::Rotation(id.clone()), Event::Rotation(event)));
            push(rotation::Event::Created { mode: Mode::Draft });
            push(assigned);
            for number in first..(first + self.legs_per_rotation).min(legs) {
                let leg = self.leg(number, number - first, rotation, airports)?;
                push(rotation::Event::LegAdded { leg });
            }
        }
        if self.removed {
            let removed = events.iter().filter_map(|(id, event)| match event {
                Event::Rotation(rotation::Event::LegAdded { leg }) => {
                    let leg = leg.clone();
                    Some((id.clone(), Event::Rotation(rotation::Event::LegRemoved { leg })))
                }
                _ => None,
            });
            let removed: Vec<AggregateEvent> = removed.collect();
            events.extend(removed);
        }
        Ok(events)
    }

    /// Out and back between two airports, 35 minutes on the ground; the rotations of one airplane follow one another.
    fn leg(&self, number: usize, place: usize, rotation: usize, airports: usize) -> anyhow::Result<Leg> {
        let home = rotation * 7 % airports;
        let (from, to) = match place.is_multiple_of(2) {
            true => (home, (home + 1) % airports),
            false => ((home + 1) % airports, home),
        };
        let minutes = i64::try_from(if self.one_airplane { number } else { place })? * 75;
        let departure = match self.one_day {
            true => BEGIN_MS + i64::try_from(number)? * 1000 % (DAY_MS / 3),
            false => BEGIN_MS + minutes * MINUTE_MS + i64::try_from(number / DESIGNATORS)? * PERIOD_DAYS * DAY_MS,
        };
        let designator = if self.one_day { 1 } else { number % DESIGNATORS + 1 };
        let origin = if self.one_day { code(0)? } else { code(from)? };
        Ok(Leg {
            id: LegId::parse(&format!("L{number}"))?,
            designator: FlightDesignator::parse(&format!("HA{designator}"))?,
            origin,
            destination: if self.one_day { code(1)? } else { code(to)? },
            departure: Instant(departure),
            arrival: Instant(departure + 40 * MINUTE_MS),
        })
    }
}

fn code(number: usize) -> anyhow::Result<AirportCode> {
    let letter = |number: usize| char::from(b'A' + u8::try_from(number % 26).unwrap_or_default());
    let text: String = [letter(number / 676), letter(number / 26), letter(number)].iter().collect();
    AirportCode::parse(&text).context("an airport's code")
}
