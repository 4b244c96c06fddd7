//! Airplanes: registered with an aircraft type, until they retire. A retired airplane's registration may be given to another one.

mod correct;
mod register;
mod retire;

use crate::{AircraftType, Rejection};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Register { aircraft_type: AircraftType },
    Retire,
    Correct { aircraft_type: AircraftType },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Registered {
        aircraft_type: AircraftType,
    },
    Retired,
    /// The airplane is of this type; it was registered as another.
    Corrected {
        aircraft_type: AircraftType,
        previous: AircraftType,
    },
    /// The registration of a retired airplane was given to another one, of this type.
    Reregistered {
        aircraft_type: AircraftType,
    },
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
        Command::Correct { aircraft_type } => correct::decide(state, aircraft_type).map_err(Rejection::from),
    }
}

/// Applies an event. One that does not fit leaves the state as it is; none such is ever decided.
pub fn evolve(state: &mut State, event: &Event) {
    *state = match (event, &*state) {
        (Event::Registered { aircraft_type }, State::Unknown)
        | (Event::Reregistered { aircraft_type }, State::Retired { .. })
        | (Event::Corrected { aircraft_type, .. }, State::Registered { .. }) => State::Registered {
            aircraft_type: aircraft_type.clone(),
        },
        (Event::Retired, State::Registered { aircraft_type }) => State::Retired {
            aircraft_type: aircraft_type.clone(),
        },
        (Event::Registered { .. }, State::Registered { .. } | State::Retired { .. })
        | (Event::Retired | Event::Corrected { .. }, State::Unknown | State::Retired { .. })
        | (Event::Reregistered { .. }, State::Unknown | State::Registered { .. }) => {
            debug_assert!(false, "an event that was not decided in this state: {event:?}");
            return;
        }
    };
}

#[cfg(test)]
mod tests;
