//! Deadlines that come sooner once the process is asked to stop: it ends in a few seconds, whatever it waits for.

use crate::clock::Deadline;
use std::cell::Cell;
use std::time::Duration;

/// What is open may take so long after the request to stop. With one call into the client that had begun before and the closing of the clients this
/// is less than the five seconds after which the process is ended.
const STOPPING_WAIT_MAX: Duration = Duration::from_secs(1);

/// The wish to stop, as it is looked at between two calls.
pub(crate) struct Stopping<'s> {
    /// Waits up to the given time for the wish to stop, and returns whether there is one.
    stop: &'s dyn Fn(Duration) -> bool,
    /// Once there is.
    end: Cell<Option<Deadline>>,
}

impl<'s> Stopping<'s> {
    pub(crate) fn new(stop: &'s dyn Fn(Duration) -> bool) -> Self {
        Self {
            stop,
            end: Cell::new(None),
        }
    }

    /// What is left of a wait.
    pub(crate) fn left(&self, deadline: Deadline) -> Duration {
        if self.end.get().is_none() && (self.stop)(Duration::ZERO) {
            self.end.set(Some(Deadline::after(STOPPING_WAIT_MAX)));
        }
        let left = deadline.left();
        self.end.get().map_or(left, |end| end.left().min(left))
    }

    pub(crate) fn is_over(&self, deadline: Deadline) -> bool {
        self.left(deadline).is_zero()
    }
}

#[cfg(test)]
mod tests;
