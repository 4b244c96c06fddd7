//! Tells when a reader has stopped receiving what its log holds.

use std::time::{Duration, Instant};

/// A reader that receives nothing for so long, while the log holds more than it has read, is recreated.
pub(crate) const READ_STALL_MAX: Duration = Duration::from_secs(30);

/// Measures how long a reader has received nothing although the log holds more than it has read.
#[derive(Debug, Default)]
pub(crate) struct ReadStall {
    since: Option<Instant>,
}

impl ReadStall {
    /// Records or the end of a partition have come.
    pub(crate) fn broken(&mut self) {
        self.since = None;
    }

    /// Notes a look at the ends of the log. Returns whether the stall has lasted too long.
    pub(crate) fn lasts(&mut self, now: Instant, is_behind: bool) -> bool {
        if !is_behind {
            self.since = None;
            return false;
        }
        let since = *self.since.get_or_insert(now);
        now.duration_since(since) > READ_STALL_MAX
    }
}

#[cfg(test)]
mod tests;
