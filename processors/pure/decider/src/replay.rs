//! Taking over: what the log already says is folded into the state, without deciding anything again.

use crate::aggregates::NotLoaded;
use crate::containment::contain;
use crate::remembered::Remembered;
use crate::{Call, Cursor, Domain, DomainFailure, EventEnvelope, Machine, Outcome, Parts, Representation, Represented};
use keyvalue::{Mutation, Read, ReadError};
use rustc_hash::FxHashMap;

/// A record of the log with where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay<T> {
    pub offset: i64,
    /// The record's timestamp, milliseconds since the epoch.
    pub timestamp_ms: i64,
    pub value: T,
}

/// The log and the state do not fit together. The partition must not be processed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    #[error("events {partition}/{offset} has sequence {found} where {expected} should follow: events are missing")]
    SequenceGap {
        partition: u32,
        offset: i64,
        found: u64,
        expected: u64,
    },
    #[error("events {partition}/{offset} has version {found} of {aggregate_id} where {expected} should follow")]
    VersionGap {
        partition: u32,
        offset: i64,
        aggregate_id: String,
        found: u64,
        expected: u64,
    },
    /// Only the partition that an aggregate's id hashes to may hold its events and outcomes.
    #[error(
        "{topic} {partition}/{offset} is of {aggregate_id}, which belongs in partition {belongs_in} of {partitions}: it was decided under \
         another number of partitions, or written by another program"
    )]
    Misplaced {
        topic: &'static str,
        partition: u32,
        offset: i64,
        aggregate_id: String,
        belongs_in: u32,
        partitions: u32,
    },
    #[error(
        "partition {partition}: the state has answered the commands before offset {state}, but the group has committed {committed}: \
         was the offset reset, or is the state of another topic?"
    )]
    StateAhead { partition: u32, state: i64, committed: i64 },
    /// The event is in the log, and this program cannot apply it.
    #[error("events {0}")]
    Domain(Box<DomainFailure>),
    #[error("partition {partition} is not open")]
    NotOpen { partition: u32 },
    #[error("partition {partition}: {error}")]
    Read { partition: u32, error: ReadError },
}

/// Why an event could not be applied.
enum FoldFailure {
    Error(ReplayError),
    Domain(String),
}

impl<D: Domain> Machine<D> {
    /// Folds events of an open partition, in offset order, into its aggregates. Events that the state already holds are skipped.
    /// The mutations are to be written in one piece before the next call; on an error the partition is to be closed. No batch may be
    /// undecided meanwhile: what it has touched would count as committed.
    pub fn replay_events(
        &mut self,
        read: &impl Read,
        partition: u32,
        events: &[Replay<EventEnvelope<D::Event>>],
    ) -> Result<Vec<Mutation>, ReplayError> {
        let mut cursor = self.cursor(partition).ok_or(ReplayError::NotOpen { partition })?;
        let mut mutations = Vec::new();
        let last = last_of_each::<D>(events);
        for (index, Replay { offset, value: event, .. }) in events.iter().enumerate() {
            let (offset, expected) = (*offset, cursor.sequence + 1);
            cursor.next_event_offset = cursor.next_event_offset.max(offset + 1);
            if event.sequence < expected {
                continue;
            }
            if event.sequence > expected {
                return Err(ReplayError::SequenceGap {
                    partition,
                    offset,
                    found: event.sequence,
                    expected,
                });
            }
            self.belongs("events", partition, offset, &event.aggregate_id)?;
            let mut call = Call::Load;
            let is_stored = !Represented::<D>::IS_WHOLE || last.get(event.aggregate_id.as_str()) == Some(&index);
            let mut stored = is_stored.then_some(&mut mutations);
            let folded = contain(|| self.fold(read, partition, offset, event, &mut call, stored.take()));
            folded
                .unwrap_or_else(|reason| Err(FoldFailure::Domain(reason)))
                .map_err(|failure| match failure {
                    FoldFailure::Error(error) => error,
                    FoldFailure::Domain(reason) => ReplayError::Domain(Box::new(DomainFailure {
                        partition,
                        offset,
                        aggregate_id: event.aggregate_id.clone(),
                        command_id: Some(event.command_id),
                        call,
                        reason,
                    })),
                })?;
            cursor.sequence = event.sequence;
        }
        self.aggregates.keep_touched();
        self.set_cursor(partition, cursor, &mut mutations);
        Ok(mutations)
    }

    /// Applies one event, which follows on the partition's state, and notes what is to be stored of the aggregate now, unless that comes with a
    /// later event.
    fn fold(
        &mut self,
        read: &impl Read,
        partition: u32,
        offset: i64,
        event: &EventEnvelope<D::Event>,
        call: &mut Call,
        mutations: Option<&mut Vec<Mutation>>,
    ) -> Result<(), FoldFailure> {
        let aggregate_id = &event.aggregate_id;
        let touched = self.aggregates.touch(read, partition, aggregate_id);
        let held = touched.map_err(|error| match error {
            NotLoaded::Read(error) => FoldFailure::Error(ReplayError::Read { partition, error }),
            NotLoaded::Refused(reason) => FoldFailure::Domain(reason),
        })?;
        let expected = held.version + 1;
        if event.version != expected {
            let (aggregate_id, found) = (aggregate_id.clone(), event.version);
            return Err(FoldFailure::Error(ReplayError::VersionGap {
                partition,
                offset,
                aggregate_id,
                found,
                expected,
            }));
        }
        *call = Call::Evolve;
        D::evolve(&mut held.state, &event.event);
        held.version = event.version;
        if let Some(mutations) = mutations {
            *call = Call::Store;
            let mut parts = Parts::new(partition, aggregate_id, held.version, mutations);
            Represented::<D>::store(&held.state, &event.event, &mut parts);
            parts.finish();
            *call = Call::Size;
            held.bytes = Represented::<D>::size_bytes(&held.state);
        }
        Ok(())
    }

