//! Folding a topic's partitions into the state, from where the state ends up to the end of the log as it was found.

use super::lost::POLL_WAIT;
use super::{ASK_WAIT_MAX, Amount, RestoreError};
use crate::clock::Deadline;
use crate::marks::Watermarks;
use crate::processor::evidence;
use crate::processor::records::{Record, Undecoded, decoded, known, poll};
use crate::processor::restore::Takeover;
use crate::processor::wiring::Wiring;
use crate::processor::{Observe, Point, Processor};
use crate::reader::Reader;
use decider::{Outcome, Replay, ReplayError, read_event, read_outcome};
use keyvalue::{Mutation, Write};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Reading on without a record and without an end.
pub(super) const NO_PROGRESS_MAX: Duration = Duration::from_secs(30);
const PROGRESS_EVERY: Duration = Duration::from_secs(2);
/// Records folded, and written to the state, at a time.
pub(super) const REPLAY_RECORDS_MAX: usize = 5_000;

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Events,
    Outcomes,
}

/// What a topic's partitions have that the state lacks: for each of them that has something, the offset to reach.
pub(super) struct Gap {
    kind: Kind,
    targets: BTreeMap<u32, i64>,
    /// Fetches from where the state ends. `None` where nothing is missing.
    reader: Option<Reader>,
    /// Partitions of which the log no longer has what follows on the state.
    cut: BTreeSet<u32>,
}

/// What was folded of a topic.
#[derive(Default)]
pub(super) struct Replayed {
    pub(super) records: u64,
    /// Partitions of which some had gone from the log, and nothing was left to fold.
    pub(super) untold: BTreeSet<u32>,
}

