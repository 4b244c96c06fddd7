//! How much is put into one transaction, and what follows when transactions fail: less at a time, after longer pauses, until it is known which
//! command it is that the broker does not take.
//!
//! A transaction covers commands of many partitions, so that one command could keep all of them from moving. Where the broker says which record
//! it refuses, the command that the record answers is tried alone; else the batch is halved. A command that fails alone is its partition's
//! business: that partition is set aside for a while, and the others go on.

use crate::processor::transaction::FailureCause;
use decider::Incoming;
use std::collections::BTreeSet;
use std::time::Duration;

/// Failures that may pass by themselves, in a row, until less is tried.
const HALVED_AFTER: u32 = 3;
/// After so many failures in a row, for reasons that may pass, the partition of a command that fails alone is set aside.
const SET_ASIDE_AFTER: u32 = 6;
/// A transaction that took longer than this does not let the next one grow.
const GROWS_WITHIN: Duration = Duration::from_secs(2);
/// After each commit the batch grows by this part.
const GROWS_BY: usize = 8;
/// The first failure in a row is tried again at once: as a rule, the group has changed. The pauses after it double.
const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// Commands that are to be tried alone. One more is forgotten, and found again.
const SUSPECTS_MAX: usize = 1_000;

/// Partition and offset of a command.
pub(super) type Place = (u32, i64);

pub(super) struct TransactionSizing {
    records_max: usize,
    /// So many commands are tried at a time.
    records: usize,
    failed_in_a_row: u32,
    suspects: BTreeSet<Place>,
}

/// What is to be done about a transaction that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    Again,
    /// Without this command's partition, for a while.
    SetAside(Place),
}

impl TransactionSizing {
    pub(super) fn new(records_max: usize) -> Self {
        Self {
            records_max,
            records: records_max,
            failed_in_a_row: 0,
            suspects: BTreeSet::new(),
        }
    }

    pub(super) fn failed_in_a_row(&self) -> u32 {
        self.failed_in_a_row
    }

    /// How many of these commands, from the first, are tried in the next transaction: at least one of any.
    pub(super) fn share(&self, incoming: &[Incoming<'_>]) -> usize {
        let most = self.records.min(incoming.len());
        if self.suspects.is_empty() {
            return most;
        }
        let is_suspect = |record: &Incoming<'_>| self.suspects.contains(&place(record));
        match incoming[..most].iter().position(is_suspect) {
            None => most,
            // Alone.
            Some(0) => 1,
            Some(before) => before,
        }
    }

    pub(super) fn committed(&mut self, incoming: &[Incoming<'_>], took: Duration) {
        self.failed_in_a_row = 0;
        for record in incoming {
            self.suspects.remove(&place(record));
        }
        // What was not asked to carry much has not shown that it can.
        if took <= GROWS_WITHIN && incoming.len() * 2 >= self.records {
            self.records = (self.records + (self.records / GROWS_BY).max(1)).min(self.records_max);
        }
    }

    /// A transaction of these commands has failed.
    pub(super) fn failed(&mut self, incoming: &[Incoming<'_>], cause: FailureCause) -> Remedy {
        self.failed_in_a_row = self.failed_in_a_row.saturating_add(1);
        let half = (incoming.len() / 2).max(1);
        let alone = match incoming {
            [record] => Some(place(record)),
            _ => None,
        };
        match (cause, alone) {
            (FailureCause::Refused { .. }, Some(place)) => return self.set_aside(place),
            (FailureCause::Slow | FailureCause::Passing, Some(place)) if self.failed_in_a_row >= SET_ASIDE_AFTER => {
                return self.set_aside(place);
            }
            (FailureCause::Refused { incoming: Some(index) }, None) if index < incoming.len() => {
                if self.suspects.len() < SUSPECTS_MAX {
                    self.suspects.insert(place(&incoming[index]));
                }
            }
            (FailureCause::Refused { .. } | FailureCause::Slow, _) => self.records = half,
            (FailureCause::Passing, _) if self.failed_in_a_row.is_multiple_of(HALVED_AFTER) => self.records = half,
            (FailureCause::Passing, _) => {}
        }
        Remedy::Again
    }

    /// When its partition is tried again, it is tried alone.
    fn set_aside(&mut self, place: Place) -> Remedy {
        self.suspects.insert(place);
        Remedy::SetAside(place)
    }

    /// The rest before the next transaction.
    pub(super) fn pause(&self) -> Duration {
        match self.failed_in_a_row {
            0 | 1 => Duration::ZERO,
            more => doubled(PAUSE_FIRST, more - 2, PAUSE_MAX),
        }
    }

    /// Partitions have been given away: another owner finds out for itself.
    pub(super) fn forget(&mut self) {
        self.suspects.clear();
    }
}

/// The first pause, doubled so often; never longer than the longest.
pub(super) fn doubled(first: Duration, times: u32, longest: Duration) -> Duration {
    2_u32
        .checked_pow(times)
        .and_then(|factor| first.checked_mul(factor))
        .map_or(longest, |pause| pause.min(longest))
}

fn place(record: &Incoming<'_>) -> Place {
    (record.partition, record.offset)
}

#[cfg(test)]
mod tests;
