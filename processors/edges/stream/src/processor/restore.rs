//! Taking over partitions: the state is brought up to the log before anything is decided.
//!
//! In this order, because each step makes the next one's answer final: the group's offsets once no transaction that writes them is
//! open (a dead owner's is ended by fencing its transactional id); the end of the log as it is, open transactions included; the events and
//! outcomes up to it; the comparison of both sides; the claim, which tells the next owner whose transactions to end.

mod fencing;
mod lost;
mod readers;
pub(super) mod replay;
mod torn;

use super::consumer::GroupContext;
use super::lane::Lane;
use super::scout::Committed;
use super::{Observe, Restored, SchemaSource};
use crate::marks::Question;
use crate::reader::ReadFailure;
use decider::{Codec, Cursor, Domain, ReplayError};
use keyvalue::{Read, ReadError, Write, WriteError};
pub(super) use readers::Readers;
use replay::{Kind, NO_PROGRESS_MAX};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
pub(super) use torn::Tear;
use torn::WRITTEN_RECORDS_MAX;

/// What keeps a processor from taking over. A person has to decide; nothing is reset.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error(transparent)]
    Replay(#[from] ReplayError),
    #[error(transparent)]
    Read(#[from] ReadFailure),
    #[error("the state directory cannot be read: {0}")]
    State(#[from] ReadError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(
        "partition {partition}: the state has decided all commands before {state}, but the group has committed only {committed}: was the \
         group's offset reset, or is this state of another cluster? Give the processor an empty state directory, or set the offset to {state}"
    )]
    StateAhead { partition: u32, state: i64, committed: i64 },
    #[error(
        "partition {partition}: somebody has set the group's offset to {committed}, but the state has decided the commands before {state}: those \
         between would never be answered. Set it back with kafka-consumer-groups --reset-offsets --to-offset {state}"
    )]
    OffsetMoved { partition: u32, state: i64, committed: i64 },
    #[error(
        "partition {partition}: the outcomes speak of {answered} events, and there are {events}: a transaction is torn, or the events were \
         deleted. `aerolog audit` shows where"
    )]
    EventsMissing { partition: u32, events: u64, answered: u64 },
    #[error(
        "partition {partition}: the events end at {events}, and no outcome speaks of those after {answered}: a transaction is torn. \
         `aerolog audit` shows where"
    )]
    OutcomesMissing { partition: u32, events: u64, answered: u64 },
    #[error(
        "partition {partition}: the group's offset says that all commands before {answered} have outcomes, but the outcomes end with that of the \
         one before {state}: a transaction is torn. `aerolog audit` shows where"
    )]
    AnswersMissing { partition: u32, state: i64, answered: i64 },
    #[error(
        "partition {partition}: behind a transaction that is torn there are more than {WRITTEN_RECORDS_MAX} events and outcomes. `aerolog audit` \
         shows where"
    )]
    TornTooFar { partition: u32 },
    #[error(
        "partition {partition}: the group has no committed offset, but {state} commands were decided: it has expired or was deleted. Set it \
         with kafka-consumer-groups --reset-offsets --to-offset {state}"
    )]
    NoOffset { partition: u32, state: i64 },
    #[error("partition {partition} of {topic}: the state ends at {offset}, the log holds {low} to {high}: what lies between is missing")]
    Missing {
        topic: String,
        partition: u32,
        offset: i64,
        low: i64,
        high: i64,
    },
    #[error(
        "partition {partition} of {topic}: the next command to decide is {next}, the log begins at {low}: what lies between is gone. If nothing \
         was lost by that, say so with kafka-consumer-groups --reset-offsets --to-offset {low}"
    )]
    CommandsGone {
        topic: String,
        partition: u32,
        next: i64,
        low: i64,
    },
    #[error("the record at {topic}/{partition} offset {offset} cannot be read: {reason}")]
    Undecodable {
        topic: String,
        partition: u32,
        offset: i64,
        reason: String,
    },
    #[error("no progress in reading {topic} up to its end for {} s: is a transaction of another program open there?", NO_PROGRESS_MAX.as_secs())]
    NoProgress { topic: String },
}

