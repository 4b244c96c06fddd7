//! Outcomes that were lost, though their commands are kept: the topic was emptied, or deleted and created again (docs/decisions/0027).
//!
//! A topic loses records from its beginning. So the first outcome that a partition still has shows it: where the commands before it are kept, their
//! outcomes are missing. Then the partition's state is built again, up to the first of these commands, and from there on they are decided
//! once more; the outcomes that the log lacks are written again, and nothing else is.

mod commands;
mod runs;

use super::reading::ReadOn;
use super::torn::WRITTEN_RECORDS_MAX;
use super::{Amount, Positions, RestoreError};
use crate::committed::Committed;
use crate::decided::{COMMAND, Decided, REWRITTEN};
use crate::marks::Watermarks;
use crate::position::Position;
use crate::processor::records::{Record, decoded, known};
use crate::processor::restore::Takeover;
use crate::processor::wiring::Wiring;
use crate::processor::{Observe, TransientFault};
use commands::Gap;
use decider::{EventEnvelope, LostOutcomes, Outcome, Replay};
use keyvalue::Write;
use runs::{Run, Runs};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// A partition whose commands are decided again, for the outcomes that the log lacks.
pub(in crate::processor) struct Lost {
    /// Where the partition goes on once that is done.
    pub(super) position: Position,
    /// The partition's clock before the first of these commands, with that command's time; `None` where it is not known.
    clock: Option<(i64, i64)>,
    pub(super) known: LostOutcomes,
}

impl Lost {
    /// Leaves those events that the state is to be built from, and notes the others, up to `end`.
    pub(super) fn keep_events<E>(
        &mut self,
        partition: u32,
        events: &mut Vec<Replay<EventEnvelope<E>>>,
        are_former: &[bool],
        end: Option<i64>,
    ) -> Result<(), RestoreError> {
        let (mut are_former, mut fits) = (are_former.iter(), true);
        events.retain(|event| {
            let is_former = are_former.next().copied().unwrap_or_default();
            let is_kept = is_former || event.value.command_offset < self.known.from();
            fits &= is_kept || self.known.event(&event.value);
            is_kept
        });
        self.known.reached(end, None);
        if fits {
            return Ok(());
        }
        Err(RestoreError::LostTooMany { partition })
    }
}

/// The first outcome that a partition still has.
pub(in crate::processor) struct First {
    /// Of its command; `None` where that is of a topic that was deleted since.
    command_offset: Option<i64>,
    is_rewritten: bool,
}

/// The first outcome of each partition that has one; where the outcomes begin and end.
pub(in crate::processor) struct Firsts {
    marks: BTreeMap<u32, Watermarks>,
    found: BTreeMap<u32, First>,
}

impl Firsts {
    /// Whether a partition has none but such that were written again: the last events and the group's offset are ahead of them then.
    pub(super) fn is_bare(&self, partition: u32) -> bool {
        self.found.get(&partition).is_none_or(|first| first.is_rewritten)
    }

    pub(super) fn begins_at(&self, partition: u32) -> i64 {
        self.marks.get(&partition).map_or(0, |marks| marks.low)
    }

    pub(super) fn begins(&self) -> BTreeMap<u32, i64> {
        self.marks.iter().map(|(partition, marks)| (*partition, marks.low)).collect()
    }

    /// Up to where outcomes may be missing: the command of the first one, or all that were decided.
    pub(in crate::processor) fn missing_up_to(&self, partition: u32, next: i64) -> i64 {
        match self.found.get(&partition) {
            Some(First {
                command_offset,
                is_rewritten: false,
                ..
            }) => command_offset.map_or(0, |offset| offset.min(next)),
            _ => next,
        }
    }
}

/// What came of looking for lost outcomes.
pub(super) enum Search {
    /// None is lost.
    NoneLost,
    /// The take-over is to be begun again: some are lost, or that is not known yet.
    Again,
}

