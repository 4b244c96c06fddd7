//! A draft becomes active once nothing in it overlaps or breaks; until then the full list of problems is the answer.

use super::live::{NotLive, mode_of};
use super::problems::{Problems, of_all};
use super::{Event, Mode, State};

#[derive(Debug, thiserror::Error)]
pub(super) enum Rejection {
    #[error(transparent)]
    NotLive(#[from] NotLive),
    #[error("the rotation is active already")]
    NothingToChange,
    #[error(transparent)]
    Problems(#[from] Problems),
}

impl From<Rejection> for crate::Rejection {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::NotLive(not_live) => not_live.into(),
            Rejection::NothingToChange => Self::new("nothing-to-change", rejection, []),
            Rejection::Problems(problems) => problems.into(),
        }
    }
}

pub(super) fn decide(state: &State) -> Result<Vec<Event>, Rejection> {
    match mode_of(state)? {
        Mode::Active => return Err(Rejection::NothingToChange),
        Mode::Draft => of_all(state)?,
    }
    Ok(vec![Event::Activated])
}