impl<W: Wiring> Takeover<'_, W> {
    /// Looks where the log ends, open transactions included, and begins to fetch up to there. `None` when the cluster is away.
    pub(super) fn gap(&mut self, topic: &str, partitions: &[u32], kind: Kind) -> Result<Option<Gap>, RestoreError> {
        let marks = match self.inspector.watermarks(topic, partitions, ASK_WAIT_MAX) {
            Ok(marks) => marks,
            Err(failure) => {
                tracing::warn!(%failure, topic, "the end of the log cannot be read yet");
                return Ok(None);
            }
        };
        let (mut from, mut targets, mut cut) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        for (partition, marks) in marks {
            let Watermarks { low, high } = marks;
            let cursor = self.machine.cursor(partition).unwrap_or_default();
            let offset = match kind {
                Kind::Events => cursor.next_event_offset,
                // Outcomes are kept for some days only: those that are gone belong to commands that are gone, too.
                Kind::Outcomes => {
                    if low > cursor.next_outcome_offset {
                        cut.insert(partition);
                    }
                    cursor.next_outcome_offset.max(low)
                }
            };
            if !marks.contain(offset) {
                return Err(RestoreError::Missing {
                    topic: topic.to_owned(),
                    partition,
                    offset,
                    low,
                    high,
                });
            }
            if offset < high {
                targets.insert(partition, high);
                from.insert(partition, offset);
            }
        }
        let mut reader = None;
        if !targets.is_empty() {
            let mut fetching = self.readers.take(topic, Amount::Many)?;
            fetching.assign_unchecked(&from)?;
            reader = Some(fetching);
        }
        Ok(Some(Gap {
            kind,
            targets,
            reader,
            cut,
        }))
    }

    /// Folds a topic's partitions from where the state ends up to the end of the log as it was found. `None` when it has to be begun again.
    pub(super) fn replay(&mut self, gap: Gap) -> Result<Option<Replayed>, RestoreError> {
        let Gap {
            kind,
            mut targets,
            reader,
            cut,
        } = gap;
        let mut replayed = Replayed {
            untold: cut,
            ..Replayed::default()
        };
        let Some(mut reader) = reader else {
            return Ok(Some(replayed));
        };
        let topic = reader.topic().to_owned();
        let mut patience = Deadline::after(NO_PROGRESS_MAX);
        let mut logged = Deadline::after(PROGRESS_EVERY);
        while !targets.is_empty() {
            let (found, polled) = match poll(&mut reader, REPLAY_RECORDS_MAX, POLL_WAIT) {
                Ok(polled) => polled,
                Err(failure) if failure.is_transient() => return Ok(None),
                Err(failure) => return Err(failure.into()),
            };
            for (partition, records) in found {
                replayed.records += records.len() as u64;
                replayed.untold.remove(&partition);
                let last = records.last().map_or(0, |record| record.offset + 1);
                let Some(mutations) = self.fold(&topic, partition, records, kind)? else {
                    return Ok(None);
                };
                self.processor.store.apply(&mutations)?;
                self.processor.observe.reached(Point::Restoring);
                if targets.get(&partition).is_some_and(|target| last >= *target) {
                    targets.remove(&partition);
                }
            }
            // The end of what is committed: the end of the log, too, unless a transaction is open there.
            let ends = reader.ends(&polled.ended, ASK_WAIT_MAX).unwrap_or_default();
            targets.retain(|partition, target| ends.get(partition).is_none_or(|end| end < target));
            if polled.records > 0 || !polled.ended.is_empty() {
                patience = Deadline::after(NO_PROGRESS_MAX);
            }
            if patience.is_over() {
                return Err(RestoreError::NoProgress { topic });
            }
            let left = |partition: &u32, target: &i64| target - reader.next_offset(*partition).unwrap_or(*target);
            let offsets_left = targets.iter().map(|(partition, target)| left(partition, target)).sum();
            self.processor.observe.restoring(offsets_left);
            if logged.is_over() {
                logged = Deadline::after(PROGRESS_EVERY);
                tracing::info!(topic, folded = replayed.records, offsets_left, "bringing the state up to the log");
            }
            if !self.keep_alive(Duration::ZERO) {
                return Ok(None);
            }
        }
        // Every partition has brought a record or its end.
        self.readers.give_back(reader, Amount::Many);
        Ok(Some(replayed))
    }

    /// `None` when the registry is away.
    fn fold(&mut self, topic: &str, partition: u32, records: Vec<Record>, kind: Kind) -> Result<Option<Vec<Mutation>>, RestoreError> {
        let are_former = match kind {
            Kind::Events => self.evidence.note_events(partition, &records),
            Kind::Outcomes => self.evidence.note(partition, &records),
        };
        let end = records.last().map(|record| record.offset + 1);
        let Processor { codec, store, .. } = &mut *self.processor;
        let schemas = known(self.schemas);
        let folded = match kind {
            Kind::Events => {
                let mut events = decoded::<W::Domain, W::Codec, _>(codec, schemas, records, read_event::<W::Domain, W::Codec>);
                if let (Ok(events), Some(torn)) = (&mut events, self.torn_transactions.get_mut(&partition)) {
                    torn.keep_events(events);
                }
                if let (Ok(events), Some(lost)) = (&mut events, self.lost.get_mut(&partition)) {
                    lost.keep_events(partition, events, &are_former, end)?;
                }
                events.map(|events| self.machine.replay_events(&*store, partition, &events))
            }
            Kind::Outcomes => {
                let outcomes = decoded::<W::Domain, W::Codec, _>(codec, schemas, records, read_outcome::<W::Domain, W::Codec>);
                if let Some(lost) = self.lost.get_mut(&partition) {
                    lost.known.reached(None, end);
                }
                outcomes.map(|outcomes| self.fold_outcomes(partition, evidence::runs(outcomes, &are_former)))
            }
        };
        match folded {
            Ok(mutations) => Ok(Some(mutations?)),
            Err(undecoded) => self.not_decoded(topic, partition, undecoded).map(|()| None),
        }
    }

    /// Folds outcomes in runs: of a former commands topic, and of the present one.
    fn fold_outcomes(&mut self, partition: u32, runs: Vec<(bool, Vec<Replay<Outcome>>)>) -> Result<Vec<Mutation>, ReplayError> {
        let mut mutations = Vec::new();
        for (is_former, mut run) in runs {
            if is_former {
                mutations.extend(self.machine.replay_former_outcomes(partition, &run)?);
                continue;
            }
            if let Some(torn) = self.torn_transactions.get_mut(&partition) {
                torn.keep_outcomes(&mut run);
            }
            if let Some(lost) = self.lost.get(&partition) {
                run.retain(|outcome| outcome.value.command_offset < lost.known.from());
            }
            mutations.extend(self.machine.replay_outcomes(partition, &run)?);
        }
        Ok(mutations)
    }

    /// What could not be decoded is an error, or waits for the registry.
    pub(super) fn not_decoded(&mut self, topic: &str, partition: u32, undecoded: Undecoded) -> Result<(), RestoreError> {
        match undecoded {
            Undecoded::Never { offset, reason } => Err(RestoreError::Undecodable {
                topic: topic.to_owned(),
                partition,
                offset,
                reason,
            }),
            Undecoded::NotYet { schema_id, .. } => {
                self.wait_for_schema(schema_id);
                Ok(())
            }
        }
    }
}
