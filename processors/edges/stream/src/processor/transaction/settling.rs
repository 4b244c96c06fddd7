//! How soon after one transaction the next may begin.
//!
//! The coordinator answers an EndTxn before it has written the markers. A request of the next transaction that comes within that moment is
//! refused (CONCURRENT_TRANSACTIONS). librdkafka asks AddPartitionsToTxn again after 20 ms, and any other request only after
//! `retry.backoff.ms`: so the offsets are sent once the records are acknowledged, and with them their partitions are known to the coordinator. The next
//! transaction begins a little later than it could, and learns how much from those that came too soon.

use std::time::{Duration, Instant};

const WAIT_FIRST: Duration = Duration::from_millis(4);
const WAIT_MIN: Duration = Duration::from_millis(1);
const WAIT_MAX: Duration = Duration::from_millis(25);
/// After each transaction that came too soon the wait is longer by this part, and after each other one shorter by that: one in thirty-five
/// comes too soon in the long run. A refusal costs twenty milliseconds, a wait that lets none come costs more in all.
const LONGER_BY: u32 = 8;
const SHORTER_BY: u32 = 256;
/// The pause of librdkafka 2.12.1 after a refused AddPartitionsToTxn (rd_kafka_txn_handle_AddPartitionsToTxn).
const REFUSED_MIN: Duration = Duration::from_millis(20);
/// What the quickest acknowledgement took is forgotten by this part, and by this time, with each transaction.
const FORGOTTEN_BY: u32 = 64;
const FORGOTTEN_MIN: Duration = Duration::from_micros(50);

#[derive(Debug, Clone, Copy)]
pub(super) struct Settling {
    ended: Option<Instant>,
    wait: Duration,
    /// What it takes at least until the records of a transaction are acknowledged, of late.
    quickest: Duration,
}

impl Settling {
    pub(super) fn new() -> Self {
        Self {
            ended: None,
            wait: WAIT_FIRST,
            quickest: Duration::MAX,
        }
    }

    /// A transaction has ended, whose records were acknowledged after this time; `None` where they were not.
    pub(super) fn ended(&mut self, now: Instant, acknowledged_after: Option<Duration>) {
        self.ended = Some(now);
        let Some(took) = acknowledged_after else { return };
        self.quickest = took.min(self.quickest.saturating_add(self.quickest / FORGOTTEN_BY + FORGOTTEN_MIN));
        self.wait = if took >= self.quickest + REFUSED_MIN {
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
