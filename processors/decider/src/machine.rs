//! The machine: a batch of commands and the state so far, to the records and mutations that follow from them.

use crate::aggregates::{Aggregates, Held};
use crate::batch::{Batch, DeadLetter, Incoming, Outgoing};
use crate::remembered::{Remembered, forget};
use crate::{Codec, CommandEnvelope, Cursor, DecodeError, Domain, EventEnvelope, Outcome, Parts, Rejection, Status, keys};
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
}

/// The pure core of a command processor: the open partitions and their aggregates in memory.
pub struct Machine<D: Domain> {
    pub(crate) limits: Limits,
    pub(crate) open: BTreeMap<u32, Cursor>,
    pub(crate) aggregates: Aggregates<D>,
    /// What this batch has answered; the store knows the rest.
    answered: FxHashMap<Uuid, Remembered>,
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
            spare: Batch::default(),
        }
    }

    /// Begins with a partition whose state has come as far as `cursor`.
    pub fn open(&mut self, partition: u32, cursor: Cursor) {
        self.open.insert(partition, cursor);
    }

    /// Forgets a partition. Batches that touch it must have ended.
    pub fn close(&mut self, partition: u32) {
        self.open.remove(&partition);
        self.aggregates.drop_partition(partition);
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
        for (id, held) in self.aggregates.changed() {
            let value = held.version.to_be_bytes().to_vec();
            batch.mutations.push(Mutation::Put {
                key: keys::aggregate(held.partition, id),
                value,
            });
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

    fn step(
        &mut self,
        read: &impl Read,
        codec: &mut impl Codec<D>,
        index: usize,
        record: &Incoming<'_>,
        unreadable: &BTreeMap<u32, String>,
        batch: &mut Batch,
    ) -> Result<(), StepError> {
        let (partition, offset) = (record.partition, record.offset);
        let before = match batch.cursors.get(&partition).or_else(|| self.open.get(&partition)) {
            Some(cursor) => *cursor,
            None => return Err(StepError::NotOpen { partition, offset }),
        };
        if offset < before.next_command_offset {
            return Err(StepError::WentBack {
                partition,
                offset,
                expected: before.next_command_offset,
            });
        }
        let clock_ms = before.clock_ms.max(record.timestamp_ms);
        batch.mutations.extend(forget(partition, before.clock_ms, clock_ms));
        batch.cursors.insert(
            partition,
            Cursor {
                next_command_offset: offset + 1,
                clock_ms,
                ..before
            },
        );

        match self.admit(codec, record, unreadable) {
            Ok(Admitted::Command(envelope)) => self
                .answer(read, codec, index, record, envelope, batch)
                .map_err(|error| StepError::Read { partition, error }),
            Ok(Admitted::Elsewhere(to_partition)) => {
                batch.tally.forwarded += 1;
                batch.outgoing.push(Outgoing::Forward {
                    incoming: index,
                    to_partition,
                });
                Ok(())
            }
            Err(Refused::DeadLetter(reason)) => {
                batch.tally.dead_letters += 1;
                batch.outgoing.push(Outgoing::DeadLetter { incoming: index, reason });
                Ok(())
            }
            Err(Refused::NotYet(schema_id)) => Err(StepError::UnknownSchema {
                schema_id,
                partition,
                offset,
            }),
        }
    }

    /// Is the record a command, and is it here that it is decided?
    fn admit(
        &self,
        codec: &mut impl Codec<D>,
        record: &Incoming<'_>,
        unreadable: &BTreeMap<u32, String>,
    ) -> Result<Admitted<D::Command>, Refused> {
        let bytes_max = self.limits.command_bytes_max;
        let key = record.key.ok_or(DeadLetter::NoKey)?;
        let value = record.value.ok_or(DeadLetter::NoValue)?;
        let belongs_in = topology::partition_of(key, self.limits.partitions);
        if value.len() > bytes_max {
            return Err(DeadLetter::Oversized {
                bytes: value.len(),
                bytes_max,
            }
            .into());
        }
        if belongs_in != record.partition {
            let misrouted = DeadLetter::Misrouted { belongs_in };
            return if record.forwarded {
                Err(misrouted.into())
            } else {
                Ok(Admitted::Elsewhere(belongs_in))
            };
        }
        match codec.decode_command(record.content_type, value) {
            Ok(envelope) if envelope.aggregate_id.as_bytes() == key => Ok(Admitted::Command(envelope)),
            Ok(envelope) => Err(DeadLetter::KeyDiffers {
                aggregate_id: envelope.aggregate_id,
            }
            .into()),
            Err(DecodeError::Malformed(reason)) => Err(DeadLetter::Malformed(reason).into()),
            Err(DecodeError::UnknownSchema(schema_id)) => match unreadable.get(&schema_id) {
                Some(reason) => Err(DeadLetter::UnknownSchema {
                    schema_id,
                    reason: reason.clone(),
                }
                .into()),
                None => Err(Refused::NotYet(schema_id)),
            },
        }
    }

    fn answer(
        &mut self,
        read: &impl Read,
        codec: &mut impl Codec<D>,
        index: usize,
        record: &Incoming<'_>,
        envelope: CommandEnvelope<D::Command>,
        batch: &mut Batch,
    ) -> Result<(), ReadError> {
        let partition = record.partition;
        let decided_at_ms = batch.cursor(partition).clock_ms;
        let command_id = envelope.command_id;
        let remembered = match self.answered.get(&command_id) {
            Some(found) => Some(found.clone()),
            None => Remembered::find(read, partition, decided_at_ms, command_id)?,
        };
        let outcome = match remembered {
            Some(found) => {
                batch.tally.repeated += 1;
                found.repeat(command_id, envelope.aggregate_id, record.offset)
            }
            None => self.answer_first(read, codec, index, record, envelope, batch)?,
        };
        let from = batch.bytes.len();
        codec.encode_outcome(&outcome, &mut batch.bytes);
        let value = from..batch.bytes.len();
        batch.outgoing.push(Outgoing::Outcome {
            incoming: index,
            value,
            status: outcome.status,
            decided_at_ms,
        });
        Ok(())
    }

    /// Decides a command whose id was never answered before.
    fn answer_first(
        &mut self,
        read: &impl Read,
        codec: &mut impl Codec<D>,
        index: usize,
        record: &Incoming<'_>,
        envelope: CommandEnvelope<D::Command>,
        batch: &mut Batch,
    ) -> Result<Outcome, ReadError> {
        let partition = record.partition;
        let held = self.aggregates.touch(read, partition, &envelope.aggregate_id)?;
        let decided = match envelope.expected_version {
            Some(expected) if expected != held.version => Err(version_differs(expected, held.version)),
            _ => D::decide(&envelope.aggregate_id, &held.state, &envelope.command),
        };
        let mut outcome = Outcome {
            command_id: envelope.command_id,
            aggregate_id: envelope.aggregate_id,
            status: Status::Rejected,
            version: held.version,
            sequence: batch.cursor(partition).sequence,
            event_count: 0,
            command_offset: record.offset,
            repeated: false,
            rejection: None,
        };
        match decided {
            Err(rejection) => {
                batch.tally.rejected += 1;
                outcome.rejection = Some(rejection);
            }
            Ok(events) => {
                batch.tally.accepted += 1;
                outcome.status = Status::Accepted;
                record_events(held, codec, index, partition, events, &mut outcome, batch);
            }
        }
        let remembered = Remembered::of(&outcome);
        batch
            .mutations
            .push(remembered.put(partition, batch.cursor(partition).clock_ms, outcome.command_id));
        self.answered.insert(outcome.command_id, remembered);
        Ok(outcome)
    }
}

/// Applies what was decided to the aggregate, and writes it down: as records, as mutations, and in the outcome.
fn record_events<D: Domain>(
    held: &mut Held<D::State>,
    codec: &mut impl Codec<D>,
    incoming: usize,
    partition: u32,
    events: Vec<D::Event>,
    outcome: &mut Outcome,
    batch: &mut Batch,
) {
    assert!(!events.is_empty(), "an accepted command has events");
    let Cursor {
        mut sequence,
        clock_ms: decided_at_ms,
        ..
    } = *batch.cursor(partition);
    outcome.event_count = u32::try_from(events.len()).expect("far fewer events than 2^32 come from one command");
    batch.tally.events += u64::from(outcome.event_count);
    let mut aggregate_id = std::mem::take(&mut outcome.aggregate_id);
    for event in events {
        D::evolve(&mut held.state, &event);
        D::store(&held.state, &event, &mut Parts::new(partition, &aggregate_id, &mut batch.mutations));
        held.version += 1;
        sequence += 1;
        let event_type = D::event_type(&event);
        let (version, command_id, command_offset) = (held.version, outcome.command_id, outcome.command_offset);
        let envelope = EventEnvelope {
            sequence,
            aggregate_id,
            version,
            command_id,
            command_offset,
            decided_at_ms,
            event,
        };
        let from = batch.bytes.len();
        codec.encode_event(&envelope, &mut batch.bytes);
        aggregate_id = envelope.aggregate_id;
        batch.outgoing.push(Outgoing::Event {
            incoming,
            value: from..batch.bytes.len(),
            event_type,
        });
    }
    held.changed = true;
    batch.cursor(partition).sequence = sequence;
    outcome.aggregate_id = aggregate_id;
    outcome.version = held.version;
    outcome.sequence = sequence;
}

enum Admitted<C> {
    Command(CommandEnvelope<C>),
    /// The key belongs in this partition.
    Elsewhere(u32),
}

enum Refused {
    DeadLetter(DeadLetter),
    NotYet(u32),
}

impl From<DeadLetter> for Refused {
    fn from(reason: DeadLetter) -> Self {
        Self::DeadLetter(reason)
    }
}

fn version_differs(expected: u64, actual: u64) -> Rejection {
    let fact = [("expected_version", expected), ("version", actual)].map(|(name, value)| (name.to_owned(), value.to_string()));
    Rejection {
        rule: "expected-version".to_owned(),
        message: format!("the command expects version {expected}, but the aggregate is at version {actual}"),
        facts: vec![BTreeMap::from(fact)],
    }
}
