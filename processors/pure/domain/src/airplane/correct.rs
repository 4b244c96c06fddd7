//! The type of a registered airplane is corrected. What follows for ground times, the views work out.

use super::{Event, State};
use crate::AircraftType;

#[derive(Debug, thiserror::Error)]
pub(super) enum Rejection {
    #[error("the airplane is not registered")]
    NotRegistered,
    #[error("the airplane has retired")]
    Retired,
    #[error("the airplane is a {aircraft_type} already")]
    NothingToChange { aircraft_type: AircraftType },
}

impl From<Rejection> for crate::Rejection {
    fn from(rejection: Rejection) -> Self {
        let message = rejection.to_string();
        match rejection {
            Rejection::NotRegistered => Self::new("not-registered", message, []),
            Rejection::Retired => Self::new("retired", message, []),
            Rejection::NothingToChange { aircraft_type } => {
                Self::new("nothing-to-change", message, [("aircraft_type", aircraft_type.to_string())])
            }
        }
    }
}

pub(super) fn decide(state: &State, aircraft_type: &AircraftType) -> Result<Vec<Event>, Rejection> {
    match state {
        State::Unknown => Err(Rejection::NotRegistered),
        State::Retired { .. } => Err(Rejection::Retired),
        State::Registered { aircraft_type: known } if known == aircraft_type => Err(Rejection::NothingToChange {
            aircraft_type: aircraft_type.clone(),
        }),
        State::Registered { aircraft_type: known } => Ok(vec![Event::Corrected {
            aircraft_type: aircraft_type.clone(),
            previous: known.clone(),
        }]),
    }
}
