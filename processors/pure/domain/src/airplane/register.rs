//! A registration mark is registered once, and not again after the airplane has retired.

use super::{Event, State};
use crate::AircraftType;

#[derive(Debug, thiserror::Error)]
pub(super) enum Rejection {
    #[error("the airplane is registered already, as a {aircraft_type}")]
    AlreadyRegistered { aircraft_type: AircraftType },
    #[error("the airplane has retired; its registration is not used again")]
    Retired { aircraft_type: AircraftType },
}

impl From<Rejection> for crate::Rejection {
    fn from(rejection: Rejection) -> Self {
        let (rule, aircraft_type) = match &rejection {
            Rejection::AlreadyRegistered { aircraft_type } => ("already-registered", aircraft_type),
            Rejection::Retired { aircraft_type } => ("retired", aircraft_type),
        };
        Self::new(rule, &rejection, [("aircraft_type", aircraft_type.to_string())])
    }
}

pub(super) fn decide(state: &State, aircraft_type: &AircraftType) -> Result<Vec<Event>, Rejection> {
    match state {
        State::Unknown => Ok(vec![Event::Registered {
            aircraft_type: aircraft_type.clone(),
        }]),
        State::Registered { aircraft_type } => Err(Rejection::AlreadyRegistered {
            aircraft_type: aircraft_type.clone(),
        }),
        State::Retired { aircraft_type } => Err(Rejection::Retired {
            aircraft_type: aircraft_type.clone(),
        }),
    }
}
