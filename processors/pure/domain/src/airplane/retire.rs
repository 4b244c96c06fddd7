//! A registered airplane retires. Its registration may be given to another one afterwards.

use super::{Event, State};

#[derive(Debug, thiserror::Error)]
pub(super) enum Rejection {
    #[error("the airplane is not registered")]
    NotRegistered,
    #[error("the airplane has retired already")]
    Retired,
}

impl From<Rejection> for crate::Rejection {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::NotRegistered => Self::new("not-registered", &rejection, []),
            Rejection::Retired => Self::new("retired", &rejection, []),
        }
    }
}

pub(super) fn decide(state: &State) -> Result<Vec<Event>, Rejection> {
    match state {
        State::Unknown => Err(Rejection::NotRegistered),
        State::Registered { .. } => Ok(vec![Event::Retired]),
        State::Retired { .. } => Err(Rejection::Retired),
    }
}