impl<W: Wiring> Takeover<'_, W> {
    /// Reads the first outcome of each partition. `None` when that is not possible now.
    pub(in crate::processor) fn first_outcomes(&mut self, partitions: &[u32]) -> Result<Option<Firsts>, RestoreError> {
        let topic = self.processor.topology.topics.outcomes.name.clone();
        let mut found = BTreeMap::new();
        let marks = self.read_all((&topic, Amount::One), partitions, &mut |takeover, record| {
            let first = First {
                command_offset: takeover.command_of(record.header(COMMAND)),
                is_rewritten: record.header(REWRITTEN).is_some(),
            };
            found.insert(record.partition, first);
            ReadOn::OtherPartitions
        })?;
        Ok(marks.map(|marks| Firsts { marks, found }))
    }

    /// The offset of the command that an outcome's header names; `None` where that is of a topic that was deleted since.
    fn command_of(&self, header: Option<&[u8]>) -> Option<i64> {
        let decided = Decided::from_bytes(header?)?;
        (decided.topic_id == self.evidence.topic_id).then_some(decided.offset)
    }

    /// Looks for kept commands without an outcome. Where there are some, the partition's state is emptied, to be built up to the first of them.
    pub(super) fn find_lost_outcomes(
        &mut self,
        positions: &Positions,
        commands: &BTreeMap<u32, Watermarks>,
        firsts: &Firsts,
    ) -> Result<Search, RestoreError> {
        let mut gaps = BTreeMap::new();
        for (partition, position) in positions {
            let is_known =
                self.lost.contains_key(partition) || self.torn_transactions.contains_key(partition) || self.is_beyond(*partition);
            let from = commands.get(partition).map_or(0, |marks| marks.low);
            let to = firsts.missing_up_to(*partition, position.next);
            if !is_known && from < to && self.readers.looked(*partition) != Some((from, to)) {
                gaps.insert(*partition, (from, to));
            }
        }
        if gaps.is_empty() {
            return Ok(Search::NoneLost);
        }
        let Some(suspects) = self.with_commands(&gaps)? else {
            return Ok(Search::Again);
        };
        for (partition, (from, to)) in gaps {
            if suspects.contains(&partition) {
                let Some(is_whole) = self.look_closer(partition, (from, to), &positions[&partition])? else {
                    return Ok(Search::Again);
                };
                if !is_whole {
                    continue;
                }
            }
            self.readers.note_looked(partition, (from, to));
        }
        Ok(if self.lost.is_empty() { Search::NoneLost } else { Search::Again })
    }

    /// Whether each command of a range has its outcome, wherever in the log that is. `None` when that is not known yet.
    fn look_closer(&mut self, partition: u32, range: (i64, i64), position: &Position) -> Result<Option<bool>, RestoreError> {
        let Some(kept) = self.kept_outcomes(partition)? else {
            return Ok(None);
        };
        let Some(gap) = self.gap_in(partition, range, &kept)? else {
            return Ok(None);
        };
        let Some(gap) = gap else {
            return Ok(Some(true));
        };
        let Some(clock) = self.clock_before(partition, &gap, position, &kept)? else {
            return Ok(None);
        };
        let kept = kept.into_iter().map(|run| run.commands).collect();
        self.lose(partition, &gap, clock, position, kept)?;
        Ok(Some(false))
    }

    /// The partition's clock before a gap, and the time of the gap's first command; `Some(None)` where only the outcomes before it tell. `None` when
    /// the registry is away.
    fn clock_before(
        &mut self,
        partition: u32,
        gap: &Gap,
        position: &Position,
        kept: &[Run<Record>],
    ) -> Result<Option<Option<(i64, i64)>>, RestoreError> {
        if gap.follows_on_kept {
            return Ok(Some(None));
        }
        let anchor = match kept.iter().find(|run| Some(*run.commands.start()) == gap.next_kept) {
            Some(run) => match self.outcome_of(partition, &run.first)? {
                None => return Ok(None),
                Some(outcome) => Some((outcome.clock_ms, run.first.timestamp_ms)),
            },
            // The state may know what no outcome shows any more, unless it was built from earlier outcomes.
            None => {
                let cursor = self.machine.cursor(partition).unwrap_or_default();
                (cursor.next_command_offset == position.next && gap.ends_with(cursor.decided_at_ms))
                    .then_some((cursor.clock_ms, cursor.decided_at_ms))
            }
        };
        Ok(Some(anchor.map(|anchor| gap.clock_before(anchor))))
    }

    fn lose(
        &mut self,
        partition: u32,
        gap: &Gap,
        clock: Option<(i64, i64)>,
        position: &Position,
        kept: Vec<RangeInclusive<i64>>,
    ) -> Result<(), RestoreError> {
        tracing::error!(
            partition,
            from = gap.from,
            until = position.next,
            "outcomes of commands that the log keeps are missing from {}: was the topic emptied, or deleted and created again? The state is \
             built again, the commands are decided again, and the missing outcomes are written again, with the header {REWRITTEN}; nothing else is",
            self.processor.topology.topics.outcomes.name
        );
        self.processor.observe.trouble(TransientFault::OutcomesLost);
        self.empty(partition)?;
        let lost = Lost {
            position: position.clone(),
            clock,
            known: LostOutcomes::new(gap.from, position.next, kept),
        };
        self.lost.insert(partition, lost);
        Ok(())
    }

    /// Decodes one outcome; `None` when the registry is away.
    fn outcome_of(&mut self, partition: u32, found: &Record) -> Result<Option<Outcome>, RestoreError> {
        let records = vec![found.clone()];
        match decoded::<W::Domain, W::Codec, _>(
            &mut self.processor.codec,
            known(self.schemas),
            records,
            decider::read_outcome::<W::Domain, W::Codec>,
        ) {
            Ok(outcomes) => Ok(outcomes.into_iter().next().map(|outcome| outcome.value)),
            Err(undecoded) => {
                let topic = self.processor.topology.topics.outcomes.name.clone();
                self.not_decoded(&topic, partition, undecoded).map(|()| None)
            }
        }
    }

    /// Reads through a partition's outcomes: the runs of commands that they answer. `None` when that is not possible now.
    fn kept_outcomes(&mut self, partition: u32) -> Result<Option<Vec<Run<Record>>>, RestoreError> {
        let topic = self.processor.topology.topics.outcomes.name.clone();
        let mut runs = Runs::new();
        let marks = self.read_all((&topic, Amount::Many), &[partition], &mut |takeover, record| {
            if let Some(offset) = takeover.command_of(record.header(COMMAND)) {
                runs.push(offset, record.header(REWRITTEN).is_some(), || Record::of(record));
            }
            ReadOn::All
        })?;
        Ok(marks.map(|_| runs.finish()))
    }

    /// Whether events without an outcome are those of commands whose outcomes were lost. In a partition that has lost nothing of what was
    /// written to it they are of its first transactions, of which the broker has committed a part only.
    pub(super) fn may_be_written_again(&self, partition: u32, firsts: &Firsts, commands: &BTreeMap<u32, Watermarks>) -> bool {
        let commands_begin = commands.get(&partition).map_or(0, |marks| marks.low);
        let events = self.machine.cursor(partition).unwrap_or_default().sequence;
        let has_begun_late = firsts.begins_at(partition) > 0 || commands_begin > 0 || events > WRITTEN_RECORDS_MAX as u64;
        firsts.is_bare(partition) && has_begun_late
    }

    /// A position without a signed offset, where outcomes were lost: at least the commands that events name were decided.
    pub(super) fn after_events(&self, partition: u32, committed: Option<&Committed>, position: Position) -> Position {
        let has_owner = committed.is_some_and(Committed::has_owner);
        match self.evidence.of_events(partition) {
            Some(last) if !has_owner && last.next() > position.next => Position {
                next: last.next(),
                last: None,
            },
            _ => position,
        }
    }

    /// Goes on from the first command whose outcome is lost, from a state that was built up to there.
    pub(super) fn resume_before_lost(&mut self, partition: u32) -> Result<(), RestoreError> {
        let Some(Lost { clock, known, .. }) = self.lost.get(&partition) else {
            return Ok(());
        };
        let mut mutations = self.machine.resume_at(partition, known.from())?;
        if let Some((clock_ms, decided_at_ms)) = *clock {
            mutations.extend(self.machine.set_clock(partition, decided_at_ms, clock_ms)?);
        }
        Ok(self.processor.store.apply(&mutations)?)
    }
}
