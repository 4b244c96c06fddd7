//! The health of a process: for each part by name whether it works, waits or has stopped for good.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The state of one part of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It works.
    Ready,
    /// It does not work yet, or not at the moment, and why.
    Waiting(String),
    /// It will not work again without a restart, and why.
    Dead(String),
}

/// The parts of a process and their states; clones share them. A part whose state was never set is not listed.
#[derive(Debug, Clone, Default)]
pub struct Health {
    parts: Arc<Mutex<BTreeMap<String, State>>>,
}

impl Health {
    /// Says how a part is from now on.
    pub fn set(&self, part: &str, state: State) {
        self.with(|parts| match parts.get_mut(part) {
            Some(place) => *place = state,
            None => {
                parts.insert(part.to_owned(), state);
            }
        });
    }

    /// Forgets a part, as when a partition was handed to another process.
    pub fn remove(&self, part: &str) {
        self.with(|parts| parts.remove(part));
    }

    /// The parts that keep this process from being ready, each with the reason.
    pub fn not_ready(&self) -> BTreeMap<String, String> {
        self.reasons(|state| match state {
            State::Ready => None,
            State::Waiting(why) | State::Dead(why) => Some(why.clone()),
        })
    }

    /// The parts that only a restart can bring back, each with the reason.
    pub fn dead(&self) -> BTreeMap<String, String> {
        self.reasons(|state| match state {
            State::Ready | State::Waiting(_) => None,
            State::Dead(why) => Some(why.clone()),
        })
    }

    fn reasons(&self, reason: impl Fn(&State) -> Option<String>) -> BTreeMap<String, String> {
        self.with(|parts| {
            parts
                .iter()
                .filter_map(|(part, state)| Some((part.clone(), reason(state)?)))
                .collect()
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<String, State>) -> T) -> T {
        // Each change is one assignment: a thread that panicked left nothing half done.
        work(&mut self.parts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests;
