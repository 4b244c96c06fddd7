//! The machine: a batch of commands and the state so far, to the records and mutations that follow from them.

use crate::aggregates::Aggregates;
use crate::batch::{Batch, Incoming};
use crate::remembered::{Memories, Remembered};
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
    #[error("the command at {partition}/{offset} is of a partition that is not open")]
    NotOpen { partition: u32, offset: i64 },
    /// See [`Written`].
    #[error("the command at {partition}/{offset} was decided otherwise before: now it comes to sequence {sequence}, and {what}")]
    DecidedOtherwise {
        partition: u32,
        offset: i64,
        sequence: u64,
        what: String,
    },
}

/// The pure core of a command processor: the open partitions and their aggregates in memory.
pub struct Machine<D: Domain> {
    pub(crate) limits: Limits,
    pub(crate) open: BTreeMap<u32, Cursor>,
    pub(crate) aggregates: Aggregates<D>,
    /// What this batch has answered, by partition and command id; the store knows the rest.
    pub(crate) answered: FxHashMap<(u32, Uuid), Remembered>,
    pub(crate) memories: Memories,
    /// What the log has of commands that are to be decided again, by partition.
    pub(crate) written: BTreeMap<u32, Written>,
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
            memories: Memories::default(),
            written: BTreeMap::new(),
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

    /// Decides `incoming` in order. `read` is the store as the last committed batch left it; `unreadable` says of schema ids why
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
            if let Err(error) = self.step(read, codec, index, record, unreadable, &mut batch) {
                self.aborted(batch);
                return Err(error);
            }
            batch.consumed = index + 1;
        }
        Ok(batch)
    }

    /// The batch's transaction has committed: what the store is to write now, in one piece. `delivered` gives for a partition the
    /// offsets after the last event and after the last outcome that the batch wrote, where it wrote any.
    pub fn committed(&mut self, mut batch: Batch, delivered: &BTreeMap<u32, (Option<i64>, Option<i64>)>) -> Vec<Mutation> {
        let mut mutations = std::mem::take(&mut batch.mutations);
        for (partition, cursor) in &mut batch.cursors {
            if let Some((event, outcome)) = delivered.get(partition) {
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
