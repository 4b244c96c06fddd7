//! The state that the threads of a client and its waiting commands share.

use crate::waiting::Waiting;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The commands that wait, behind a lock that outlives a panic.
#[derive(Default)]
pub(crate) struct Shared {
    state: Mutex<State>,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) waiting: Waiting,
    /// Topics that cannot be followed at the moment, and why.
    pub(crate) interrupted: BTreeMap<String, String>,
}

impl Shared {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
