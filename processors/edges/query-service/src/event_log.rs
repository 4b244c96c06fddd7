//! The log that a view is built from, as far as questions read it.

use application::{EventEnvelope, EventPlace, LoggedEvent};

/// Fetches events of a log. It is asked on threads that may wait, and does not disturb who follows the log.
pub trait EventLog<E>: Send + Sync {
    /// The events at these places, in their order, and the commands that they were decided for. Ends early where `is_over` says so: what is left
    /// is then not read, as where an answer would take too much.
    ///
    /// # Errors
    /// Why the log cannot be read now.
    fn events(&self, places: &[EventPlace], is_over: &dyn Fn() -> bool) -> Result<Vec<LoggedEvent<E>>, String>;

    /// Events of a partition in their order, from the one after `range.0` on and up to `range.1` at most; fewer where they would take too much. `from` is
    /// an offset at or before the first of them.
    ///
    /// # Errors
    /// Why the log cannot be read now.
    fn follow(&self, partition: u32, from: i64, range: (u64, u64), is_over: &dyn Fn() -> bool) -> Result<Followed<E>, String>;
}

/// Part of a partition.
#[derive(Debug)]
pub enum Followed<E> {
    /// The events, and the offset after the last of them.
    Events { events: Vec<EventEnvelope<E>>, next_offset: i64 },
    /// The log begins after the first of them.
    Deleted,
}

/// Stands for a log where there is none.
pub(crate) struct NoLog;

impl<E> EventLog<E> for NoLog {
    fn events(&self, _: &[EventPlace], _: &dyn Fn() -> bool) -> Result<Vec<LoggedEvent<E>>, String> {
        Err(NO_LOG.to_owned())
    }

    fn follow(&self, _: u32, _: i64, _: (u64, u64), _: &dyn Fn() -> bool) -> Result<Followed<E>, String> {
        Err(NO_LOG.to_owned())
    }
}

const NO_LOG: &str = "this service was not given the log";
