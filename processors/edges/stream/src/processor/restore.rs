//! Taking over partitions: the state is brought up to the log before anything is decided.
//!
//! In this order, because each step makes the next one's answer final: the group's offsets once no transaction that writes them is
//! open (a dead owner's is ended by fencing its transactional id); the end of the log as it is, open transactions included; the events and
//! outcomes up to it; the comparison of both sides; the claim in the offset metadata, from which the next owner knows whose transactions to abort.

mod beyond;
mod closing;
mod error;
mod fencing;
mod lost;
mod outcomes;
mod proof;
mod readers;
mod reading;
pub(super) mod replay;
mod torn;
mod unanswered;

use super::Processor;
use super::consumer::{GroupConsumer, GroupContext};
use super::evidence::Evidence;
use super::group_inspector::GroupInspector;
use super::resolver::Resolver;
use super::transaction::TransactionalProducer;
use super::wiring::{ProcessorOf, Wiring};
use super::{Observe, Restored};
use crate::clock::Deadline;
use crate::committed::Committed;
use crate::marks::{Question, Watermarks};
use crate::position::Position;
use decider::{Cursor, Machine};
pub use error::RestoreError;
pub(super) use outcomes::Lost;
use outcomes::{Firsts, Search};
use readers::Amount;
pub(super) use readers::Readers;
use replay::Kind;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
pub(super) use torn::TornTransaction;

/// How much was folded.
struct Folded {
    events: u64,
    outcomes: u64,
    /// Partitions whose last outcome is kept no longer.
    untold: BTreeSet<u32>,
}

/// Where each partition goes on.
type Positions = BTreeMap<u32, Position>;

/// What a comparison of state, log and group has come to.
struct Compared {
    restored: Restored,
    positions: Positions,
    /// Where the commands begin and end.
    commands: BTreeMap<u32, Watermarks>,
    firsts: Firsts,
}

/// One question to the cluster.
const ASK_WAIT_MAX: Duration = Duration::from_millis(2000);
/// For one schema, before all is begun again.
const SCHEMA_WAIT_MAX: Duration = Duration::from_secs(2);
/// How long one poll of the group may take while something else is waited for.
const SERVE_WAIT: Duration = Duration::from_millis(100);

/// Takes partitions over: has what that needs of a session, and returns what it has found; knows of no batch and of no session.
pub(super) struct Takeover<'t, W: Wiring> {
    pub(super) processor: &'t mut ProcessorOf<W>,
    pub(super) machine: &'t mut Machine<W::Domain>,
    pub(super) consumer: &'t GroupConsumer,
    pub(super) inspector: &'t GroupInspector,
    pub(super) producer: &'t mut TransactionalProducer,
    pub(super) readers: &'t mut Readers,
    pub(super) schemas: &'t mut Resolver,
    pub(super) stop: &'t dyn Fn(Duration) -> bool,
    /// Partitions whose log holds a part of a transaction.
    pub(super) torn_transactions: &'t mut BTreeMap<u32, TornTransaction>,
    /// Partitions whose log has lost outcomes.
    pub(super) lost: &'t mut BTreeMap<u32, Lost>,
    /// What is known of the last decided commands.
    pub(super) evidence: &'t mut Evidence,
}

/// The result of a take-over.
pub(super) struct TakenOver {
    pub(super) restored: Restored,
    /// The group's offsets, whose metadata name this instance now.
    pub(super) committed: BTreeMap<u32, Committed>,
    /// Where the outcomes of each partition begin.
    pub(super) outcomes_begin: BTreeMap<u32, i64>,
}

