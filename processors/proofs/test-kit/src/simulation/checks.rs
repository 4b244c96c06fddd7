//! The invariants that hold after every history, one file for each.
//!
//! What any reader of the topics can judge, the auditor judges: [`topics_keep_their_promises`]. The other checks know more: what clients meant, which
//! transaction and which owner wrote a record, and what the state directories hold. The numbers are those by which the invariants are known
//! everywhere: a violation names its own.

mod dead_letters_are_of_garbage;
mod former_owners_are_silent;
mod states_can_be_rebuilt;
mod topics_keep_their_promises;
mod transactions_are_whole;
mod views_follow_positions;
mod views_hold_what_is_committed;

pub(crate) use dead_letters_are_of_garbage::dead_letters_are_of_garbage;
pub(crate) use former_owners_are_silent::former_owners_are_silent;
pub(crate) use states_can_be_rebuilt::{StateAtCursor, states_can_be_rebuilt};
pub(crate) use topics_keep_their_promises::topics_keep_their_promises;
pub(crate) use transactions_are_whole::transactions_are_whole;
pub(crate) use views_follow_positions::views_follow_positions;
pub(crate) use views_hold_what_is_committed::views_hold_what_is_committed;

use crate::simulation::scenario::{EventOf, Scenario};
use auditor::{Commit, Seen};
use decider::Outcome;
use std::collections::{BTreeMap, BTreeSet};

/// A record as it was read at the end.
#[derive(Debug, Clone)]
pub(crate) struct Read<T> {
    pub(crate) offset: i64,
    /// The number of the transaction that wrote it.
    pub(crate) transaction: Option<u64>,
    /// The generation since which its writer has owned the partition; no reader of the topics could know it.
    pub(crate) owned_since: u32,
    pub(crate) timestamp_ms: i64,
    pub(crate) value: T,
}

/// The topics as the auditor reads them, records of aborted transactions too.
#[derive(Default)]
pub(crate) struct Topics {
    pub(crate) partitions: BTreeMap<u32, Records>,
    pub(crate) letters: Vec<Seen>,
    /// The group's offsets, in the order in which they were committed.
    pub(crate) commits: Vec<Commit>,
    /// Every command should have been answered.
    pub(crate) drained: bool,
}

/// One partition of the topics.
#[derive(Default)]
pub(crate) struct Records {
    pub(crate) commands: Vec<Seen>,
    pub(crate) events: Vec<Seen>,
    pub(crate) outcomes: Vec<Seen>,
}

impl Topics {
    /// The group's offset at the end.
    fn committed(&self, partition: u32) -> i64 {
        let last = self.commits.iter().rfind(|commit| commit.partition == partition);
        last.and_then(|commit| commit.offset).unwrap_or_default()
    }
}

/// One partition of the topics, committed records only.
pub(crate) struct Partition<S: Scenario> {
    pub(crate) events: Vec<Read<EventOf<S>>>,
    pub(crate) outcomes: Vec<Read<Outcome>>,
}

/// Everything that is left of a run.
pub(crate) struct History<S: Scenario> {
    pub(crate) topics: Topics,
    pub(crate) partitions: BTreeMap<u32, Partition<S>>,
    /// Partition, offset and reason of each dead letter.
    pub(crate) dead_letters: Vec<(u32, i64, String)>,
    /// Partition and offset of records that are no commands.
    pub(crate) garbage: BTreeSet<(u32, i64)>,
    /// Partitions that stopped because the domain fails, and the offset of the group there: nothing is decided from there on.
    pub(crate) stopped: BTreeMap<u32, i64>,
}

#[cfg(test)]
mod tests;
