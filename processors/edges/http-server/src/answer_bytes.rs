//! The bytes of answers that clients have not read yet, bounded over all connections.

use bytes::Bytes;
use prometheus::IntGauge;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Answers up to this size are always sent: the number of connections bounds them.
const SMALL_BYTES_MAX: usize = 16 << 10;

/// A budget that is taken from when an answer is made, and given back when its last byte was written or its client is gone.
#[derive(Debug)]
pub(crate) struct AnswerBytes {
    free: Arc<Semaphore>,
    bytes_max: u32,
    held: IntGauge,
}

/// An answer that takes its part of the budget for as long as it lives.
struct Held {
    bytes: Bytes,
    gauge: IntGauge,
    _part: OwnedSemaphorePermit,
}

impl AnswerBytes {
    pub(crate) fn new(bytes_max: usize, held: IntGauge) -> Self {
        let bytes_max = u32::try_from(bytes_max).unwrap_or(u32::MAX);
        Self {
            free: Arc::new(Semaphore::new(bytes_max as usize)),
            bytes_max,
            held,
        }
    }

    /// The bytes of an answer, counted until they are dropped; `None` when the budget is spent.
    pub(crate) fn hold(&self, bytes: Bytes) -> Option<Bytes> {
        if bytes.len() <= SMALL_BYTES_MAX {
            return Some(bytes);
        }
        // An answer larger than the whole budget is sent when there is no other.
        let part = u32::try_from(bytes.len()).unwrap_or(u32::MAX).min(self.bytes_max);
        let part = Arc::clone(&self.free).try_acquire_many_owned(part).ok()?;
        self.held.add(count(bytes.len()));
        Some(Bytes::from_owner(Held {
            bytes,
            gauge: self.held.clone(),
            _part: part,
        }))
    }

    /// Whether more than half of the budget is taken.
    pub(crate) fn is_short(&self) -> bool {
        self.free.available_permits() < self.bytes_max as usize / 2
    }
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.gauge.sub(count(self.bytes.len()));
    }
}

#[cfg(test)]
mod tests;
