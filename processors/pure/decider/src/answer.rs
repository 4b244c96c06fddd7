//! The answer to one command: the outcome of before where there was one, else a decision, its events and its outcome.

use crate::aggregates::{Held, NotLoaded};
use crate::batch::{Batch, Incoming, Outgoing};
use crate::machine::StepFailure;
use crate::remembered::Remembered;
use crate::{
    COMMAND_ID_REUSED, Call, Codec, CommandEnvelope, Cursor, Domain, EventEnvelope, Fingerprint, Machine, Outcome, Parts, Rejection,
    Status, StepError, Written,
};
use keyvalue::Read;
use std::collections::BTreeMap;

/// A command with where it was found.
struct Asked<C> {
    /// Of the incoming record.
    index: usize,
    offset: i64,
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
        } = self.tick(partition, record.timestamp_ms, batch);
        self.command_id = Some(envelope.command_id);
        batch.call = Call::EncodeMeaning;
        let fingerprint = Fingerprint::of(codec, &envelope, &mut self.scratch);
        let key = (envelope.aggregate_id.clone(), envelope.command_id);
        let remembered = match self.answered.get(&key) {
            Some(found) => Some(found.clone()),
            None => {
                let committed_ms = self.cursor(partition).map_or(clock_ms, |cursor| cursor.clock_ms);
                let found = self.memories.find(read, partition, committed_ms, clock_ms, &key);
                found.map_err(|error| StepError::Read { partition, error })?
            }
        };
        let outcome = match remembered {
            Some(found) if found.fingerprint == fingerprint => {
                batch.tally.repeated += 1;
                found.repeat(key, record.offset, clock_ms)
            }
            // The id keeps its first outcome: this one is not remembered.
            Some(found) => {
                let refused = Some(found.refuse(envelope.command_id, fingerprint));
                let asked = Asked {
                    index,
                    offset: record.offset,
                    envelope,
                    fingerprint,
                };
                self.decide_one(read, codec, partition, asked, refused, batch)?
            }
            None => {
                let asked = Asked {
                    index,
                    offset: record.offset,
                    envelope,
                    fingerprint,
                };
                let outcome = self.decide_one(read, codec, partition, asked, None, batch)?;
                let remembered = Remembered::of(&outcome);
                batch.mutations.push(self.memories.put(&remembered, partition, clock_ms, &key));
                self.answered.insert(key, remembered);
                outcome
            }
        };
        let cursor = batch.cursor(partition);
        cursor.answered = cursor.answered.max(outcome.sequence);
        if let Some(written) = self.written.get(&partition)
            && written.has_outcome(partition, &outcome)?
        {
            return Ok(());
        }
        let from = batch.bytes.len();
        batch.call = Call::EncodeOutcome;
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

    /// Moves the partition's clock on to a command's time.
    fn tick(&mut self, partition: u32, timestamp_ms: i64, batch: &mut Batch) -> Cursor {
        let cursor = batch.cursor(partition);
        let before_ms = cursor.clock_ms;
        cursor.tick(timestamp_ms);
        let cursor = *cursor;
        let forgotten = self.memories.periods.forget(partition, before_ms, cursor.clock_ms);
        batch.mutations.extend(forgotten);
        cursor
    }

    /// Decides a command that is not sent again, unless it is `refused` already.
    fn decide_one(
        &mut self,
        read: &impl Read,
        codec: &mut impl Codec<D>,
        partition: u32,
        asked: Asked<D::Command>,
        refused: Option<Rejection>,
        batch: &mut Batch,
    ) -> Result<Outcome, StepFailure> {
        let Asked {
            index,
            offset,
            envelope,
            fingerprint,
        } = asked;
        batch.call = Call::Load;
        let held = self.aggregates.touch(read, partition, &envelope.aggregate_id);
        let held = held.map_err(|error| match error {
            NotLoaded::Read(error) => StepFailure::Error(StepError::Read { partition, error }),
            NotLoaded::Refused(reason) => StepFailure::Domain(reason),
        })?;
        batch.call = Call::Decide;
        let decided = match (refused, envelope.expected_version) {
            (Some(refused), _) => Err(refused),
            (None, Some(expected)) if expected != held.version => Err(version_differs(expected, held.version)),
            (None, _) => match D::decide(&envelope.aggregate_id, &held.state, &envelope.command) {
                Err(rejection) if rejection.rule == COMMAND_ID_REUSED => {
                    let reason = format!("it rejects the command by the rule {COMMAND_ID_REUSED}, which is not for a domain");
                    return Err(StepFailure::Domain(reason));
                }
                decided => decided,
            },
        };
        let Cursor { sequence, clock_ms, .. } = *batch.cursor(partition);
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
            Ok(events) => {
                batch.tally.accepted += 1;
                outcome.status = Status::Accepted;
                let written = self.written.get(&partition);
                record_events(held, codec, index, events, written, &mut outcome, batch)?;
            }
        }
        Ok(outcome)
    }
}

/// Applies what was decided to the aggregate, and writes it down: as records, as mutations, and in the outcome.
fn record_events<D: Domain>(
    held: &mut Held<D::State>,
    codec: &mut impl Codec<D>,
    incoming: usize,
    events: Vec<D::Event>,
    written: Option<&Written>,
    outcome: &mut Outcome,
    batch: &mut Batch,
) -> Result<(), StepError> {
    let partition = held.partition;
    let Cursor {
        mut sequence,
        decided_at_ms,
        ..
    } = *batch.cursor(partition);
    outcome.event_count = u32::try_from(events.len()).expect("far fewer events than 2^32 come from one command");
    batch.tally.events += u64::from(outcome.event_count);
    let mut aggregate_id = std::mem::take(&mut outcome.aggregate_id);
    for event in events {
        batch.call = Call::Evolve;
        D::evolve(&mut held.state, &event);
        held.version += 1;
        batch.call = Call::Store;
        let mut parts = Parts::new(partition, &aggregate_id, held.version, &mut batch.mutations);
        D::store(&held.state, &event, &mut parts);
        parts.finish();
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
        let is_written = match written {
            None => false,
            Some(written) => written.has_event(partition, &envelope)?,
        };
        if !is_written {
            let from = batch.bytes.len();
            batch.call = Call::EncodeEvent;
            codec.encode_event(&envelope, &mut batch.bytes);
            batch.outgoing.push(Outgoing::Event {
                incoming,
                value: from..batch.bytes.len(),
                event_type,
            });
        }
        aggregate_id = envelope.aggregate_id;
    }
    batch.call = Call::Size;
    held.bytes = D::size_bytes(&held.state);
    batch.cursor(partition).sequence = sequence;
    outcome.aggregate_id = aggregate_id;
    outcome.version = held.version;
    outcome.sequence = sequence;
    Ok(())
}

fn version_differs(expected: u64, actual: u64) -> Rejection {
    let fact = [("expected_version", expected), ("version", actual)].map(|(name, value)| (name.to_owned(), value.to_string()));
    Rejection {
        rule: "expected-version".to_owned(),
        message: format!("the command expects version {expected}, but the aggregate is at version {actual}"),
        facts: vec![BTreeMap::from(fact)],
    }
}
