//! A rotation is given an airplane, or another one. Whether there is such an airplane, or it is used twice, the checks report.

use super::live::{NotLive, mode_of};
use super::{Event, State};
use crate::Registration;

#[derive(Debug, thiserror::Error)]
pub(super) enum Rejection {
    #[error(transparent)]
    NotLive(#[from] NotLive),
    #[error("the rotation has {registration} already")]
    NothingToChange { registration: Registration },
}

impl From<Rejection> for crate::Rejection {
    fn from(rejection: Rejection) -> Self {
        let message = rejection.to_string();
        match rejection {
            Rejection::NotLive(not_live) => not_live.into(),
            Rejection::NothingToChange { registration } => {
                Self::new("nothing-to-change", message, [("registration", registration.to_string())])
            }
        }
    }
}

pub(super) fn decide(state: &State, registration: &Registration) -> Result<Vec<Event>, Rejection> {
    mode_of(state)?;
    if state.airplane() == Some(registration) {
        return Err(Rejection::NothingToChange {
            registration: registration.clone(),
        });
    }
    Ok(vec![Event::AirplaneAssigned {
        registration: registration.clone(),
        previous: state.airplane().cloned(),
    }])
}
