//! A transaction of which some parts were committed and others were not (docs/decisions/0009): its commands are decided again, and what is
//! missing is written.
//!
//! What is there already is not written again, so that no reader sees an event or an outcome twice; dead letters and forwarded commands are looked
//! for in their topics (`unanswered`).

use super::lost::POLL_WAIT;
use super::replay::{NO_PROGRESS_MAX, REPLAY_RECORDS_MAX};
use super::{ASK_WAIT_MAX, Amount, RestoreError};
use crate::clock::Deadline;
use crate::committed::Committed;
use crate::processor::evidence::BEFORE_ALL;
use crate::processor::records::{decoded, known, poll};
use crate::processor::restore::Takeover;
use crate::processor::wiring::Wiring;
use crate::processor::{Observe, TransientFault};
use decider::{Cursor, EventEnvelope, Outcome, Replay, WholePrefix, WholePrefixSearch, Written, read_outcome};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// After a torn transaction at most some that wrote no events can follow, before the next take-over finds it.
pub(super) const WRITTEN_RECORDS_MAX: usize = 100_000;

/// Where a partition's log is whole, and what it has beyond that.
pub(in crate::processor) struct TornTransaction {
    pub(super) whole: WholePrefix,
    written: Written,
}

impl TornTransaction {
    /// Leaves those events that the state is to be built from.
    pub(super) fn keep_events<E>(&mut self, events: &mut Vec<Replay<EventEnvelope<E>>>) {
        let Self { whole, written } = self;
        events.retain(|event| {
            let is_kept = event.value.sequence <= whole.sequence;
            if !is_kept && written.len() <= WRITTEN_RECORDS_MAX {
                written.event(&event.value);
            }
            is_kept
        });
    }

    /// The same of outcomes.
    pub(super) fn keep_outcomes(&mut self, outcomes: &mut Vec<Replay<Outcome>>) {
        let Self { whole, written } = self;
        outcomes.retain(|outcome| {
            let is_kept = outcome.value.command_offset < whole.next_command_offset;
            if !is_kept && written.len() <= WRITTEN_RECORDS_MAX {
                written.outcome(&outcome.value);
            }
            is_kept
        });
    }

    pub(super) fn check(&self, partition: u32) -> Result<(), RestoreError> {
        if self.written.len() > WRITTEN_RECORDS_MAX {
            return Err(RestoreError::TornTooFar { partition });
        }
        Ok(())
    }
}

/// What came of looking for where the log is whole.
enum Found {
    Prefix(WholePrefix),
    /// What would tell is kept no longer.
    Nothing,
    /// The registry or the cluster is away, or the group has changed.
    NotNow,
}

