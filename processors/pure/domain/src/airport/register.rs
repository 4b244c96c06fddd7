//! An airport is registered once.

use super::{Event, MINUTES_MAX, State};
use crate::ZoneName;

const NAME_CHARS_MAX: usize = 100;

#[derive(Debug, thiserror::Error)]
pub(super) enum Rejection {
    #[error("the airport is registered already, as {name}")]
    AlreadyRegistered { name: String },
    #[error("the name has {chars} characters; 1 to {NAME_CHARS_MAX} are possible")]
    Name { chars: usize },
    #[error("a minimum ground time of {minutes} minutes; 0 to {MINUTES_MAX} are possible")]
    Minutes { minutes: u32 },
}

impl From<Rejection> for crate::Rejection {
    fn from(rejection: Rejection) -> Self {
        match &rejection {
            Rejection::AlreadyRegistered { name } => Self::new("already-registered", &rejection, [("name", name.clone())]),
            Rejection::Name { chars } => Self::new("name-length", &rejection, [("characters", chars.to_string())]),
            Rejection::Minutes { minutes } => Self::new("ground-time-out-of-range", &rejection, [("minutes", minutes.to_string())]),
        }
    }
}

pub(super) fn decide(state: &State, name: &str, zone: &ZoneName, minutes: u32) -> Result<Vec<Event>, Rejection> {
    if let Some(airport) = &state.registered {
        return Err(Rejection::AlreadyRegistered {
            name: airport.name.clone(),
        });
    }
    let chars = name.chars().count();
    if !(1..=NAME_CHARS_MAX).contains(&chars) {
        return Err(Rejection::Name { chars });
    }
    if minutes > MINUTES_MAX {
        return Err(Rejection::Minutes { minutes });
    }
    Ok(vec![Event::Registered {
        name: name.to_owned(),
        zone: zone.clone(),
        minimum_ground_time_minutes: minutes,
    }])
}
