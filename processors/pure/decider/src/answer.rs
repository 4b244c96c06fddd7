//! The answer to one command: the outcome of before where there was one, else a decision, its events and its outcome.

use crate::aggregates::NotLoaded;
use crate::batch::{Batch, Incoming, Outgoing};
use crate::events::{encode_events, record_events};
use crate::machine::StepFailure;
use crate::remembered::Remembered;
use crate::{
    COMMAND_ID_REUSED, Call, Codec, CommandEnvelope, Context, Cursor, Domain, EXPECTED_VERSION, Fingerprint, Machine, OUTCOME_LOST,
    Outcome, Rejection, Representation, Represented, Status, StepError, TYPE_DIFFERS,
};
use keyvalue::Read;

/// Of a header that a rejection quotes.
const HEADER_BYTES_SHOWN: usize = 80;

/// A command with where it was found.
struct Asked<'r, C> {
    /// Of the incoming record.
    index: usize,
    record: &'r Incoming<'r>,
    decided_at_ms: i64,
    envelope: CommandEnvelope<C>,
    fingerprint: Fingerprint,
}

impl<D: Domain> Machine<D> {
    pub(crate) fn answer(
        &mut self,
        read: &impl Read,
        codec: &mut impl Codec<D>,
        index: usize,
        record: &Incoming<'_>,
        envelope: CommandEnvelope<D::Command>,
        batch: &mut Batch,
    ) -> Result<(), StepFailure> {
        let partition = record.partition;
        let Cursor {
            decided_at_ms, clock_ms, ..
        } = self.tick(record, batch)?;
        self.command_id = Some(envelope.command_id);
        batch.call = Call::EncodeMeaning;
        let fingerprint = Fingerprint::of(codec, &envelope, &mut self.scratch);
        let (command_id, command_type) = (envelope.command_id, Represented::<D>::command_type(&envelope.command));
        let key = (envelope.aggregate_id.clone(), command_id);
        let periods = self.memories.periods;
        // The clock may have gone on within the batch: an answer is forgotten at the same time whatever the sizes of batches.
        let in_batch = self
            .answered
            .get(&key)
            .filter(|(answered_ms, _)| !periods.is_forgotten(*answered_ms, clock_ms));
        let remembered = match in_batch {
            Some((_, found)) => Some(found.clone()),
            None => {
                let committed_ms = self.cursor(partition).map_or(clock_ms, |cursor| cursor.clock_ms);
                let found = self.memories.find(read, partition, committed_ms, clock_ms, &key);
                found.map_err(|error| StepError::Read { partition, error })?
            }
        };
        let asked = Asked {
            index,
            record,
            decided_at_ms,
            envelope,
            fingerprint,
        };
        let outcome = match remembered {
            Some(found) if found.fingerprint == fingerprint => {
                batch.tally.repeated += 1;
                found.repeat(key, record.offset, clock_ms)
            }
            // The id keeps its first outcome: this one is not remembered.
            Some(found) => {
                let refused = Some(found.refuse(command_id, fingerprint));
                self.decide_one(read, codec, asked, refused, batch)?
            }
            None => {
                let outcome = self.decide_one(read, codec, asked, None, batch)?;
                let remembered = Remembered::of(&outcome);
                batch.mutations.push(self.memories.put(&remembered, partition, clock_ms, &key));
                self.answered.insert(key, (clock_ms, remembered));
                outcome
            }
        };
        let cursor = batch.cursor(partition, record.offset)?;
        cursor.answered = cursor.answered.max(outcome.sequence);
        let written = self.written.get(&partition);
        if let Some(written) = written
            && written.has_outcome(partition, &outcome)?
        {
            return Ok(());
        }
        let is_rewritten = written.is_some_and(|written| written.is_decided(record.offset));
        let from = batch.bytes.len();
        batch.call = Call::EncodeOutcome;
        codec.encode_outcome(&outcome, &mut batch.bytes);
        let value = from..batch.bytes.len();
        batch.outgoing.push(Outgoing::Outcome {
            incoming: index,
            value,
            status: outcome.status,
            command_id,
            command_type,
            decided_at_ms,
            is_rewritten,
        });
        Ok(())
    }

    /// Moves the partition's clock on to a command's time.
    fn tick(&mut self, record: &Incoming<'_>, batch: &mut Batch) -> Result<Cursor, StepError> {
        let cursor = batch.cursor(record.partition, record.offset)?;
        let before_ms = cursor.clock_ms;
        cursor.tick(record.timestamp_ms);
        let cursor = *cursor;
        let forgotten = self.memories.periods.forget(record.partition, before_ms, cursor.clock_ms);
        batch.mutations.extend(forgotten);
        Ok(cursor)
    }

