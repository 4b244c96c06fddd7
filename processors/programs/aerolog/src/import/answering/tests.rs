//! Files that are imported into a rotation, one command after the other, as the processor decides them.

use super::*;
use crate::import::Ids;
use decider::{Fingerprint, Status};
use domain::rotation::Mode;
use domain::{AggregateId, AirportCode, Event, FlightDesignator, Instant, LegId, RotationId, State};
use std::collections::VecDeque;
use uuid::Uuid;

fn leg(number: usize, arrival_minutes: i64) -> Leg {
    let departure = 1_199_145_600_000 + number as i64 * 7_200_000;
    Leg {
        id: LegId::parse(&format!("L{number}")).unwrap(),
        designator: FlightDesignator::parse("HA11").unwrap(),
        origin: AirportCode::parse("HNL").unwrap(),
        destination: AirportCode::parse("KOA").unwrap(),
        departure: Instant(departure),
        arrival: Instant(departure + arrival_minutes * 60_000),
    }
}

struct Schedule {
    id: AggregateId,
    state: State,
    commands: usize,
}

impl Schedule {
    fn new() -> Self {
        let id = AggregateId::Rotation(RotationId::parse("R1").unwrap());
        let mut state = State::initial(&id);
        domain::evolve(&mut state, &Event::Rotation(rotation::Event::Created { mode: Mode::Draft }));
        Self { id, state, commands: 0 }
    }

    fn decide(&mut self, command: &Command) -> Option<Rejection> {
        self.commands += 1;
        match domain::decide(&self.id, &self.state, command) {
            Ok(events) => {
                for event in &events {
                    domain::evolve(&mut self.state, event);
                }
                None
            }
            Err(rejection) => Some(Rejection {
                rule: rejection.rule.to_owned(),
                message: rejection.message,
                facts: rejection
                    .facts
                    .into_iter()
                    .map(|fact| fact.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
                    .collect(),
            }),
        }
    }

    /// Imports the legs, whose line is their place in the list, in chunks; returns what was listed.
    fn import(&mut self, legs: &[Leg], chunk: usize) -> Vec<String> {
        let numbered: Vec<(u64, Leg)> = (1..).zip(legs.iter().cloned()).collect();
        let mut asks: VecDeque<PlannedCommand> = numbered
            .chunks(chunk)
            .map(|chunk| {
                let (lines, legs) = chunk.iter().cloned().unzip();
                PlannedCommand {
                    id: self.id.clone(),
                    command: Command::Rotation(rotation::Command::AddLegs { legs }),
                    ids: Ids::Fresh,
                    lines,
                }
            })
            .collect();
        let mut listed = Vec::new();
        while let Some(ask) = asks.pop_front() {
            let rejection = self.decide(&ask.command);
            let outcome = Outcome {
                command_id: Uuid::nil(),
                aggregate_id: self.id.to_string(),
                status: if rejection.is_some() { Status::Rejected } else { Status::Accepted },
                version: 1,
                sequence: 1,
                event_count: 1,
                command_offset: 0,
                repeated: false,
                rejection,
                fingerprint: Fingerprint::default(),
                clock_ms: 0,
            };
            match answer(&ask, &outcome) {
                Answer::Accepted | Answer::Repeated | Answer::Unchanged => {}
                Answer::Rejected(lines) => listed.extend(lines),
                Answer::Again { rejected, asks: again } => {
                    listed.extend(rejected);
                    asks.extend(again);
                }
            }
        }
        listed
    }

    fn has(&self, leg: &Leg) -> bool {
        let State::Rotation(rotation) = &self.state else {
            panic!("a rotation")
        };
        rotation.leg(&leg.id) == Some(leg)
    }
}

#[test]
fn one_line_that_was_corrected_costs_one_line() {
    let mut schedule = Schedule::new();
    let mut legs: Vec<Leg> = (0..100).map(|number| leg(number, 43)).collect();
    assert_eq!(schedule.import(&legs, 25), Vec::<String>::new());
    legs[40] = leg(40, 50);
    let listed = schedule.import(&legs, 25);
    assert_eq!(
        listed,
        ["line 41: leg L40 of rotation/R1 is not changed: it exists already, with arrival 2008-01-04T08:43:00.000Z"]
    );
    assert_eq!(schedule.commands, 4 + 4, "whole chunks are answered at once");
}

#[test]
fn one_line_that_was_added_is_imported_and_nothing_else_is_touched() {
    let mut schedule = Schedule::new();
    let mut legs: Vec<Leg> = (0..100).map(|number| leg(number, 43)).collect();
    schedule.import(&legs, 25);
    legs.insert(40, leg(1000, 43));
    assert_eq!(schedule.import(&legs, 25), Vec::<String>::new());
    assert!(legs.iter().all(|leg| schedule.has(leg)));
}

#[test]
fn a_leg_that_was_removed_is_listed_and_the_others_of_its_chunk_are_imported() {
    let mut schedule = Schedule::new();
    let mut legs: Vec<Leg> = (0..10).map(|number| leg(number, 43)).collect();
    schedule.import(&legs, 5);
    let leg_ids = vec![legs[3].id.clone(), legs[4].id.clone()];
    assert!(
        schedule
            .decide(&Command::Rotation(rotation::Command::RemoveLegs { leg_ids }))
            .is_none()
    );
    legs.insert(2, leg(1000, 43));
    let listed = schedule.import(&legs, 5);
    let removed = "is not added: it was removed, and ids of legs are not used again";
    assert_eq!(listed.len(), 2, "{listed:?}");
    for (line, number) in [(5, 3), (6, 4)] {
        let part = format!("line {line}: leg L{number} of rotation/R1 is not added");
        assert!(listed.iter().any(|text| text.starts_with(&part)), "{part} in {listed:?}");
    }
    assert!(listed.iter().any(|text| text.ends_with(removed)), "{listed:?}");
    assert!(schedule.has(&legs[2]));
}

#[test]
fn legs_of_a_rotation_that_was_removed_are_listed_line_by_line_after_one_command() {
    let mut schedule = Schedule::new();
    assert!(schedule.decide(&Command::Rotation(rotation::Command::Remove)).is_none());
    schedule.commands = 0;
    let legs: Vec<Leg> = (0..10).map(|number| leg(number, 43)).collect();
    assert_eq!(schedule.import(&legs, 10).len(), 10);
    assert_eq!(schedule.commands, 1);
}

#[test]
fn legs_that_an_active_rotation_does_not_take_are_found_one_by_one() {
    let mut schedule = Schedule::new();
    let back = |number| Leg {
        origin: AirportCode::parse("KOA").unwrap(),
        destination: AirportCode::parse("HNL").unwrap(),
        ..leg(number, 43)
    };
    schedule.import(&[leg(0, 43), back(1)], 10);
    assert!(schedule.decide(&Command::Rotation(rotation::Command::Activate)).is_none());
    // The second departs from where the airplane is not.
    let legs = [leg(2, 43), leg(3, 43), back(4)];
    let listed = schedule.import(&legs, 10);
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert!(listed[0].starts_with("line 2: leg L3 of rotation/R1 is not added: "), "{listed:?}");
    assert!(schedule.has(&legs[0]) && schedule.has(&legs[2]));
}
