//! The minimum ground time of a registered airport changes, for one aircraft type or for all that have none of their own.

use super::{AIRCRAFT_TYPES_MAX, Event, MINUTES_MAX, State};
use crate::AircraftType;

#[derive(Debug, thiserror::Error)]
pub(super) enum Rejection {
    #[error("the airport is not registered")]
    NotRegistered,
    #[error("a minimum ground time of {minutes} minutes; 0 to {MINUTES_MAX} are possible")]
    Minutes { minutes: u32 },
    #[error("the minimum ground time is {minutes} minutes already")]
    NothingToChange { minutes: u32 },
    #[error("the airport has minimum ground times for {AIRCRAFT_TYPES_MAX} aircraft types, and there can be no more")]
    TooManyAircraftTypes,
}

impl From<Rejection> for crate::Rejection {
    fn from(rejection: Rejection) -> Self {
        match &rejection {
            Rejection::NotRegistered => Self::new("not-registered", &rejection, []),
            Rejection::Minutes { minutes } => Self::new("ground-time-out-of-range", &rejection, [("minutes", minutes.to_string())]),
            Rejection::TooManyAircraftTypes => Self::new(
                "too-many-aircraft-types",
                &rejection,
                [("aircraft_types_max", AIRCRAFT_TYPES_MAX.to_string())],
            ),
            Rejection::NothingToChange { minutes } => Self::new("nothing-to-change", &rejection, [("minutes", minutes.to_string())]),
        }
    }
}

pub(super) fn decide(state: &State, aircraft_type: Option<&AircraftType>, minutes: u32) -> Result<Vec<Event>, Rejection> {
    let airport = state.registered.as_ref().ok_or(Rejection::NotRegistered)?;
    if minutes > MINUTES_MAX {
        return Err(Rejection::Minutes { minutes });
    }
    let current = match aircraft_type {
        None => Some(airport.minimum_ground_time_minutes),
        Some(aircraft_type) => airport.by_aircraft_type.get(aircraft_type).copied(),
    };
    if current == Some(minutes) {
        return Err(Rejection::NothingToChange { minutes });
    }
    if aircraft_type.is_some() && current.is_none() && airport.by_aircraft_type.len() >= AIRCRAFT_TYPES_MAX {
        return Err(Rejection::TooManyAircraftTypes);
    }
    Ok(vec![Event::MinimumGroundTimeSet {
        aircraft_type: aircraft_type.cloned(),
        minutes,
    }])
}
