//! The answer to one command: the outcome of before where there was one, else a decision, its events and its outcome.

use crate::aggregates::Held;
use crate::batch::{Batch, Incoming, Outgoing};
use crate::remembered::{Remembered, forget};
use crate::{Codec, CommandEnvelope, Cursor, Domain, EventEnvelope, Machine, Outcome, Parts, Rejection, Status, StepError, Written};
use keyvalue::Read;
use std::collections::BTreeMap;

impl<D: Domain> Machine<D> {
    pub(crate) fn answer(
        &mut self,
        read: &impl Read,
        codec: &mut impl Codec<D>,
        index: usize,
        record: &Incoming<'_>,
        envelope: CommandEnvelope<D::Command>,
        batch: &mut Batch,
    ) -> Result<(), StepError> {
        let partition = record.partition;
        let decided_at_ms = tick(partition, record.timestamp_ms, batch);
        let command_id = envelope.command_id;
        let remembered = match self.answered.get(&(partition, command_id)) {
            Some(found) => Some(found.clone()),
            None => {
                let committed_ms = self.cursor(partition).map_or(decided_at_ms, |cursor| cursor.clock_ms);
                let found = self.memories.find(read, partition, committed_ms, decided_at_ms, command_id);
                found.map_err(|error| StepError::Read { partition, error })?
            }
        };
        let outcome = match remembered {
            Some(found) => {
                batch.tally.repeated += 1;
                found.repeat(command_id, envelope.aggregate_id, record.offset)
            }
            None => self.answer_first(read, codec, index, record, envelope, batch)?,
        };
        let cursor = batch.cursor(partition);
        cursor.answered = cursor.answered.max(outcome.sequence);
        if let Some(written) = self.written.get(&partition)
            && written.has_outcome(partition, &outcome)?
        {
            return Ok(());
        }
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
    ) -> Result<Outcome, StepError> {
        let partition = record.partition;
        let held = self.aggregates.touch(read, partition, &envelope.aggregate_id);
        let held = held.map_err(|error| StepError::Read { partition, error })?;
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
                let written = self.written.get(&partition);
                record_events(held, codec, index, events, written, &mut outcome, batch)?;
            }
        }
        let remembered = Remembered::of(&outcome);
        let put = remembered.put(partition, batch.cursor(partition).clock_ms, outcome.command_id);
        batch.mutations.push(put);
        self.answered.insert((partition, outcome.command_id), remembered);
        Ok(outcome)
    }
}

/// Moves the partition's clock on to a command's time. Only what is answered moves it: a state that is rebuilt from the log knows the
/// times of outcomes, and nothing of dead letters and of what was forwarded.
fn tick(partition: u32, timestamp_ms: i64, batch: &mut Batch) -> i64 {
    let cursor = batch.cursor(partition);
    let (before_ms, clock_ms) = (cursor.clock_ms, cursor.clock_ms.max(timestamp_ms));
    cursor.clock_ms = clock_ms;
    batch.mutations.extend(forget(partition, before_ms, clock_ms));
    clock_ms
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
    assert!(!events.is_empty(), "an accepted command has events");
    let partition = held.partition;
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
        held.version += 1;
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
            codec.encode_event(&envelope, &mut batch.bytes);
            batch.outgoing.push(Outgoing::Event {
                incoming,
                value: from..batch.bytes.len(),
                event_type,
            });
        }
        aggregate_id = envelope.aggregate_id;
    }
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
