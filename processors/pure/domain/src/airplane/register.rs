//! A registration mark is given to one airplane at a time: to a first one, and to another after that one has retired.
//!
//! The second is an event of its own: builds that know only the first would take a second AirplaneRegistered for a mistake.

use super::{Event, State};
use crate::AircraftType;

#[derive(Debug, thiserror::Error)]
pub(super) enum Rejection {
    #[error("the airplane is registered already, as a {aircraft_type}")]
    AlreadyRegistered { aircraft_type: AircraftType },
    #[error("the airplane is registered as a {aircraft_type} already")]
    NothingToChange { aircraft_type: AircraftType },
}

impl From<Rejection> for crate::Rejection {
    fn from(rejection: Rejection) -> Self {
        let (rule, aircraft_type) = match &rejection {
            Rejection::AlreadyRegistered { aircraft_type } => ("already-registered", aircraft_type),
            Rejection::NothingToChange { aircraft_type } => ("nothing-to-change", aircraft_type),
        };
        Self::new(rule, &rejection, [("aircraft_type", aircraft_type.to_string())])
    }
}

pub(super) fn decide(state: &State, aircraft_type: &AircraftType) -> Result<Vec<Event>, Rejection> {
    let aircraft_type = aircraft_type.clone();
    match state {
        State::Unknown => Ok(vec![Event::Registered { aircraft_type }]),
        State::Retired { .. } => Ok(vec![Event::Reregistered { aircraft_type }]),
        State::Registered { aircraft_type: existing } if *existing == aircraft_type => Err(Rejection::NothingToChange { aircraft_type }),
        State::Registered { aircraft_type } => Err(Rejection::AlreadyRegistered {
            aircraft_type: aircraft_type.clone(),
        }),
    }
}
