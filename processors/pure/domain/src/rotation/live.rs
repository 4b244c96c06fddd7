//! The precondition of every decision but the first: the rotation exists.

use super::{Mode, State, Status};

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotLive {
    #[error("there is no such rotation")]
    Unborn,
    #[error("the rotation was removed")]
    Removed,
}

impl From<NotLive> for crate::Rejection {
    fn from(not_live: NotLive) -> Self {
        match not_live {
            NotLive::Unborn => Self::new("no-such-rotation", not_live, []),
            NotLive::Removed => Self::new("rotation-removed", not_live, []),
        }
    }
}

pub(super) fn mode_of(state: &State) -> Result<Mode, NotLive> {
    match state.status() {
        Status::Unborn => Err(NotLive::Unborn),
        Status::Live(mode) => Ok(mode),
        Status::Removed => Err(NotLive::Removed),
    }
}
