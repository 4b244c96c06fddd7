//! Airplanes: registered with an aircraft type, retired for good.

mod register;
mod retire;

use crate::{AircraftType, Rejection};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Register { aircraft_type: AircraftType },
    Retire,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Registered { aircraft_type: AircraftType },
    Retired,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum State {
    #[default]
    Unknown,
    Registered {
        aircraft_type: AircraftType,
    },
    Retired {
        aircraft_type: AircraftType,
    },
}

pub(crate) const SIZE_BYTES: usize = 64;

pub fn decide(state: &State, command: &Command) -> Result<Vec<Event>, Rejection> {
    match command {
        Command::Register { aircraft_type } => register::decide(state, aircraft_type).map_err(Rejection::from),
        Command::Retire => retire::decide(state).map_err(Rejection::from),
    }
}

pub fn evolve(state: &mut State, event: &Event) {
    match event {
        Event::Registered { aircraft_type } => {
            *state = State::Registered {
                aircraft_type: aircraft_type.clone(),
            }
        }
        Event::Retired => match state {
            State::Registered { aircraft_type } => {
                *state = State::Retired {
                    aircraft_type: aircraft_type.clone(),
                }
            }
            State::Unknown | State::Retired { .. } => debug_assert!(false, "only a registered airplane retires"),
        },
    }
}
