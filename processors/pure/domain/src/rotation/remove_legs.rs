//! Legs are removed, all or none; what remains of an active rotation must be flyable. Removing a round trip or the last leg is.

use super::live::{NotLive, mode_of};
use super::problems::{Change, Problems};
use super::{COMMAND_LEGS_MAX, Event, Leg, State};
use crate::LegId;
use rustc_hash::FxHashSet;

#[derive(Debug, thiserror::Error)]
pub(super) enum Rejection {
    #[error(transparent)]
    NotLive(#[from] NotLive),
    #[error(transparent)]
    Found(#[from] NotFound),
    #[error(transparent)]
    Problems(#[from] Problems),
}

impl From<Rejection> for crate::Rejection {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::NotLive(not_live) => not_live.into(),
            Rejection::Found(not_found) => not_found.into(),
            Rejection::Problems(problems) => problems.into(),
        }
    }
}

/// Why legs cannot be taken out of a rotation, whatever remains. Removing and replacing share it.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotFound {
    #[error("{count} legs in one command; 1 to {COMMAND_LEGS_MAX} are possible")]
    Count { count: usize },
    #[error("there is no leg {leg_id}")]
    NoLeg { leg_id: LegId },
    #[error("leg {leg_id} is in the command twice")]
    Twice { leg_id: LegId },
}

impl From<NotFound> for crate::Rejection {
    fn from(rejection: NotFound) -> Self {
        match &rejection {
            NotFound::Count { count } => Self::new("leg-count", &rejection, [("legs", count.to_string())]),
            NotFound::NoLeg { leg_id } => Self::new("no-such-leg", &rejection, [("leg", leg_id.to_string())]),
            NotFound::Twice { leg_id } => Self::new("leg-twice", &rejection, [("leg", leg_id.to_string())]),
        }
    }
}

pub(super) fn decide(state: &State, leg_ids: &[LegId]) -> Result<Vec<Event>, Rejection> {
    let mode = mode_of(state)?;
    let legs = found(state, leg_ids)?;
    Change::new(legs.iter().copied(), std::iter::empty()).judge(state, mode)?;
    Ok(removals(&legs))
}

/// The legs of these ids.
pub(super) fn found<'s>(state: &'s State, leg_ids: &[LegId]) -> Result<Vec<&'s Leg>, NotFound> {
    if !(1..=COMMAND_LEGS_MAX).contains(&leg_ids.len()) {
        return Err(NotFound::Count { count: leg_ids.len() });
    }
    let mut seen = FxHashSet::default();
    leg_ids
        .iter()
        .map(|leg_id| {
            if !seen.insert(leg_id) {
                return Err(NotFound::Twice { leg_id: leg_id.clone() });
            }
            state.leg(leg_id).ok_or_else(|| NotFound::NoLeg { leg_id: leg_id.clone() })
        })
        .collect()
}

pub(super) fn removals(legs: &[&Leg]) -> Vec<Event> {
    legs.iter().map(|leg| Event::LegRemoved { leg: (*leg).clone() }).collect()
}
