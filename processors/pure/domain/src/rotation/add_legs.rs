//! Legs are added, all or none; together with those that are there they must be flyable if the rotation is active.

use super::leg::Impossible;
use super::live::{NotLive, mode_of};
use super::problems::{Change, Problems};
use super::{COMMAND_LEGS_MAX, Event, LEG_IDS_MAX, LEGS_MAX, Leg, State};
use crate::LegId;
use rustc_hash::FxHashSet;

#[derive(Debug, thiserror::Error)]
pub(super) enum Rejection {
    #[error(transparent)]
    NotLive(#[from] NotLive),
    #[error(transparent)]
    New(#[from] NotNew),
    #[error(transparent)]
    Problems(#[from] Problems),
}

impl From<Rejection> for crate::Rejection {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::NotLive(not_live) => not_live.into(),
            Rejection::New(not_new) => not_new.into(),
            Rejection::Problems(problems) => problems.into(),
        }
    }
}

/// Why legs cannot be put into a rotation, whatever stands beside them. Adding and replacing share it.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotNew {
    #[error("{count} legs in one command; 1 to {COMMAND_LEGS_MAX} are possible")]
    Count { count: usize },
    #[error("the rotation would have {count} legs; {LEGS_MAX} are possible")]
    RotationFull { count: usize },
    #[error(
        "the rotation would have used {count} leg ids, those of removed legs among them; {LEG_IDS_MAX} are possible. Add the legs to another \
         rotation"
    )]
    IdsUsedUp { count: usize },
    #[error("leg {leg_id} exists already")]
    Exists { leg_id: LegId },
    #[error("a leg {leg_id} was removed; ids are not used again")]
    Removed { leg_id: LegId },
    #[error("leg {leg_id} is in the command twice")]
    Twice { leg_id: LegId },
    #[error(transparent)]
    Impossible(#[from] Impossible),
}

impl From<NotNew> for crate::Rejection {
    fn from(rejection: NotNew) -> Self {
        let message = rejection.to_string();
        match rejection {
            NotNew::Count { count } => Self::new("leg-count", message, [("legs", count.to_string())]),
            NotNew::RotationFull { count } => Self::new("rotation-full", message, [("legs", count.to_string())]),
            NotNew::IdsUsedUp { count } => Self::new("leg-ids-used-up", message, [("leg_ids", count.to_string())]),
            NotNew::Exists { leg_id } => Self::new("leg-exists", message, [("leg", leg_id.to_string())]),
            NotNew::Removed { leg_id } => Self::new("leg-removed", message, [("leg", leg_id.to_string())]),
            NotNew::Twice { leg_id } => Self::new("leg-twice", message, [("leg", leg_id.to_string())]),
            NotNew::Impossible(impossible) => impossible.into(),
        }
    }
}

pub(super) fn decide(state: &State, legs: &[Leg]) -> Result<Vec<Event>, Rejection> {
    let mode = mode_of(state)?;
    new(state, legs, 0)?;
    Change::new(std::iter::empty(), legs.iter()).judge(state, mode)?;
    Ok(legs.iter().map(|leg| Event::LegAdded { leg: leg.clone() }).collect())
}

/// The legs can be put into the rotation once `leaving` legs have left it.
pub(super) fn new(state: &State, legs: &[Leg], leaving: usize) -> Result<(), NotNew> {
    if !(1..=COMMAND_LEGS_MAX).contains(&legs.len()) {
        return Err(NotNew::Count { count: legs.len() });
    }
    let count = state.legs().len() - leaving + legs.len();
    if count > LEGS_MAX {
        return Err(NotNew::RotationFull { count });
    }
    let count = state.leg_ids() + legs.len();
    if count > LEG_IDS_MAX {
        return Err(NotNew::IdsUsedUp { count });
    }
    let mut seen = FxHashSet::default();
    for leg in legs {
        Impossible::of(leg)?;
        let leg_id = &leg.id;
        if state.is_removed(leg_id) {
            return Err(NotNew::Removed { leg_id: leg_id.clone() });
        }
        if state.leg(leg_id).is_some() {
            return Err(NotNew::Exists { leg_id: leg_id.clone() });
        }
        if legs.len() > 1 && !seen.insert(leg_id) {
            return Err(NotNew::Twice { leg_id: leg_id.clone() });
        }
    }
    Ok(())
}
