//! What must hold after every history, whatever has happened: one file for each invariant.
//!
//! The checks see what any reader of the topics sees, and the state directories. The numbers are those by which they are known
//! everywhere: a violation names its own.

mod commands_are_answered;
mod commands_are_answered_once;
mod dead_letters_are_single;
mod decisions_can_be_repeated;
mod former_owners_are_silent;
mod numbers_are_dense;
mod offsets_go_on;
mod states_can_be_rebuilt;
mod transactions_are_whole;
mod views_follow_positions;
mod views_hold_what_is_committed;

pub(crate) use commands_are_answered::commands_are_answered;
pub(crate) use commands_are_answered_once::commands_are_answered_once;
pub(crate) use dead_letters_are_single::dead_letters_are_single;
pub(crate) use decisions_can_be_repeated::decisions_can_be_repeated;
pub(crate) use former_owners_are_silent::former_owners_are_silent;
pub(crate) use numbers_are_dense::numbers_are_dense;
pub(crate) use offsets_go_on::offsets_go_on;
pub(crate) use states_can_be_rebuilt::{StateAtCursor, states_can_be_rebuilt};
pub(crate) use transactions_are_whole::transactions_are_whole;
pub(crate) use views_follow_positions::views_follow_positions;
pub(crate) use views_hold_what_is_committed::views_hold_what_is_committed;

use crate::log::Record;
use crate::scenario::{EventOf, Scenario};
use decider::{Codec, Fingerprint, Outcome};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A command as its client knows it: aggregate, id and what it means.
pub(crate) type Asked = (String, Uuid, Fingerprint);

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

/// One partition of the topics, committed records only.
pub(crate) struct Partition<S: Scenario> {
    pub(crate) commands: Vec<Read<Record>>,
    pub(crate) events: Vec<Read<EventOf<S>>>,
    pub(crate) outcomes: Vec<Read<Outcome>>,
    /// The group's offsets, in the order in which they were committed.
    pub(crate) offsets: Vec<i64>,
}

/// Everything that is left of a run.
pub(crate) struct History<S: Scenario> {
    pub(crate) partitions: BTreeMap<u32, Partition<S>>,
    /// Partition, offset and reason of each dead letter.
    pub(crate) dead_letters: Vec<(u32, i64, String)>,
    /// Commands that were acknowledged to a client.
    pub(crate) acknowledged: BTreeSet<Asked>,
    /// Partition and offset of records that are no commands.
    pub(crate) garbage: BTreeSet<(u32, i64)>,
    /// Partitions that stopped because the domain fails, and the offset of the group there: nothing is decided from there on.
    pub(crate) stopped: BTreeMap<u32, i64>,
}

impl<S: Scenario> History<S> {
    /// Commands that wait where a partition has stopped.
    pub(crate) fn waiting(&self) -> BTreeSet<Asked> {
        let mut codec = S::codec();
        let mut waiting = BTreeSet::new();
        for (partition, from) in &self.stopped {
            let commands = self.partitions.get(partition).into_iter().flat_map(|records| &records.commands);
            for command in commands.filter(|command| command.offset >= *from) {
                let value = command.value.value.as_deref().unwrap_or_default();
                if let Ok(envelope) = codec.decode_command(command.value.content_type, value) {
                    let fingerprint = Fingerprint::of(&mut codec, &envelope, &mut Vec::new());
                    waiting.insert((envelope.aggregate_id, envelope.command_id, fingerprint));
                }
            }
        }
        waiting
    }
}

#[cfg(test)]
mod tests;
