//! An airport is registered once.

use super::name::{self, NameLength};
use super::{Event, MINUTES_MAX, State};
use crate::ZoneName;

#[derive(Debug, thiserror::Error)]
pub(super) enum Rejection {
    #[error("the airport is registered already, with {}", listed(.differing))]
    AlreadyRegistered {
        /// What is not as asked for, with the values that stand there. Never empty.
        differing: Vec<(&'static str, String)>,
    },
    #[error("the airport is registered already, as it is in the command")]
    NothingToChange,
    #[error(transparent)]
    Name(#[from] NameLength),
    #[error("a minimum ground time of {minutes} minutes; 0 to {MINUTES_MAX} are possible")]
    Minutes { minutes: u32 },
}

impl From<Rejection> for crate::Rejection {
    fn from(rejection: Rejection) -> Self {
        let message = rejection.to_string();
        match rejection {
            Rejection::AlreadyRegistered { differing } => {
                let fact = differing.into_iter().collect();
                Self::with_facts("already-registered", message, std::iter::once(fact), 1)
            }
            Rejection::NothingToChange => Self::new("nothing-to-change", message, []),
            Rejection::Name(length) => length.into(),
            Rejection::Minutes { minutes } => Self::new("ground-time-out-of-range", message, [("minutes", minutes.to_string())]),
        }
    }
}

fn listed(values: &[(&'static str, String)]) -> String {
    let values: Vec<String> = values.iter().map(|(name, value)| format!("{name} {value}")).collect();
    values.join(", ")
}

pub(super) fn decide(state: &State, name: &str, zone: &ZoneName, minutes: u32) -> Result<Vec<Event>, Rejection> {
    if let Some(airport) = &state.registered {
        let stands = [
            ("name", airport.name.clone(), airport.name != name),
            ("zone", airport.zone.to_string(), airport.zone != *zone),
            (
                "minimum_ground_time_minutes",
                airport.minimum_ground_time_minutes.to_string(),
                airport.minimum_ground_time_minutes != minutes,
            ),
        ];
        let differing: Vec<_> = stands
            .into_iter()
            .filter_map(|(name, value, differs)| differs.then_some((name, value)))
            .collect();
        return Err(if differing.is_empty() {
            Rejection::NothingToChange
        } else {
            Rejection::AlreadyRegistered { differing }
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
