//! A view and the same schedule as plain lists, for questions that go through it.

use super::fixture::{
    AggregateEvent, airplane, airport, apply, assigned, code, fact, leg_id, minimum, registration, rotation, rotation_id,
};
use domain::rotation::{self, Leg, Mode};
use domain::{AirportCode, Registration, RotationId};
use keyvalue::Memory;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;

/// Rotations; those of even numbers are drafts.
pub(super) const ROTATIONS: u32 = 6;
/// The last one is not registered in [`some_plan`].
const AIRPORTS: [&str; 4] = ["HNL", "ITO", "KOA", "LAX"];

#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) view: Memory,
    sequence: u64,
    pub(super) legs: Vec<(u32, Leg)>,
    pub(super) minimum_minutes: BTreeMap<AirportCode, i64>,
    pub(super) minimum_of_type: BTreeMap<(AirportCode, String), i64>,
    /// The types of those that are registered.
    pub(super) types: BTreeMap<Registration, String>,
    /// The airplanes of rotations.
    pub(super) assigned: BTreeMap<u32, Registration>,
}

impl Plan {
    pub(super) fn new() -> Self {
        let mut plan = Self::default();
        for number in 0..ROTATIONS {
            let mode = mode_of(number);
            plan.happened(rotation(&format!("R{number}"), rotation::Event::Created { mode }));
        }
        plan
    }

    fn happened(&mut self, (aggregate_id, event): AggregateEvent) {
        self.sequence += 1;
        apply(&mut self.view, &fact(0, self.sequence, aggregate_id, event));
    }

    /// Registers an airport.
    pub(super) fn minimum(&mut self, at: &str, minutes: u32) {
        self.happened(airport(at, "UTC", minutes));
        self.minimum_minutes.insert(code(at), minutes.into());
    }

    /// At an airport that is registered.
    pub(super) fn minimum_for(&mut self, at: &str, aircraft_type: &str, minutes: u32) {
        self.happened(minimum(at, Some(aircraft_type), minutes));
        self.minimum_of_type.insert((code(at), aircraft_type.to_owned()), minutes.into());
    }

    pub(super) fn register(&mut self, text: &str, aircraft_type: &str) {
        self.happened(airplane(text, aircraft_type));
        self.types.insert(registration(text), aircraft_type.to_owned());
    }

    pub(super) fn assign(&mut self, number: u32, text: &str) {
        let previous = self.assigned.insert(number, registration(text));
        self.happened(assigned(&format!("R{number}"), text, previous.as_ref().map(Registration::as_str)));
    }

    pub(super) fn add(&mut self, number: u32, leg: Leg) {
        self.happened(rotation(&format!("R{number}"), rotation::Event::LegAdded { leg: leg.clone() }));
        self.legs.push((number, leg));
    }

    /// Adds legs, each under an id of its own.
    pub(super) fn add_each(&mut self, legs: Vec<(u32, Leg)>) {
        for (index, (number, leg)) in legs.into_iter().enumerate() {
            let id = leg_id(&format!("L{index}"));
            self.add(number, Leg { id, ..leg });
        }
    }

    /// The minimum ground time that holds for a rotation's airplane; `None` at an airport that is not registered.
    pub(super) fn required_minutes(&self, number: u32, at: AirportCode) -> Option<i64> {
        let of_type = self.assigned.get(&number).and_then(|airplane| self.types.get(airplane));
        let own = of_type.and_then(|of_type| self.minimum_of_type.get(&(at, of_type.clone())));
        own.or_else(|| self.minimum_minutes.get(&at)).copied()
    }

    /// The legs of a rotation in order.
    pub(super) fn legs_of(&self, number: u32) -> Vec<Leg> {
        let of_rotation = self.legs.iter().filter(|(of, _)| *of == number);
        let mut legs: Vec<Leg> = of_rotation.map(|(_, leg)| leg.clone()).collect();
        legs.sort_by_key(|leg| (leg.departure, leg.id.clone()));
        legs
    }

    /// The rotations of an airplane that have legs, in order.
    pub(super) fn rotations_of(&self, airplane: &Registration) -> Vec<u32> {
        let of_airplane = (0..ROTATIONS).filter(|number| self.assigned.get(number) == Some(airplane));
        let mut numbers: Vec<u32> = of_airplane.filter(|number| !self.legs_of(*number).is_empty()).collect();
        numbers.sort_by_key(|number| (self.legs_of(*number)[0].departure, id_of(*number)));
        numbers
    }
}

pub(super) fn some_airport() -> impl Strategy<Value = AirportCode> {
    select(AIRPORTS.to_vec()).prop_map(code)
}

/// A plan with some of these legs. Each rotation has one of these airplanes with the probability `assigned`; those with a type are registered.
pub(super) fn some_plan(
    airplanes: &'static [(&'static str, Option<&'static str>)],
    assigned: f64,
    leg: impl Strategy<Value = (u32, Leg)>,
) -> impl Strategy<Value = Plan> {
    let minima = vec((0..6_u32, option::of(0..6_u32)), AIRPORTS.len() - 1);
    let assignments = vec(option::weighted(assigned, 0..airplanes.len()), ROTATIONS as usize);
    (vec(leg, 1..40), minima, assignments).prop_map(move |(legs, minima, assignments)| {
        let mut plan = Plan::new();
        for (airplane, aircraft_type) in airplanes {
            if let Some(aircraft_type) = aircraft_type {
                plan.register(airplane, aircraft_type);
            }
        }
        for (airport, (tens, of_type)) in AIRPORTS.iter().zip(minima) {
            plan.minimum(airport, tens * 10);
            if let Some(tens) = of_type {
                plan.minimum_for(airport, "717", tens * 10);
            }
        }
        for (number, airplane) in (0..).zip(assignments) {
            if let Some(airplane) = airplane {
                plan.assign(number, airplanes[airplane].0);
            }
        }
        plan.add_each(legs);
        plan
    })
}

pub(super) fn id_of(number: u32) -> RotationId {
    rotation_id(&format!("R{number}"))
}

pub(super) fn mode_of(number: u32) -> Mode {
    if number.is_multiple_of(2) { Mode::Draft } else { Mode::Active }
}