impl<W: Wiring> Takeover<'_, W> {
    /// Brings the partitions up to the log and opens them. `None` when it has to be begun again: the group changed, or the cluster is away.
    pub(super) fn run(mut self, partitions: &[u32]) -> Result<Option<TakenOver>, RestoreError> {
        let topics = self.processor.topology.topics.clone();
        let Some(topic_id) = self.topic_id(&topics.commands.name) else {
            return Ok(None);
        };
        *self.evidence = Evidence::of_topic(topic_id);
        let Some(committed) = self.stable_offsets(&topics.commands.name, partitions) else {
            return Ok(None);
        };
        let deciding = self.deciding_of(&committed);
        for topic in [&topics.events.name, &topics.outcomes.name] {
            if (self.stop)(Duration::ZERO) || !self.end_open_transactions(topic, &deciding) {
                return Ok(None);
            }
        }
        for partition in partitions {
            let cursor = if self.is_beyond(*partition) {
                Cursor::default()
            } else {
                let cursor = self.stored_cursor(*partition, committed.get(partition))?;
                self.evidence.open(&self.processor.store, *partition, cursor)?
            };
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
        let Some(compared) = restored else {
            return Ok(None);
        };
        let Compared { restored, positions, .. } = &compared;
        let restored = *restored;
        if matches!(
            self.find_lost_outcomes(positions, &compared.commands, &compared.firsts)?,
            Search::Again
        ) {
            return Ok(None);
        }
        let Some(unanswered) = self.unanswered(positions, &committed)? else {
            return Ok(None);
        };
        let outcomes_begin = compared.firsts.begins();
        let positions = compared.positions;
        let committed = self.believed(committed, positions);
        // Before the first transaction, so that it has a name in the offsets from its beginning.
        let Some(claimed) = self.claim(partitions, committed) else {
            return Ok(None);
        };
        if !self.is_open()? {
            return Ok(None);
        }
        self.decide_again(unanswered);
        Ok(Some(TakenOver {
            restored,
            committed: claimed,
            outcomes_begin,
        }))
    }

    fn replay_and_compare(&mut self, partitions: &[u32], committed: &BTreeMap<u32, Committed>) -> Result<Option<Compared>, RestoreError> {
        let commands = self.processor.topology.topics.commands.name.clone();
        let Some(Folded { events, outcomes, untold }) = self.replay_both(&self.deciding(partitions))? else {
            return Ok(None);
        };
        let (Some(marks), Some(firsts)) = (
            self.command_marks(&commands, partitions),
            self.first_outcomes(&self.deciding(partitions))?,
        ) else {
            return Ok(None);
        };
        let mut positions = BTreeMap::new();
        for partition in &self.deciding(partitions) {
            let committed = committed.get(partition);
            let position = match (self.torn_transactions.get(partition), self.lost.get(partition)) {
                (_, Some(lost)) => lost.position.clone(),
                (None, None) => {
                    // Where outcomes are kept no longer, only a signed offset shows what was decided.
                    let has_owner = committed.is_some_and(Committed::has_owner);
                    let is_told = !untold.contains(partition) || !has_owner;
                    if is_told && !self.may_be_written_again(*partition, &firsts, &marks) {
                        self.is_answered(*partition, committed)?;
                    }
                    self.after_events(*partition, committed, self.agree(*partition, committed)?)
                }
                (Some(torn), None) => {
                    torn.check(*partition)?;
                    let next = torn.whole.next_command_offset;
                    let last = self.evidence.last(*partition).filter(|last| last.next() == next).cloned();
                    Position { next, last }
                }
            };
            positions.insert(*partition, position);
        }
        for partition in partitions.iter().filter(|partition| self.is_beyond(**partition)) {
            positions.insert(*partition, beyond::position(committed.get(partition), marks.get(partition)));
        }
        let Some(found) = self.records_before(&positions, &marks)? else {
            return Ok(None);
        };
        for (partition, position) in &positions {
            self.bear_out(*partition, position, &marks, found.get(partition).copied())?;
            if self.lost.contains_key(partition) {
                self.resume_before_lost(*partition)?;
            } else {
                self.resume_at(*partition, position)?;
            }
        }
        let restored = Restored {
            partitions: partitions.len(),
            events,
            outcomes,
        };
        Ok(Some(Compared {
            restored,
            positions,
            commands: marks,
            firsts,
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

    /// Serves the group; `false` where the take-over has to be begun again.
    fn keep_alive(&self, wait: Duration) -> bool {
        self.consumer.keep_alive(wait, self.stop)
    }

    /// Has a schema looked up, and serves the group until it is known, for a while at most.
    fn wait_for_schema(&mut self, schema_id: u32) {
        self.schemas.want([schema_id]);
        let patience = Deadline::after(SCHEMA_WAIT_MAX);
        while !patience.is_over() {
            let is_told = !self.schemas.is_pending(schema_id);
            let Processor { codec, observe, .. } = &mut *self.processor;
            self.schemas.learn::<W::Domain, W::Codec>(codec, observe);
            self.schemas.forget(&BTreeSet::from([schema_id]));
            if is_told {
                return;
            }
            if let Some(trouble) = self.schemas.trouble() {
                self.processor.observe.held_up(Some(&trouble));
            }
            if !self.keep_alive(SERVE_WAIT) {
                return;
            }
        }
    }

    /// Whether the group's offsets are no longer these, or cannot be read. An instance that has lost its partitions without having heard of it
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

    /// Where the commands of each partition begin and end; `None` when the cluster is away.
    fn command_marks(&self, topic: &str, partitions: &[u32]) -> Option<BTreeMap<u32, Watermarks>> {
        // Asked by the member, which is about to fetch: so it knows where the partitions are.
        self.member_question(topic, partitions)
            .watermarks()
            .map_err(|failure| tracing::warn!(%failure, topic, "the range of the commands cannot be read yet"))
            .ok()
    }

    /// The id of a topic; `None` when the cluster is away, or there is no such topic now.
    fn topic_id(&self, topic: &str) -> Option<String> {
        match self.inspector.topic_id(topic, ASK_WAIT_MAX) {
            Ok(Some(topic_id)) => Some(topic_id),
            Ok(None) => {
                tracing::warn!(topic, "the topic is missing");
                None
            }
            Err(error) => {
                tracing::warn!(%error, topic, "the topic cannot be looked at yet");
                None
            }
        }
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
        let answered = committed.map_or(0, |committed| committed.metadata.answered);
        if answered > state {
            return Err(RestoreError::AnswersMissing {
                partition,
                state,
                answered,
            });
        }
        Ok(())
    }

    /// The next command to decide, as far as the state knows.
    pub(super) fn next_command(&self, partition: u32) -> i64 {
        self.machine.cursor(partition).unwrap_or_default().next_command_offset
    }

    /// Commits the offsets with this instance's transactional id in their metadata, where they have another's. `None` when that is refused.
    fn claim(&self, partitions: &[u32], mut committed: BTreeMap<u32, Committed>) -> Option<BTreeMap<u32, Committed>> {
        let own = self.producer.transactional_id();
        let mut unclaimed = BTreeMap::new();
        for partition in partitions {
            let committed = committed.entry(*partition).or_default();
            if committed.metadata.transactional_id != own {
                own.clone_into(&mut committed.metadata.transactional_id);
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
