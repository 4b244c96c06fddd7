//! The records that the log's clients read and write.

use std::collections::BTreeSet;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Topic {
    Commands,
    Events,
    Outcomes,
    DeadLetters,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Record {
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) content_type: Option<&'static [u8]>,
    /// Of dead letters: partition, offset and reason.
    pub(crate) coordinates: Option<(u32, i64, String)>,
    /// Of forwarded commands: partition and offset of the record that this is a copy of.
    pub(crate) forwarded_from: Option<(u32, i64)>,
    /// Of events and outcomes: the generation since which the writer had owned the partition, for all it knew.
    pub(crate) owned_since: u32,
    /// CreateTime of outcomes; of all others the log sets it.
    pub(crate) timestamp_ms: i64,
}

/// A record as a reader gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) offset: i64,
    pub(crate) record: Record,
    /// The number of the transaction that wrote it.
    pub(crate) transaction: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Isolation {
    Committed,
    /// Also what is open or aborted.
    Uncommitted,
}

/// The broker refuses a producer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// There is a newer epoch of the transactional id.
    Fenced,
    /// The transaction is not in the state that the producer believes it to be in.
    InvalidState,
    /// The consumer group has moved on.
    StaleGeneration,
}

/// An offset of the group, and whose transaction wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Committed {
    pub(crate) offset: i64,
    pub(crate) transactional_id: String,
}

/// One partition of one topic.
pub(super) type Place = (Topic, u32);

/// A producer as a client holds it, with what it believes to be part of its transaction. The broker may have ended that meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Producer {
    pub(crate) transactional_id: String,
    pub(crate) epoch: u32,
    pub(super) added: BTreeSet<Place>,
    pub(super) has_offsets: bool,
}

impl Producer {
    pub(super) fn new(transactional_id: &str, epoch: u32) -> Self {
        Self {
            transactional_id: transactional_id.to_owned(),
            epoch,
            added: BTreeSet::new(),
            has_offsets: false,
        }
    }

    /// The end of a transaction to which nothing was added is no request.
    pub(crate) fn has_begun(&self) -> bool {
        self.has_offsets || !self.added.is_empty()
    }

    /// For the client the transaction is over.
    pub(crate) fn forget(&mut self) {
        self.added.clear();
        self.has_offsets = false;
    }
}

/// A request to end a transaction that is still on its way. It names an epoch, but no transaction.
pub(crate) struct LateEnd {
    pub(crate) producer: Producer,
    pub(crate) commit: bool,
    /// The transaction that it is meant for, which the broker cannot tell.
    pub(crate) meant: Option<u64>,
}
