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

/// Applies an event. One that does not fit leaves the state as it is; none such is ever decided.
pub fn evolve(state: &mut State, event: &Event) {
    *state = match (event, &*state) {
        (Event::Registered { aircraft_type }, State::Unknown) => State::Registered {
            aircraft_type: aircraft_type.clone(),
        },
        (Event::Retired, State::Registered { aircraft_type }) => State::Retired {
            aircraft_type: aircraft_type.clone(),
        },
        (Event::Registered { .. }, State::Registered { .. } | State::Retired { .. })
        | (Event::Retired, State::Unknown | State::Retired { .. }) => {
            debug_assert!(false, "an event that was not decided in this state: {event:?}");
            return;
        }
    };
}

#[cfg(test)]
mod tests;
