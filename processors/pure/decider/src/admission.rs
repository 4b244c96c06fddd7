//! Decides how to handle one incoming record: answer the command in it, send it on, or put it aside.

use crate::batch::{Batch, DeadLetter, Incoming, Outgoing};
use crate::containment::contain;
use crate::machine::StepFailure;
use crate::{Call, Codec, CommandEnvelope, Cursor, DecodeError, Domain, Machine, StepError};
use keyvalue::Read;
use std::collections::BTreeMap;

/// Every event and outcome of a command repeats its key, next to a value whose size is bounded.
const KEY_BYTES_MAX: usize = 1024;

impl<D: Domain> Machine<D> {
    pub(crate) fn step(
        &mut self,
        read: &impl Read,
        codec: &mut impl Codec<D>,
        index: usize,
        record: &Incoming<'_>,
        unreadable: &BTreeMap<u32, String>,
        batch: &mut Batch,
    ) -> Result<(), StepFailure> {
        let (partition, offset) = (record.partition, record.offset);
        let before = match batch.cursors.get(&partition).or_else(|| self.open.get(&partition)) {
            Some(cursor) => *cursor,
            None => return Err(StepError::NotOpen { partition, offset }.into()),
        };
        if offset < before.next_command_offset {
            return Err(StepError::WentBack {
                partition,
                offset,
                expected: before.next_command_offset,
            }
            .into());
        }
        let next_command_offset = offset + 1;
        batch.cursors.insert(
            partition,
            Cursor {
                next_command_offset,
                ..before
            },
        );

        batch.call = Call::DecodeCommand;
        match self.admit(codec, record, unreadable) {
            Ok(Admitted::Command(envelope)) => self.answer(read, codec, index, record, envelope, batch),
            Ok(Admitted::Elsewhere(_)) if self.written.get(&partition).is_some_and(|written| written.has_copy(record)) => Ok(()),
            Ok(Admitted::Elsewhere(to_partition)) => {
                batch.tally.forwarded += 1;
                batch.outgoing.push(Outgoing::Forward {
                    incoming: index,
                    to_partition,
                });
                Ok(())
            }
            Err(Refused::DeadLetter(_)) if self.written.get(&partition).is_some_and(|written| written.has_letter(offset)) => Ok(()),
            Err(Refused::DeadLetter(reason)) => {
                batch.tally.dead_letters += 1;
                let readable = record.value.filter(|value| value.len() <= self.limits.command_bytes_max);
                let identity = readable.map(|value| codec.identify(record.content_type, value)).unwrap_or_default();
                batch.outgoing.push(Outgoing::DeadLetter {
                    incoming: index,
                    reason,
                    identity,
                });
                Ok(())
            }
            Err(Refused::NotYet(schema_id)) => Err(StepError::UnknownSchema {
                schema_id,
                partition,
                offset,
            }
            .into()),
        }
    }

    /// Whether the record is a command that is decided in its partition, and so gets an outcome.
    ///
    /// # Errors
    /// The id of the schema that has to be learned, or given as unreadable, before that is known.
    pub fn gets_outcome(&self, codec: &mut impl Codec<D>, record: &Incoming<'_>, unreadable: &BTreeMap<u32, String>) -> Result<bool, u32> {
        match contain(|| self.admit(codec, record, unreadable)) {
            // What the codec fails at is no dead letter either.
            Ok(Ok(Admitted::Command(_))) | Err(_) => Ok(true),
            Ok(Ok(Admitted::Elsewhere(_)) | Err(Refused::DeadLetter(_))) => Ok(false),
            Ok(Err(Refused::NotYet(schema_id))) => Err(schema_id),
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
        if key.iter().any(u8::is_ascii_control) {
            return Err(DeadLetter::ControlCharacter.into());
        }
        if key.len() > KEY_BYTES_MAX {
            return Err(DeadLetter::KeyTooLong {
                bytes: key.len(),
                bytes_max: KEY_BYTES_MAX,
            }
            .into());
        }
        let belongs_in = topology::partition_of(key, self.limits.partitions);
        if value.len() > bytes_max {
            return Err(DeadLetter::Oversized {
                bytes: value.len(),
                bytes_max,
            }
            .into());
        }
        if belongs_in != record.partition {
            // Whatever its headers say of where it comes from: all processors send it to the same place, and there it stays (decision 0018).
            return Ok(Admitted::Elsewhere(belongs_in));
        }
        match codec.decode_command(record.content_type, value) {
            Ok(envelope) if envelope.aggregate_id.as_bytes() != key => Err(DeadLetter::KeyDiffers {
                aggregate_id: envelope.aggregate_id,
            }
            .into()),
            Ok(CommandEnvelope { command_id, .. }) if command_id.is_nil() || command_id.is_max() => {
                Err(DeadLetter::NoCommandId { command_id }.into())
            }
            Ok(envelope) => Ok(Admitted::Command(envelope)),
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
