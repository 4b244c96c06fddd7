//! Where the records of one log belong in another with more partitions, and under which numbers. Pure.
//!
//! Every aggregate keeps its events in their order, with their versions; a partition's sequences are counted again. The commands stay in the old
//! log, so that what answers them has negative command offsets, which no command of the new log ever has.

use super::step::{Headers, Step};
use decider::{EventEnvelope, Fingerprint, Outcome, Status};
use std::collections::BTreeMap;
use std::marker::PhantomData;

/// A record of the new log.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Placed<E> {
    Event {
        partition: u32,
        event: EventEnvelope<E>,
        headers: Headers,
    },
    Outcome {
        partition: u32,
        outcome: Outcome,
        /// The record's timestamp: when it was decided.
        timestamp_ms: i64,
        headers: Headers,
    },
}

/// How far one partition of the new log has come.
#[derive(Debug, Clone, Copy, Default)]
struct Reached {
    sequence: u64,
    next_command: i64,
    /// The greatest sequence that an outcome tells.
    answered: u64,
}

/// Places the steps of the old log, one after the other.
pub(super) struct Placing<E> {
    partitions: u32,
    reached: BTreeMap<u32, Reached>,
    /// What answers the last events of a partition, where the old log keeps their outcome no longer.
    derived: BTreeMap<u32, (Outcome, i64)>,
    /// The latest clock of all partitions of the old log. Each of them had its own, and command ids are remembered by it: under the latest
    /// one none is forgotten too early.
    clock_ms: i64,
    events: PhantomData<fn(E)>,
}

impl<E> Placing<E> {
    /// With commands numbered from 0, for counting them.
    pub(super) fn counting(partitions: u32) -> Self {
        Self {
            partitions,
            reached: BTreeMap::new(),
            derived: BTreeMap::new(),
            clock_ms: 0,
            events: PhantomData,
        }
    }

    /// The same steps again, with commands numbered so that the last one of each partition is -1.
    pub(super) fn again(self) -> Self {
        let begin = |reached: Reached| Reached {
            next_command: -reached.next_command,
            ..Reached::default()
        };
        Self {
            partitions: self.partitions,
            reached: self
                .reached
                .into_iter()
                .map(|(partition, reached)| (partition, begin(reached)))
                .collect(),
            derived: BTreeMap::new(),
            clock_ms: self.clock_ms,
            events: PhantomData,
        }
    }

    /// What becomes of one command's events and outcome. An outcome by which no command id is remembered is not copied.
    pub(super) fn place(&mut self, step: Step<E>) -> Vec<Placed<E>> {
        let clocks = step.outcomes.iter().map(|answer| answer.outcome.clock_ms);
        self.clock_ms = clocks.fold(self.clock_ms, i64::max);
        let mut outcomes = step.outcomes.into_iter();
        let outcome = outcomes.find(|answer| !answer.outcome.repeated && !answer.outcome.refuses_id());
        let of = step.events.first().map(|event| &event.envelope.aggregate_id);
        let Some(aggregate_id) = of.or(outcome.as_ref().map(|answer| &answer.outcome.aggregate_id)) else {
            return Vec::new();
        };
        let partition = topology::partition_of(aggregate_id.as_bytes(), self.partitions);
        let reached = self.reached.entry(partition).or_default();
        let command_offset = reached.next_command;
        reached.next_command += 1;
        let mut placed = Vec::new();
        for event in step.events {
            reached.sequence += 1;
            let (sequence, headers) = (reached.sequence, event.headers);
            let event = EventEnvelope {
                sequence,
                command_offset,
                ..event.envelope
            };
            placed.push(Placed::Event { partition, event, headers });
        }
        match outcome {
            Some(answer) => {
                reached.answered = reached.sequence;
                placed.push(Placed::Outcome {
                    partition,
                    outcome: Outcome {
                        sequence: reached.sequence,
                        command_offset,
                        clock_ms: self.clock_ms,
                        ..answer.outcome
                    },
                    timestamp_ms: answer.timestamp_ms,
                    headers: answer.headers,
                });
            }
            None => {
                if let Some(derived) = derived(&placed) {
                    self.derived.insert(partition, derived);
                }
            }
        }
        placed
    }

    /// At the end: a partition whose last events have no outcome gets one, because a processor compares the last outcome with the last event
    /// when it takes the partition over. It says that it repeats what is gone: no command id is remembered by it.
    pub(super) fn finish(&mut self) -> Vec<Placed<E>> {
        let mut placed = Vec::new();
        for (partition, (outcome, timestamp_ms)) in std::mem::take(&mut self.derived) {
            let reached = self.reached.entry(partition).or_default();
            if reached.answered < reached.sequence {
                let command_offset = reached.next_command;
                reached.next_command += 1;
                placed.push(Placed::Outcome {
                    partition,
                    outcome: Outcome {
                        command_offset,
                        clock_ms: self.clock_ms,
                        ..outcome
                    },
                    timestamp_ms,
                    headers: vec![("status".to_owned(), Some(Status::Accepted.name().into()))],
                });
            }
        }
        placed
    }
}

/// The outcome of an accepted command, as its events tell it.
fn derived<E>(placed: &[Placed<E>]) -> Option<(Outcome, i64)> {
    let Placed::Event { event, .. } = placed.last()? else {
        return None;
    };
    let outcome = Outcome {
        command_id: event.command_id,
        aggregate_id: event.aggregate_id.clone(),
        status: Status::Accepted,
        version: event.version,
        sequence: event.sequence,
        event_count: u32::try_from(placed.len()).ok()?,
        command_offset: event.command_offset,
        repeated: true,
        fingerprint: Fingerprint::default(),
        clock_ms: 0,
        rejection: None,
    };
    Some((outcome, event.decided_at_ms))
}

#[cfg(test)]
mod tests;
