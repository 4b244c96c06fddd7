//! The name or the time zone of a registered airport is corrected. What follows for its legs' origin dates, the views work out.

use super::name::{self, NameLength};
use super::{Event, State};
use crate::ZoneName;

#[derive(Debug, thiserror::Error)]
pub(super) enum Rejection {
    #[error("the airport is not registered")]
    NotRegistered,
    #[error(transparent)]
    Name(#[from] NameLength),
    #[error("the airport is {name} in zone {zone} already")]
    NothingToChange { name: String, zone: ZoneName },
}

impl From<Rejection> for crate::Rejection {
    fn from(rejection: Rejection) -> Self {
        let message = rejection.to_string();
        match rejection {
            Rejection::NotRegistered => Self::new("not-registered", message, []),
            Rejection::Name(length) => length.into(),
            Rejection::NothingToChange { name, zone } => {
                Self::new("nothing-to-change", message, [("name", name), ("zone", zone.to_string())])
            }
        }
    }
}

pub(super) fn decide(state: &State, name: Option<&str>, zone: Option<&ZoneName>) -> Result<Vec<Event>, Rejection> {
    let airport = state.registered.as_ref().ok_or(Rejection::NotRegistered)?;
    let name = name.unwrap_or(&airport.name);
    let zone = zone.unwrap_or(&airport.zone);
    name::check(name)?;
    if *name == airport.name && *zone == airport.zone {
        return Err(Rejection::NothingToChange {
            name: name.to_owned(),
            zone: zone.clone(),
        });
    }
    Ok(vec![Event::Corrected {
        name: name.to_owned(),
        zone: zone.clone(),
        previous_name: airport.name.clone(),
        previous_zone: airport.zone.clone(),
    }])
}
