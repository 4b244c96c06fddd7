//! Some legs go and others come, all or none; only the result is judged.

use super::add_legs::{NotNew, new};
use super::live::{NotLive, mode_of};
use super::problems::{Change, Problems};
use super::remove_legs::{NotFound, found, removals};
use super::{Event, Leg, State};
use crate::LegId;

#[derive(Debug, thiserror::Error)]
pub(super) enum Rejection {
    #[error(transparent)]
    NotLive(#[from] NotLive),
    #[error(transparent)]
    Found(#[from] NotFound),
    #[error(transparent)]
    New(#[from] NotNew),
    #[error(transparent)]
    Problems(#[from] Problems),
}

impl From<Rejection> for crate::Rejection {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::NotLive(not_live) => not_live.into(),
            Rejection::Found(not_found) => not_found.into(),
            Rejection::New(not_new) => not_new.into(),
            Rejection::Problems(problems) => problems.into(),
        }
    }
}

pub(super) fn decide(state: &State, remove: &[LegId], add: &[Leg]) -> Result<Vec<Event>, Rejection> {
    let mode = mode_of(state)?;
    let leaving = found(state, remove)?;
    new(state, add, leaving.len())?;
    Change::new(leaving.iter().copied(), add.iter()).judge(state, mode)?;
    let mut events = removals(&leaving);
    events.extend(add.iter().map(|leg| Event::LegAdded { leg: leg.clone() }));
    Ok(events)
}