impl RestoreError {
    /// The one partition that this is about; `None` where it is about all of them.
    pub(super) fn partition(&self) -> Option<u32> {
        match self {
            Self::Replay(
                ReplayError::SequenceGap { partition, .. }
                | ReplayError::VersionGap { partition, .. }
                | ReplayError::StateAhead { partition, .. },
            ) => Some(*partition),
            Self::Replay(ReplayError::Domain(failure)) => Some(failure.partition),
            Self::Read(ReadFailure::OutOfRange { partition, .. })
            | Self::StateAhead { partition, .. }
            | Self::NoOffset { partition, .. }
            | Self::OffsetMoved { partition, .. }
            | Self::EventsMissing { partition, .. }
            | Self::OutcomesMissing { partition, .. }
            | Self::AnswersMissing { partition, .. }
            | Self::TornTooFar { partition }
            | Self::Missing { partition, .. }
            | Self::CommandsGone { partition, .. }
            | Self::Undecodable { partition, .. } => Some(*partition),
            Self::Replay(ReplayError::NotOpen { .. } | ReplayError::Read { .. }) => None,
            Self::Read(ReadFailure::Kafka { .. } | ReadFailure::Unheard { .. })
            | Self::State(_)
            | Self::Write(_)
            | Self::NoProgress { .. } => None,
        }
    }

    /// It may go away by itself.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Read(failure) => failure.is_transient(),
            Self::NoProgress { .. } => true,
            _ => false,
        }
    }
}

/// How much was folded.
struct Folded {
    events: u64,
    outcomes: u64,
    /// Partitions whose last outcome is kept no longer.
    untold: BTreeSet<u32>,
}

/// One question to the cluster.
const ASK_WAIT_MAX: Duration = Duration::from_millis(2000);

