//! A rotation gives up its airplane.

use super::live::{NotLive, mode_of};
use super::{Event, State};

#[derive(Debug, thiserror::Error)]
pub(super) enum Rejection {
    #[error(transparent)]
    NotLive(#[from] NotLive),
    #[error("the rotation has no airplane")]
    NothingToChange,
}

impl From<Rejection> for crate::Rejection {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::NotLive(not_live) => not_live.into(),
            Rejection::NothingToChange => Self::new("nothing-to-change", rejection, []),
        }
    }
}

pub(super) fn decide(state: &State) -> Result<Vec<Event>, Rejection> {
    mode_of(state)?;
    let registration = state.airplane().cloned().ok_or(Rejection::NothingToChange)?;
    Ok(vec![Event::AirplaneUnassigned { registration }])
}