impl<W: Wiring> Takeover<'_, W> {
    /// Whether what keeps a partition from being taken over can be mended, and all is to be begun again.
    pub(super) fn mend(&mut self, error: &RestoreError, committed: &BTreeMap<u32, Committed>) -> Result<bool, RestoreError> {
        match error {
            RestoreError::StateAhead { partition, .. } => {
                let has_owner = committed.get(partition).is_some_and(Committed::has_owner);
                Ok(self.rebuild(*partition, error)? || has_owner && self.rebuild_torn(*partition, error, committed)?)
            }
            RestoreError::EventsMissing { partition, .. }
            | RestoreError::OutcomesMissing { partition, .. }
            | RestoreError::AnswersMissing { partition, .. } => self.rebuild_torn(*partition, error, committed),
            _ => Ok(false),
        }
    }

    /// Empties the partition's state, to have it built up to where the log is whole.
    fn rebuild_torn(&mut self, partition: u32, error: &RestoreError, committed: &BTreeMap<u32, Committed>) -> Result<bool, RestoreError> {
        if self.torn_transactions.contains_key(&partition) {
            return Ok(false);
        }
        let whole = match self.whole_prefix(partition, committed.get(&partition))? {
            Found::Prefix(whole) => whole,
            Found::Nothing => return Ok(false),
            Found::NotNow => return Ok(true),
        };
        tracing::error!(
            partition,
            %error,
            ?whole,
            "the broker has committed a part of a transaction only. Its commands are decided again, and what is missing is written"
        );
        self.processor.observe.trouble(TransientFault::TransactionTorn);
        self.empty(partition)?;
        let written = Written::default();
        self.torn_transactions.insert(partition, TornTransaction { whole, written });
        Ok(true)
    }

    /// Reads a partition's outcomes up to where they, the events or the group's offset stop.
    fn whole_prefix(&mut self, partition: u32, committed: Option<&Committed>) -> Result<Found, RestoreError> {
        // What a tool has set says nothing of transactions.
        let committed = committed.filter(|committed| committed.has_owner());
        let events = self.machine.cursor(partition).unwrap_or_default().sequence;
        let mut search = WholePrefixSearch::new(events, committed.map_or(i64::MAX, |committed| committed.offset));
        let topic = self.processor.topology.topics.outcomes.name.clone();
        let mut reader = self.readers.take(&topic, Amount::Many)?;
        let marks = reader.all_watermarks(&[partition], ASK_WAIT_MAX)?;
        let low = marks.get(&partition).map_or(0, |marks| marks.low);
        reader.assign_unchecked(&BTreeMap::from([(partition, low)]))?;
        let mut patience = Deadline::after(NO_PROGRESS_MAX);
        let mut ended = BTreeSet::new();
        while ended.is_empty() {
            let (found, polled) = poll(&mut reader, REPLAY_RECORDS_MAX, POLL_WAIT)?;
            if polled.records > 0 {
                patience = Deadline::after(NO_PROGRESS_MAX);
            }
            if patience.is_over() {
                return Err(RestoreError::NoProgress { topic });
            }
            for records in found.into_values() {
                let are_former = self.evidence.note(partition, &records);
                match decoded::<W::Domain, W::Codec, _>(
                    &mut self.processor.codec,
                    known(self.schemas),
                    records,
                    read_outcome::<W::Domain, W::Codec>,
                ) {
                    Ok(outcomes) => {
                        for (mut outcome, is_former) in outcomes.into_iter().zip(are_former) {
                            if is_former {
                                outcome.value.command_offset = BEFORE_ALL;
                            }
                            search.push(&outcome.value);
                        }
                    }
                    Err(undecoded) => return self.not_decoded(&topic, partition, undecoded).map(|()| Found::NotNow),
                }
            }
            ended.extend(polled.ended);
            if !self.keep_alive(Duration::ZERO) {
                return Ok(Found::NotNow);
            }
        }
        self.readers.give_back(reader, Amount::Many);
        let whole = search.whole();
        let is_told = low == 0 || whole != WholePrefix::default();
        Ok(if is_told { Found::Prefix(whole) } else { Found::Nothing })
    }

    /// Notes in the offsets' metadata that what is open is about to be aborted, though its commit may have been acknowledged: afterwards nothing would
    /// tell a state that has folded it from a right one. `false` when that cannot be said now.
    pub(super) fn note_torn(&self, topic: &str, open: &[u32], committed: &BTreeMap<u32, Committed>) -> bool {
        let Ok(stable) = self.member_question(topic, open).high() else {
            return false;
        };
        let is_of_events = topic == self.processor.topology.topics.events.name;
        let mut noted = BTreeMap::new();
        for partition in open {
            let (Some(committed), Some(first)) = (committed.get(partition), stable.get(partition)) else {
                continue;
            };
            let mut committed = committed.clone();
            let torn = &mut committed.metadata.torn;
            let torn = if is_of_events { &mut torn.events } else { &mut torn.outcomes };
            *torn = Some(torn.map_or(*first, |before| before.min(*first)));
            noted.insert(*partition, committed);
        }
        let claimed = self.consumer.claim(&noted);
        claimed
            .map_err(|failure| tracing::warn!(%failure, topic, "what is open cannot be ended yet"))
            .is_ok()
    }

    /// The stored cursor of a partition, whose state is emptied where it has folded what was aborted since.
    pub(super) fn stored_cursor(&mut self, partition: u32, committed: Option<&Committed>) -> Result<Cursor, RestoreError> {
        let torn = committed.map(|committed| committed.metadata.torn).unwrap_or_default();
        let cursor = Cursor::load(&self.processor.store, partition)?.unwrap_or_default();
        let has_events = torn.events.is_some_and(|first| first < cursor.next_event_offset);
        if has_events || torn.outcomes.is_some_and(|first| first < cursor.next_outcome_offset) {
            tracing::warn!(
                partition,
                ?torn,
                "the state holds records that were aborted after their commit was acknowledged; it is rebuilt from the log"
            );
            self.processor.observe.trouble(TransientFault::CommitLost);
            self.empty(partition)?;
            return Ok(Cursor::default());
        }
        Ok(cursor)
    }

    /// All is ready: what the log has of the commands that are decided again is not written again.
    pub(super) fn decide_again(&mut self, mut found: BTreeMap<u32, Written>) {
        for (partition, lost) in std::mem::take(self.lost) {
            found.entry(partition).or_default().lose(lost.known);
        }
        for (partition, TornTransaction { written, .. }) in std::mem::take(self.torn_transactions) {
            found.entry(partition).or_default().add(written);
        }
        for (partition, written) in found {
            self.machine.already_written(partition, written);
        }
    }
}
