//! Airports: a code, a name, a time zone, and how long an airplane stays on the ground at least.

mod correct;
mod name;
mod register;
mod set_minimum_ground_time;

use crate::{AircraftType, Rejection, ZoneName};
use std::collections::BTreeMap;

/// Nothing stays on the ground for longer as a rule.
pub const MINUTES_MAX: u32 = 24 * 60;
/// Aircraft types with a minimum ground time of their own. There are about 400; all of an airport's are read and written with it.
pub const AIRCRAFT_TYPES_MAX: usize = 1000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Register {
        name: String,
        zone: ZoneName,
        minimum_ground_time_minutes: u32,
    },
    /// For one aircraft type, or for all that have none of their own.
    SetMinimumGroundTime { aircraft_type: Option<AircraftType>, minutes: u32 },
    /// What is not given stays as it is.
    Correct { name: Option<String>, zone: Option<ZoneName> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Registered {
        name: String,
        zone: ZoneName,
        minimum_ground_time_minutes: u32,
    },
    MinimumGroundTimeSet {
        aircraft_type: Option<AircraftType>,
        minutes: u32,
    },
    /// Name and zone as they are from now on, and as they were.
    Corrected {
        name: String,
        zone: ZoneName,
        previous_name: String,
        previous_zone: ZoneName,
    },
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    pub registered: Option<Airport>,
}

/// An airport that is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Airport {
    pub name: String,
    pub zone: ZoneName,
    pub minimum_ground_time_minutes: u32,
    pub by_aircraft_type: BTreeMap<AircraftType, u32>,
}

impl State {
    pub(crate) fn size_bytes(&self) -> usize {
        self.registered
            .as_ref()
            .map_or(64, |airport| 192 + airport.name.len() + airport.by_aircraft_type.len() * 64)
    }
}

pub fn decide(state: &State, command: &Command) -> Result<Vec<Event>, Rejection> {
    match command {
        Command::Register {
            name,
            zone,
            minimum_ground_time_minutes,
        } => register::decide(state, name, zone, *minimum_ground_time_minutes).map_err(Rejection::from),
        Command::SetMinimumGroundTime { aircraft_type, minutes } => {
            set_minimum_ground_time::decide(state, aircraft_type.as_ref(), *minutes).map_err(Rejection::from)
        }
        Command::Correct { name, zone } => correct::decide(state, name.as_deref(), zone.as_ref()).map_err(Rejection::from),
    }
}

/// Applies an event. One that does not fit leaves the state as it is; none such is ever decided.
pub fn evolve(state: &mut State, event: &Event) {
    match (event, &mut state.registered) {
        (
            Event::Registered {
                name,
                zone,
                minimum_ground_time_minutes,
            },
            None,
        ) => {
            state.registered = Some(Airport {
                name: name.clone(),
                zone: zone.clone(),
                minimum_ground_time_minutes: *minimum_ground_time_minutes,
                by_aircraft_type: BTreeMap::new(),
            });
        }
        (Event::MinimumGroundTimeSet { aircraft_type, minutes }, Some(airport)) => match aircraft_type {
            None => airport.minimum_ground_time_minutes = *minutes,
            Some(aircraft_type) => {
                airport.by_aircraft_type.insert(aircraft_type.clone(), *minutes);
            }
        },
        (Event::Corrected { name, zone, .. }, Some(airport)) => {
            airport.name.clone_from(name);
            airport.zone = zone.clone();
        }
        (Event::Registered { .. }, Some(_)) | (Event::MinimumGroundTimeSet { .. } | Event::Corrected { .. }, None) => {
            debug_assert!(false, "an event that was not decided in this state: {event:?}");
        }
    }
}

#[cfg(test)]
mod tests;
