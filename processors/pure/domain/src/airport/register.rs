//! An airport is registered once.

use super::name::{self, NameLength};
use super::{Event, MINUTES_MAX, State};
use crate::ZoneName;

#[derive(Debug, thiserror::Error)]
pub(super) enum Rejection {
    #[error("the airport is registered already, as {name}")]
    AlreadyRegistered { name: String },
    #[error(transparent)]
    Name(#[from] NameLength),
    #[error("a minimum ground time of {minutes} minutes; 0 to {MINUTES_MAX} are possible")]
    Minutes { minutes: u32 },
}

impl From<Rejection> for crate::Rejection {
    fn from(rejection: Rejection) -> Self {
        let message = rejection.to_string();
        match rejection {
            Rejection::AlreadyRegistered { name } => Self::new("already-registered", message, [("name", name)]),
            Rejection::Name(length) => length.into(),
            Rejection::Minutes { minutes } => Self::new("ground-time-out-of-range", message, [("minutes", minutes.to_string())]),
        }
    }
}

pub(super) fn decide(state: &State, name: &str, zone: &ZoneName, minutes: u32) -> Result<Vec<Event>, Rejection> {
    if let Some(airport) = &state.registered {
        return Err(Rejection::AlreadyRegistered {
            name: airport.name.clone(),
        });
    }
    name::check(name)?;
    if minutes > MINUTES_MAX {
        return Err(Rejection::Minutes { minutes });
    }
    Ok(vec![Event::Registered {
        name: name.to_owned(),
        zone: zone.clone(),
        minimum_ground_time_minutes: minutes,
    }])
}
