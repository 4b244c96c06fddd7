//! How soon after one transaction the next may begin.
//!
//! The coordinator answers an EndTxn before it has written the markers. A request of the next transaction that comes within that moment is
//! refused (CONCURRENT_TRANSACTIONS), and librdkafka asks again after `retry.backoff.ms`: a hundred milliseconds for the sake of two or
//! three. So the next one begins a little later, and learns how much from those that came too soon.

use std::time::{Duration, Instant};

const WAIT_FIRST: Duration = Duration::from_millis(4);
const WAIT_MIN: Duration = Duration::from_millis(1);
const WAIT_MAX: Duration = Duration::from_millis(25);
/// After each transaction that came too soon the wait is longer by this part, and after each other one shorter by that: one in seventy
/// comes too soon in the long run. A refusal costs a hundred milliseconds, a wait that lets none come costs more in all.
const LONGER_BY: u32 = 8;
const SHORTER_BY: u32 = 512;

#[derive(Debug, Clone, Copy)]
pub(super) struct Settling {
    ended: Option<Instant>,
    wait: Duration,
    /// Who was refused has waited for at least this long.
    refused_min: Duration,
}

impl Settling {
    pub(super) fn new(refused_min: Duration) -> Self {
        Self {
            ended: None,
            wait: WAIT_FIRST,
            refused_min,
        }
    }

    /// A transaction has ended, whose first request to the coordinator took so long.
    pub(super) fn ended(&mut self, now: Instant, first_request_took: Duration) {
        self.ended = Some(now);
        self.wait = if first_request_took >= self.refused_min {
            (self.wait + self.wait / LONGER_BY).min(WAIT_MAX)
        } else {
            (self.wait - self.wait / SHORTER_BY).max(WAIT_MIN)
        };
    }

    /// What is left to wait before the next one begins.
    pub(super) fn left(&self, now: Instant) -> Duration {
        self.ended.map_or(Duration::ZERO, |ended| {
            self.wait.saturating_sub(now.saturating_duration_since(ended))
        })
    }
}

#[cfg(test)]
mod tests;