    /// Remembers the outcomes of an open partition, in offset order, so that no command in them is decided again. Outcomes that the
    /// state already holds are skipped.
    pub fn replay_outcomes(&mut self, partition: u32, outcomes: &[Replay<Outcome>]) -> Result<Vec<Mutation>, ReplayError> {
        self.remember_outcomes(partition, outcomes, false)
    }

    /// The same of outcomes whose commands are of a topic that was deleted since: their offsets say nothing of the one that is there now.
    pub fn replay_former_outcomes(&mut self, partition: u32, outcomes: &[Replay<Outcome>]) -> Result<Vec<Mutation>, ReplayError> {
        self.remember_outcomes(partition, outcomes, true)
    }

    fn remember_outcomes(&mut self, partition: u32, outcomes: &[Replay<Outcome>], are_former: bool) -> Result<Vec<Mutation>, ReplayError> {
        let mut cursor = self.cursor(partition).ok_or(ReplayError::NotOpen { partition })?;
        let mut mutations = Vec::new();
        for Replay {
            offset,
            timestamp_ms,
            value: outcome,
        } in outcomes
        {
            if *offset < cursor.next_outcome_offset {
                continue;
            }
            self.belongs("outcomes", partition, *offset, &outcome.aggregate_id)?;
            cursor.next_outcome_offset = offset + 1;
            cursor.answered = cursor.answered.max(outcome.sequence);
            // One that was lost and written again comes after those of later commands, which have moved the clock already.
            let is_late = if are_former {
                outcome.clock_ms < cursor.clock_ms
            } else {
                outcome.command_offset < cursor.next_command_offset
            };
            if !is_late {
                cursor.decided_at_ms = *timestamp_ms;
                mutations.extend(self.memories.periods.forget(partition, cursor.clock_ms, outcome.clock_ms));
                cursor.clock_ms = outcome.clock_ms;
            }
            if !are_former {
                cursor.next_command_offset = cursor.next_command_offset.max(outcome.command_offset + 1);
            }
            let is_forgotten = self.memories.periods.is_forgotten(outcome.clock_ms, cursor.clock_ms);
            if !outcome.repeated && !outcome.refuses_id() && !is_forgotten {
                let key = (outcome.aggregate_id.clone(), outcome.command_id);
                let put = self.memories.put(&Remembered::of(outcome), partition, outcome.clock_ms, &key);
                mutations.push(put);
            }
        }
        self.set_cursor(partition, cursor, &mut mutations);
        Ok(mutations)
    }

    /// After the replay: commands before `next_command_offset` were answered by a dead letter or forwarded, which leave no outcome.
    ///
    /// # Errors
    /// When the state has answered later commands than that.
    pub fn resume_at(&mut self, partition: u32, next_command_offset: i64) -> Result<Vec<Mutation>, ReplayError> {
        let cursor = self.cursor(partition).ok_or(ReplayError::NotOpen { partition })?;
        if next_command_offset < cursor.next_command_offset {
            return Err(ReplayError::StateAhead {
                partition,
                state: cursor.next_command_offset,
                committed: next_command_offset,
            });
        }
        let mut mutations = Vec::new();
        self.set_cursor(
            partition,
            Cursor {
                next_command_offset,
                ..cursor
            },
            &mut mutations,
        );
        Ok(mutations)
    }

    /// Sets the partition's clock to what it was at the decision of a command: for who knows of none before it.
    pub fn set_clock(&mut self, partition: u32, decided_at_ms: i64, clock_ms: i64) -> Result<Vec<Mutation>, ReplayError> {
        let cursor = self.cursor(partition).ok_or(ReplayError::NotOpen { partition })?;
        let mut mutations = Vec::new();
        let cursor = Cursor {
            decided_at_ms,
            clock_ms,
            ..cursor
        };
        self.set_cursor(partition, cursor, &mut mutations);
        Ok(mutations)
    }

    /// Refuses a record of an aggregate that belongs in another partition.
    fn belongs(&self, topic: &'static str, partition: u32, offset: i64, aggregate_id: &str) -> Result<(), ReplayError> {
        let partitions = self.limits.partitions;
        let belongs_in = topology::partition_of(aggregate_id.as_bytes(), partitions);
        if belongs_in == partition {
            return Ok(());
        }
        Err(ReplayError::Misplaced {
            topic,
            partition,
            offset,
            aggregate_id: aggregate_id.to_owned(),
            belongs_in,
            partitions,
        })
    }

    fn set_cursor(&mut self, partition: u32, cursor: Cursor, mutations: &mut Vec<Mutation>) {
        self.open.insert(partition, cursor);
        mutations.push(cursor.mutation(partition));
    }
}

/// Of each aggregate, the index of its last event. Only of aggregates that are stored as a whole: they are stored once for all of these events.
fn last_of_each<D: Domain>(events: &[Replay<EventEnvelope<D::Event>>]) -> FxHashMap<&str, usize> {
    let numbered = events.iter().enumerate().filter(|_| Represented::<D>::IS_WHOLE);
    numbered.map(|(index, event)| (event.value.aggregate_id.as_str(), index)).collect()
}
