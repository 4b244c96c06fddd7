//! The one place of this crate that reads a clock: deadlines and latencies are this crate's business, decisions are not.
#![allow(clippy::disallowed_methods)]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Microseconds since the epoch. Only to tell one session from another.
pub(crate) fn unix_us() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros()
}

/// Rests before another attempt at something that has no event to wait for.
pub(crate) fn rest(duration: Duration) {
    std::thread::sleep(duration);
}

/// A wait with an end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    pub(crate) fn after(wait: Duration) -> Self {
        Self(now() + wait)
    }

    pub(crate) fn left(self) -> Duration {
        self.0.saturating_duration_since(now())
    }

    pub(crate) fn is_over(self) -> bool {
        self.left().is_zero()
    }
}
