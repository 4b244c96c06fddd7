//! A leg flies at other times; in an active rotation it must still fit between its neighbours, or between others.

use super::leg::Impossible;
use super::live::{NotLive, mode_of};
use super::problems::{Change, Problems};
use super::{Event, Leg, State};
use crate::{Instant, LegId};

#[derive(Debug, thiserror::Error)]
pub(super) enum Rejection {
    #[error(transparent)]
    NotLive(#[from] NotLive),
    #[error("there is no leg {leg_id}")]
    NoLeg { leg_id: LegId },
    #[error(transparent)]
    Impossible(#[from] Impossible),
    #[error("leg {leg_id} flies at these times already")]
    NothingToChange { leg_id: LegId },
    #[error(transparent)]
    Problems(#[from] Problems),
}

impl From<Rejection> for crate::Rejection {
    fn from(rejection: Rejection) -> Self {
        let message = rejection.to_string();
        match rejection {
            Rejection::NotLive(not_live) => not_live.into(),
            Rejection::NoLeg { leg_id } => Self::new("no-such-leg", message, [("leg", leg_id.to_string())]),
            Rejection::Impossible(impossible) => impossible.into(),
            Rejection::NothingToChange { leg_id } => Self::new("nothing-to-change", message, [("leg", leg_id.to_string())]),
            Rejection::Problems(problems) => problems.into(),
        }
    }
}

pub(super) fn decide(state: &State, leg_id: &LegId, departure: Instant, arrival: Instant) -> Result<Vec<Event>, Rejection> {
    let mode = mode_of(state)?;
    let before = state.leg(leg_id).ok_or_else(|| Rejection::NoLeg { leg_id: leg_id.clone() })?;
    Impossible::of_times(leg_id, departure, arrival)?;
    if (before.departure, before.arrival) == (departure, arrival) {
        return Err(Rejection::NothingToChange { leg_id: leg_id.clone() });
    }
    let after = Leg {
        departure,
        arrival,
        ..before.clone()
    };
    Change::new([before].into_iter(), [&after].into_iter()).judge(state, mode)?;
    Ok(vec![Event::LegRescheduled {
        leg_id: leg_id.clone(),
        previous_departure: before.departure,
        previous_arrival: before.arrival,
        departure,
        arrival,
    }])
}