impl<D, C, S, R, O> Lane<'_, D, C, S, R, O>
where
    D: Domain,
    C: Codec<D>,
    S: Read + Write,
    R: SchemaSource,
    O: Observe,
{
    /// Brings the partitions up to the log and opens them. `None` when it has to be begun again: the group changed, or the cluster is away.
    pub(super) fn bring_up(&mut self, partitions: &[u32]) -> Result<Option<Restored>, RestoreError> {
        let topics = self.processor.topology.topics.clone();
        let Some(committed) = self.stable_offsets(&topics.commands.name, partitions) else {
            return Ok(None);
        };
        for topic in [&topics.events.name, &topics.outcomes.name] {
            if !self.end_open_transactions(topic, &committed) {
                return Ok(None);
            }
        }
        for partition in partitions {
            let cursor = self.stored_cursor(*partition, committed.get(partition))?;
            self.machine.close(*partition);
            self.machine.open(*partition, cursor);
        }
        let restored = match self.replay_and_compare(partitions, &committed) {
            // It may be that nothing is wrong, or that it can be mended: then all of this is begun again.
            Err(error) if error.partition().is_some() && (self.has_gone_on(partitions, &committed) || self.mend(&error, &committed)?) => {
                return Ok(None);
            }
            restored => restored?,
        };
        let Some(restored) = restored else {
            return Ok(None);
        };
        // Before the first transaction, so that it has a name in the offsets from its beginning.
        let Some(claimed) = self.claim(partitions, committed) else {
            return Ok(None);
        };
        self.committed = claimed;
        self.decide_again();
        Ok(Some(restored))
    }

    fn replay_and_compare(&mut self, partitions: &[u32], committed: &BTreeMap<u32, Committed>) -> Result<Option<Restored>, RestoreError> {
        let commands = self.processor.topology.topics.commands.name.clone();
        let Some(Folded { events, outcomes, untold }) = self.replay_both(partitions)? else {
            return Ok(None);
        };
        let Some(beginnings) = self.beginnings(&commands, partitions) else {
            return Ok(None);
        };
        for partition in partitions {
            let low = beginnings.get(partition).copied().unwrap_or(0);
            let committed = committed.get(partition);
            let next = match self.tears.get(partition) {
                None => {
                    if !untold.contains(partition) {
                        self.is_answered(*partition, committed)?;
                    }
                    self.agree(*partition, committed)?
                }
                Some(tear) => {
                    tear.check(*partition)?;
                    tear.whole.next_command_offset
                }
            };
            if next < low {
                return Err(RestoreError::CommandsGone {
                    topic: commands,
                    partition: *partition,
                    next,
                    low,
                });
            }
            let mutations = self.machine.resume_at(*partition, next)?;
            self.processor.store.apply(&mutations)?;
        }
        Ok(Some(Restored {
            partitions: partitions.len(),
            events,
            outcomes,
        }))
    }

    /// Folds what both topics have that the state lacks. Both are fetched from the beginning, so that their ends are waited for together.
    fn replay_both(&mut self, partitions: &[u32]) -> Result<Option<Folded>, RestoreError> {
        let topics = self.processor.topology.topics.clone();
        let Some(events) = self.gap(&topics.events.name, partitions, Kind::Events)? else {
            return Ok(None);
        };
        let Some(outcomes) = self.gap(&topics.outcomes.name, partitions, Kind::Outcomes)? else {
            return Ok(None);
        };
        let Some(events) = self.replay(events)? else {
            return Ok(None);
        };
        let Some(outcomes) = self.replay(outcomes)? else {
            return Ok(None);
        };
        Ok(Some(Folded {
            events: events.records,
            outcomes: outcomes.records,
            untold: outcomes.untold,
        }))
    }

    /// Whether the group's offsets are no longer these, or cannot be told. An instance that has lost its partitions without having heard of it
    /// reads in the log what their new owner has decided since the offsets were asked for: it is behind, and nothing is wrong.
    fn has_gone_on(&self, partitions: &[u32], committed: &BTreeMap<u32, Committed>) -> bool {
        let now = self.consumer.stable_offsets(partitions, ASK_WAIT_MAX);
        now.map_or(true, |now| now != *committed)
    }

    /// Asked by the member of the group: an end is that of what is committed.
    fn member_question<'q>(&'q self, topic: &'q str, partitions: &'q [u32]) -> Question<'q, GroupContext> {
        Question {
            client: &self.consumer.client,
            topic,
            partitions,
            timeout: ASK_WAIT_MAX,
        }
    }

    /// Where the commands of each partition begin; `None` when the cluster is away.
    fn beginnings(&self, topic: &str, partitions: &[u32]) -> Option<BTreeMap<u32, i64>> {
        // Asked by the member, which is about to fetch: so it knows where the partitions are.
        self.member_question(topic, partitions)
            .low()
            .map_err(|failure| tracing::warn!(%failure, topic, "the beginnings of the commands cannot be read yet"))
            .ok()
    }

    /// Compares how far outcomes have come with the events, and with what the group's offset says of it.
    fn is_answered(&self, partition: u32, committed: Option<&Committed>) -> Result<(), RestoreError> {
        let Cursor {
            sequence: events,
            answered,
            ..
        } = self.machine.cursor(partition).unwrap_or_default();
        match answered.cmp(&events) {
            Ordering::Greater => {
                return Err(RestoreError::EventsMissing {
                    partition,
                    events,
                    answered,
                });
            }
            Ordering::Less => {
                return Err(RestoreError::OutcomesMissing {
                    partition,
                    events,
                    answered,
                });
            }
            Ordering::Equal => {}
        }
        let state = self.next_command(partition);
        let answered = committed.map_or(0, |committed| committed.signature.answered);
        if answered > state {
            return Err(RestoreError::AnswersMissing {
                partition,
                state,
                answered,
            });
        }
        Ok(())
    }

    /// Compares what the state has decided with what the group has committed: the next command to decide.
    fn agree(&self, partition: u32, committed: Option<&Committed>) -> Result<i64, RestoreError> {
        let state = self.next_command(partition);
        match committed {
            None if state > 0 => Err(RestoreError::NoOffset { partition, state }),
            None => Ok(0),
            Some(Committed { offset, .. }) if *offset < state => Err(RestoreError::StateAhead {
                partition,
                state,
                committed: *offset,
            }),
            // What a processor commits is signed; what a tool has set is not.
            Some(committed) if !committed.is_signed() && committed.offset != state => Err(RestoreError::OffsetMoved {
                partition,
                state,
                committed: committed.offset,
            }),
            Some(Committed { offset, .. }) => Ok(*offset),
        }
    }

    /// The next command to decide, as far as the state knows.
    pub(super) fn next_command(&self, partition: u32) -> i64 {
        self.machine.cursor(partition).unwrap_or_default().next_command_offset
    }

    /// Signs the offsets with this instance's transactional id, where another one had. `None` when that is refused.
    fn claim(&self, partitions: &[u32], mut committed: BTreeMap<u32, Committed>) -> Option<BTreeMap<u32, Committed>> {
        let own = self.producer.transactional_id();
        let mut unclaimed = BTreeMap::new();
        for partition in partitions {
            let committed = committed.entry(*partition).or_default();
            if committed.signature.transactional_id != own {
                own.clone_into(&mut committed.signature.transactional_id);
                unclaimed.insert(*partition, committed.clone());
            }
        }
        if unclaimed.is_empty() {
            return Some(committed);
        }
        match self.consumer.claim(&unclaimed) {
            Ok(()) => Some(committed),
            Err(failure) => {
                tracing::warn!(%failure, "the partitions could not be claimed; the group may have changed");
                None
            }
        }
    }
}
