//! Whether a reader has stopped receiving what its log holds.

use std::time::{Duration, Instant};

/// A reader that receives nothing for so long, while the log holds more than it has read, is of no use any more.
pub(crate) const SILENCE_MAX: Duration = Duration::from_secs(30);

/// Since when the log has held more than a reader has read, and nothing has come.
#[derive(Debug, Default)]
pub(crate) struct Silence {
    since: Option<Instant>,
}

impl Silence {
    /// Records or the end of a partition have come.
    pub(crate) fn broken(&mut self) {
        self.since = None;
    }

    /// Notes a look at the ends of the log. Returns whether the silence has lasted too long.
    pub(crate) fn lasts(&mut self, now: Instant, is_behind: bool) -> bool {
        if !is_behind {
            self.since = None;
            return false;
        }
        let since = *self.since.get_or_insert(now);
        now.duration_since(since) > SILENCE_MAX
    }
}

#[cfg(test)]
mod tests;
