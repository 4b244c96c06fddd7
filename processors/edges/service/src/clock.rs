//! The only place that reads the clock or sleeps. What must be deterministic takes times as arguments instead.
#![allow(clippy::disallowed_methods)]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A reading for measuring durations and deadlines.
pub fn monotonic() -> Instant {
    Instant::now()
}

/// Milliseconds since the epoch, UTC; 0 on a machine whose clock is set before it.
pub fn unix_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Nanoseconds since the epoch, UTC; 0 on a machine whose clock is set before it.
pub fn unix_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// Rests before another attempt. A wait that a shutdown should end is [`crate::Shutdown::wait_timeout`].
pub fn rest(duration: Duration) {
    std::thread::sleep(duration);
}
