//! The bytes of request bodies that have come and are not used yet, bounded over all connections.

use prometheus::IntGauge;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So much of each body is always read: the number of connections bounds it.
const SMALL_BYTES_MAX: usize = 16 << 10;

/// A budget for all bodies.
#[derive(Debug)]
pub(crate) struct BodyBytes {
    taken: AtomicUsize,
    bytes_max: usize,
    gauge: IntGauge,
}

/// The part of one body.
#[derive(Debug)]
pub(crate) struct HeldBody {
    budget: Arc<BodyBytes>,
    bytes: usize,
}

/// The budget has no room for more.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BudgetExhausted;

impl BodyBytes {
    pub(crate) fn new(bytes_max: usize, gauge: IntGauge) -> Self {
        Self {
            taken: AtomicUsize::new(0),
            bytes_max,
            gauge,
        }
    }

    /// Whether more than half of the budget is taken.
    pub(crate) fn is_short(&self) -> bool {
        self.taken.load(Ordering::Relaxed) > self.bytes_max / 2
    }

    fn take(&self, bytes: usize) -> Result<(), BudgetExhausted> {
        let more = |taken: usize| taken.checked_add(bytes).filter(|sum| *sum <= self.bytes_max);
        let taken = self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        taken.map_err(|_full| BudgetExhausted)?;
        self.gauge.add(count(bytes));
        Ok(())
    }

    fn give_back(&self, bytes: usize) {
        self.taken.fetch_sub(bytes, Ordering::Relaxed);
        self.gauge.sub(count(bytes));
    }
}

impl HeldBody {
    pub(crate) fn new(budget: &Arc<BodyBytes>) -> Self {
        Self {
            budget: Arc::clone(budget),
            bytes: 0,
        }
    }

    /// So many bytes have come.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), BudgetExhausted> {
        let grown = self.bytes.saturating_add(bytes);
        self.budget.take(counted(grown) - counted(self.bytes))?;
        self.bytes = grown;
        Ok(())
    }

    /// No more than so many of them are still kept.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        let shrunk = self.bytes.min(bytes);
        self.budget.give_back(counted(self.bytes) - counted(shrunk));
        self.bytes = shrunk;
    }

    /// Whether it has a part of the budget.
    pub(crate) fn is_counted(&self) -> bool {
        counted(self.bytes) > 0
    }
}

impl Drop for HeldBody {
    fn drop(&mut self) {
        self.shrink(0);
    }
}

fn counted(bytes: usize) -> usize {
    bytes.saturating_sub(SMALL_BYTES_MAX)
}

fn count(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
