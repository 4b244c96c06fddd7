//! The machine's input and output, as data.

use crate::{Call, Cursor, Identity, Status, StepError};
use keyvalue::Mutation;
use std::collections::BTreeMap;
use std::ops::Range;
use uuid::Uuid;

/// One record of the commands topic.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'r> {
    pub partition: u32,
    pub offset: i64,
    /// When the broker appended it (LogAppendTime), milliseconds since the epoch.
    pub timestamp_ms: i64,
    pub key: Option<&'r [u8]>,
    pub value: Option<&'r [u8]>,
    /// Record header `content-type`.
    pub content_type: Option<&'r [u8]>,
    /// Record header `type`, by which some clients name the command.
    pub command_type: Option<&'r [u8]>,
}

/// One record to be written inside the transaction. Its key is the key of the incoming record that it answers, and so is its
/// `traceparent`; values lie in the batch's buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// To the same partition of the events topic.
    Event {
        incoming: usize,
        value: Range<usize>,
        event_type: &'static str,
    },
    /// To the same partition of the outcomes topic, with the record timestamp `decided_at_ms`.
    Outcome {
        incoming: usize,
        value: Range<usize>,
        status: Status,
        command_id: Uuid,
        command_type: &'static str,
        decided_at_ms: i64,
        /// The command was decided before, and its outcome was lost since.
        is_rewritten: bool,
    },
    /// The incoming record as it is, to the partition of the commands topic where its key belongs.
    Forward { incoming: usize, to_partition: u32 },
    /// The incoming record as it is, to the dead letters, with what could be read of it.
    DeadLetter {
        incoming: usize,
        reason: DeadLetter,
        identity: Identity,
    },
}

impl Outgoing {
    /// The place, among the records that were decided together, of the one that this answers.
    pub fn incoming(&self) -> usize {
        match self {
            Self::Event { incoming, .. }
            | Self::Outcome { incoming, .. }
            | Self::Forward { incoming, .. }
            | Self::DeadLetter { incoming, .. } => *incoming,
        }
    }
}

/// Why a record is no command at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeadLetter {
    #[error("the record has no key; the key of a command is its aggregate id")]
    NoKey,
    #[error("the record has no value")]
    NoValue,
    /// Keys of the state are built from ids and would run into one another.
    #[error("the key has a control character; an aggregate id has none")]
    ControlCharacter,
    #[error("the key has {bytes} bytes; an aggregate id has at most {bytes_max}")]
    KeyTooLong { bytes: usize, bytes_max: usize },
    #[error("the value has {bytes} bytes; a command has at most {bytes_max}")]
    Oversized { bytes: usize, bytes_max: usize },
    #[error("schema id {schema_id}: {reason}")]
    UnknownSchema { schema_id: u32, reason: String },
    #[error("{0}")]
    Malformed(String),
    #[error("the key is not the command's aggregate id, which is {aggregate_id:?}")]
    KeyDiffers { aggregate_id: String },
    /// Outcomes are distinguished by aggregate and id. This is how programs write that they have none.
    #[error("the command_id is {command_id}, which stands for no id; each command needs an id of its own")]
    NoCommandId { command_id: Uuid },
}

impl DeadLetter {
    /// Every word that [`Self::kind`] returns.
    pub const KINDS: [&str; 9] = [
        "no_key",
        "no_value",
        "control_character",
        "key_too_long",
        "oversized",
        "unknown_schema",
        "malformed",
        "key_differs",
        "no_command_id",
    ];

    /// A word for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NoKey => "no_key",
            Self::NoValue => "no_value",
            Self::ControlCharacter => "control_character",
            Self::KeyTooLong { .. } => "key_too_long",
            Self::Oversized { .. } => "oversized",
            Self::UnknownSchema { .. } => "unknown_schema",
            Self::Malformed(_) => "malformed",
            Self::KeyDiffers { .. } => "key_differs",
            Self::NoCommandId { .. } => "no_command_id",
        }
    }
}

/// How many of each thing a batch holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    pub accepted: u64,
    pub rejected: u64,
    pub repeated: u64,
    pub forwarded: u64,
    pub dead_letters: u64,
    pub events: u64,
}

/// The effects of some commands, to be written whole or not at all.
#[derive(Debug, Default)]
pub struct Batch {
    /// In the order in which they are to be produced.
    pub outgoing: Vec<Outgoing>,
    /// How many of the incoming records this batch answers, from the first; the rest belongs to the next batch.
    pub consumed: usize,
    pub tally: Tally,
    pub(crate) bytes: Vec<u8>,
    pub(crate) mutations: Vec<Mutation>,
    pub(crate) cursors: BTreeMap<u32, Cursor>,
    /// What the domain was called for last.
    pub(crate) call: Call,
}

impl Batch {
    pub fn value(&self, range: &Range<usize>) -> &[u8] {
        &self.bytes[range.clone()]
    }

    /// The offset to be committed for each partition that the batch touched.
    pub fn next_command_offsets(&self) -> impl Iterator<Item = (u32, i64)> {
        self.cursors
            .iter()
            .map(|(partition, cursor)| (*partition, cursor.next_command_offset))
    }

    /// The cursor of the partition of the command in hand, which the step of a record puts there first.
    pub(crate) fn cursor(&mut self, partition: u32, offset: i64) -> Result<&mut Cursor, StepError> {
        self.cursors.get_mut(&partition).ok_or(StepError::NotOpen { partition, offset })
    }

    pub(crate) fn clear(&mut self) {
        self.outgoing.clear();
        self.consumed = 0;
        self.tally = Tally::default();
        self.bytes.clear();
        self.mutations.clear();
        self.cursors.clear();
    }
}

#[cfg(test)]
mod tests;