    /// Decides a command that is not sent again, unless it is `refused` already.
    fn decide_one(
        &mut self,
        read: &impl Read,
        codec: &mut impl Codec<D>,
        asked: Asked<'_, D::Command>,
        refused: Option<Rejection>,
        batch: &mut Batch,
    ) -> Result<Outcome, StepFailure> {
        let Asked {
            index,
            record,
            decided_at_ms,
            envelope,
            fingerprint,
        } = asked;
        let (partition, offset) = (record.partition, record.offset);
        batch.call = Call::Load;
        let held = self.aggregates.touch(read, partition, &envelope.aggregate_id);
        let held = held.map_err(|error| match error {
            NotLoaded::Read(error) => StepFailure::Error(StepError::Read { partition, error }),
            NotLoaded::Refused(reason) => StepFailure::Domain(reason),
        })?;
        if held.partition != partition {
            let (aggregate_id, held_in) = (envelope.aggregate_id, held.partition);
            return Err(StepFailure::Error(StepError::Misplaced {
                partition,
                offset,
                aggregate_id,
                held_in,
            }));
        }
        batch.call = Call::Decide;
        let decided = match (refused, envelope.expected_version) {
            (Some(refused), _) => Err(refused),
            (None, Some(expected)) if expected != held.version => Err(version_differs(expected, held.version)),
            (None, _) => by_domain::<D>(record.command_type, decided_at_ms, &envelope, held.version, &held.state)?,
        };
        let Cursor { sequence, clock_ms, .. } = *batch.cursor(partition, offset)?;
        let decided = match self.written.get(&partition) {
            None => decided,
            Some(written) => written.as_before((partition, offset), sequence, decided)?,
        };
        let mut outcome = Outcome {
            command_id: envelope.command_id,
            aggregate_id: envelope.aggregate_id,
            status: Status::Rejected,
            version: held.version,
            sequence,
            event_count: 0,
            command_offset: offset,
            repeated: false,
            fingerprint,
            clock_ms,
            rejection: None,
        };
        match decided {
            Err(rejection) => {
                batch.tally.rejected += 1;
                outcome.rejection = Some(rejection.bounded());
            }
            Ok(events) => match encode_events(held, codec, events, self.written.get(&partition), &mut outcome, batch)? {
                Ok(encoded) => {
                    batch.tally.accepted += 1;
                    outcome.status = Status::Accepted;
                    record_events::<D>(held, index, encoded, &mut outcome, batch)?;
                }
                Err(rejection) => {
                    batch.tally.rejected += 1;
                    outcome.rejection = Some(rejection);
                }
            },
        }
        Ok(outcome)
    }
}

/// A header `type` may have a namespace in front of the name, as the schema has.
fn agreeing(header: Option<&[u8]>, command_type: &str) -> Result<(), Rejection> {
    let Some(header) = header.filter(|header| !header.is_empty()) else {
        return Ok(());
    };
    if header.rsplit(|byte| *byte == b'.').next() == Some(command_type.as_bytes()) {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&header[..header.len().min(HEADER_BYTES_SHOWN)]).into_owned();
    let message = format!("the record header type says {said:?}, but the command is a {command_type}; send it again with a new command_id");
    Err(Rejection::new(TYPE_DIFFERS, message)
        .fact("header", said)
        .fact("command", command_type))
}

/// What the domain decides, unless the header `type` of the record is that of another command.
fn by_domain<D: Domain>(
    header: Option<&[u8]>,
    decided_at_ms: i64,
    envelope: &CommandEnvelope<D::Command>,
    version: u64,
    state: &D::State,
) -> Result<Result<Vec<D::Event>, Rejection>, StepFailure> {
    let context = Context {
        aggregate_id: &envelope.aggregate_id,
        version,
        command_id: envelope.command_id,
        decided_at_ms,
    };
    match D::decide(&context, state, &envelope.command) {
        Err(rejection) if [COMMAND_ID_REUSED, TYPE_DIFFERS, OUTCOME_LOST].contains(&rejection.rule.as_str()) => {
            let reason = format!("it rejects the command by the rule {}, which is not for a domain", rejection.rule);
            Err(StepFailure::Domain(reason))
        }
        Err(rejection) => Ok(Err(rejection)),
        Ok(events) => Ok(agreeing(header, Represented::<D>::command_type(&envelope.command)).map(|()| events)),
    }
}

fn version_differs(expected: u64, actual: u64) -> Rejection {
    let message = format!("the command expects version {expected}, but the aggregate is at version {actual}");
    Rejection::new(EXPECTED_VERSION, message)
        .fact("expected_version", expected)
        .fact("version", actual)
}
