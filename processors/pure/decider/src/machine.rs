//! The machine: a batch of commands and the state so far, to the records and mutations that follow from them.

use crate::aggregates::Aggregates;
use crate::batch::{Batch, Incoming};
use crate::containment::{Call, DomainFailure, contain};
use crate::remembered::{CommandIdLookup, CommandKey, Periods, Remembered};
use crate::{Codec, Cursor, Domain, Written};
use keyvalue::{Mutation, Read, ReadError};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The bounds of a machine.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Number of partitions of the commands topic.
    pub partitions: u32,
    /// A longer value is a dead letter.
    pub command_bytes_max: usize,
    /// A batch that has more bytes than this to write ends early.
    pub batch_bytes_max: usize,
    /// Decoded aggregates are kept up to about this size.
    pub cache_bytes_max: usize,
    /// For how long command ids are remembered at least, on the partition's clock, and at most twice that: the retention of the commands
    /// topic. Less than 1: without limit.
    pub remembered_ms: i64,
}

/// Why a batch could not be decided. Nothing has changed; the same batch can be tried again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// To be fetched and learned, or to be given as unreadable.
    #[error("schema id {schema_id} of the command at {partition}/{offset} is not known yet")]
    UnknownSchema { schema_id: u32, partition: u32, offset: i64 },
    #[error("partition {partition}: {error}")]
    Read { partition: u32, error: ReadError },
    #[error("the command at {partition}/{offset} comes before {expected}, which is the next one to decide")]
    WentBack { partition: u32, offset: i64, expected: i64 },
    /// The command will not be decided by this program.
    #[error("commands {0}")]
    Domain(Box<DomainFailure>),
    #[error("the command at {partition}/{offset} is of a partition that is not open")]
    NotOpen { partition: u32, offset: i64 },
    /// Only the partition that an aggregate's id hashes to may decide for it.
    #[error(
        "the command at {partition}/{offset} is for {aggregate_id}, whose state is kept in partition {held_in}: was the number of partitions \
         changed?"
    )]
    Misplaced {
        partition: u32,
        offset: i64,
        aggregate_id: String,
        held_in: u32,
    },
    /// See [`Written`].
    #[error("the command at {partition}/{offset} was decided otherwise before: now it comes to sequence {sequence}, and {what}")]
    DecidedOtherwise {
        partition: u32,
        offset: i64,
        sequence: u64,
        what: String,
    },
}

/// Why a command could not be answered.
pub(crate) enum StepFailure {
    Error(StepError),
    /// The domain has done what it may not: what that is.
    Domain(String),
}

impl From<StepError> for StepFailure {
    fn from(error: StepError) -> Self {
        Self::Error(error)
    }
}

/// The pure core of a command processor: the open partitions and their aggregates in memory.
pub struct Machine<D: Domain> {
    pub(crate) limits: Limits,
    pub(crate) open: BTreeMap<u32, Cursor>,
    pub(crate) aggregates: Aggregates<D>,
    /// What this batch has answered, with the partition's clock then; the store knows the rest. An aggregate is decided in one partition only.
    pub(crate) answered: FxHashMap<CommandKey, (i64, Remembered)>,
    pub(crate) memories: CommandIdLookup,
    /// What the log has of commands that are to be decided again, by partition.
    pub(crate) written: BTreeMap<u32, Written>,
    /// For fingerprints.
    pub(crate) scratch: Vec<u8>,
    /// Of the command in hand, once it is decoded.
    pub(crate) command_id: Option<Uuid>,
    /// The buffers of the last batch.
    spare: Batch,
}

