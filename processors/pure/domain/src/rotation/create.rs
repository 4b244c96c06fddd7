//! A rotation is created once; its id is not used again after it was removed.

use super::{Event, Mode, State, Status};

#[derive(Debug, thiserror::Error)]
pub(super) enum Rejection {
    #[error("the rotation exists already")]
    Exists,
    #[error("a rotation of this id was removed; ids are not used again")]
    Removed,
}

impl From<Rejection> for crate::Rejection {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Exists => Self::new("already-created", rejection, []),
            Rejection::Removed => Self::new("rotation-removed", rejection, []),
        }
    }
}

pub(super) fn decide(state: &State, mode: Mode) -> Result<Vec<Event>, Rejection> {
    match state.status() {
        Status::Unborn => Ok(vec![Event::Created { mode }]),
        Status::Live(_) => Err(Rejection::Exists),
        Status::Removed => Err(Rejection::Removed),
    }
}
