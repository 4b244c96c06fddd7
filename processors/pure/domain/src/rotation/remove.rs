//! A rotation is removed with all its legs, whatever its state.

use super::live::{NotLive, mode_of};
use super::{Event, State};

#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct Rejection(#[from] NotLive);

impl From<Rejection> for crate::Rejection {
    fn from(rejection: Rejection) -> Self {
        rejection.0.into()
    }
}

pub(super) fn decide(state: &State) -> Result<Vec<Event>, Rejection> {
    mode_of(state)?;
    Ok(vec![Event::Removed])
}