impl<D: Domain> Machine<D> {
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            open: BTreeMap::new(),
            aggregates: Aggregates::new(limits.cache_bytes_max),
            answered: FxHashMap::default(),
            memories: CommandIdLookup::new(Periods {
                length_ms: limits.remembered_ms,
            }),
            written: BTreeMap::new(),
            scratch: Vec::new(),
            command_id: None,
            spare: Batch::default(),
        }
    }

    /// Begins with a partition whose state has come as far as `cursor`.
    pub fn open(&mut self, partition: u32, cursor: Cursor) {
        self.open.insert(partition, cursor);
        self.memories.reset(partition);
        self.written.remove(&partition);
    }

    /// Of the commands that follow in an open partition, the log has these events and outcomes: they are decided and not written again.
    pub fn already_written(&mut self, partition: u32, written: Written) {
        if !written.is_empty() {
            self.written.insert(partition, written);
        }
    }

    /// Forgets a partition. Batches that touch it must have ended.
    pub fn close(&mut self, partition: u32) {
        self.open.remove(&partition);
        self.aggregates.drop_partition(partition);
        self.memories.reset(partition);
        self.written.remove(&partition);
    }

    pub fn cursor(&self, partition: u32) -> Option<Cursor> {
        self.open.get(&partition).copied()
    }

    /// Bytes and number of the aggregates in the cache.
    pub fn cache_size(&self) -> (usize, usize) {
        (self.aggregates.cache_bytes(), self.aggregates.cache_len())
    }

    /// Decides `incoming` in order, up to a command that the domain fails at; one that is the first is an error. `read` is the store as the last committed batch left it; `unreadable` says of schema ids why
    /// commands written with them are dead letters. Must be followed by [`Self::committed`] or [`Self::aborted`].
    pub fn decide(
        &mut self,
        read: &impl Read,
        codec: &mut impl Codec<D>,
        incoming: &[Incoming<'_>],
        unreadable: &BTreeMap<u32, String>,
    ) -> Result<Batch, StepError> {
        let mut batch = std::mem::take(&mut self.spare);
        batch.clear();
        for (index, record) in incoming.iter().enumerate() {
            if batch.bytes.len() > self.limits.batch_bytes_max {
                break;
            }
            match self.contained_step(read, codec, index, record, unreadable, &mut batch) {
                Ok(()) => batch.consumed = index + 1,
                // The batch may hold a part of this command: those before it are decided again, and then it is the first one.
                Err(StepError::Domain(_)) if index > 0 => {
                    self.aborted(batch);
                    return self.decide(read, codec, &incoming[..index], unreadable);
                }
                Err(error) => {
                    self.aborted(batch);
                    return Err(error);
                }
            }
        }
        Ok(batch)
    }

    /// A step in which a failure of the domain is an error.
    fn contained_step(
        &mut self,
        read: &impl Read,
        codec: &mut impl Codec<D>,
        index: usize,
        record: &Incoming<'_>,
        unreadable: &BTreeMap<u32, String>,
        batch: &mut Batch,
    ) -> Result<(), StepError> {
        self.command_id = None;
        match contain(|| self.step(read, codec, index, record, unreadable, batch)) {
            Ok(Err(StepFailure::Error(error))) => Err(error),
            Ok(Err(StepFailure::Domain(reason))) | Err(reason) => Err(self.failure(record, batch.call, reason)),
            Ok(Ok(())) => Ok(()),
        }
    }

    fn failure(&self, record: &Incoming<'_>, call: Call, reason: String) -> StepError {
        StepError::Domain(Box::new(DomainFailure {
            partition: record.partition,
            offset: record.offset,
            aggregate_id: String::from_utf8_lossy(record.key.unwrap_or_default()).into_owned(),
            command_id: self.command_id,
            call,
            reason,
        }))
    }

    /// The batch's transaction has committed: what the store is to write now, in one piece. `delivered` gives for a partition the
    /// offsets after the last event and after the last outcome that the batch wrote, where it wrote any.
    pub fn committed(&mut self, mut batch: Batch, delivered: &BTreeMap<u32, (Option<i64>, Option<i64>)>) -> Vec<Mutation> {
        let mut mutations = std::mem::take(&mut batch.mutations);
        for (partition, cursor) in &mut batch.cursors {
            let (event, outcome) = delivered.get(partition).copied().unwrap_or_default();
            if let Some(lost) = self.written.get_mut(partition).and_then(Written::lost) {
                lost.reached(event, outcome);
                // Until then the state lags behind the log: opening it folds what the log has.
                if let Some(ends) = lost.ends_at(cursor.next_command_offset) {
                    (cursor.next_event_offset, cursor.next_outcome_offset) = ends;
                    // What the log has of later commands still counts.
                    self.written.entry(*partition).and_modify(Written::end_lost);
                }
            } else {
                cursor.next_event_offset = event.unwrap_or(cursor.next_event_offset);
                cursor.next_outcome_offset = outcome.unwrap_or(cursor.next_outcome_offset);
            }
            if let Some(open) = self.open.get_mut(partition) {
                *open = *cursor;
            }
            mutations.push(cursor.mutation(*partition));
        }
        self.aggregates.keep_touched();
        self.answered.clear();
        self.spare = batch;
        mutations
    }

    /// The batch's transaction did not commit: nothing of it has happened.
    pub fn aborted(&mut self, batch: Batch) {
        self.aggregates.drop_touched();
        self.answered.clear();
        self.spare = batch;
    }
}
