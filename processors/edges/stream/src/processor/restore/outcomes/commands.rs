//! The commands before the first outcome that a partition still has: which of them got one, and how far the partition's clock went meanwhile.

use super::runs::Run;
use crate::processor::records::Record as OwnedRecord;
use crate::processor::restore::Takeover;
use crate::processor::restore::reading::ReadOn;
use crate::processor::restore::{Amount, RestoreError};
use crate::processor::transaction::{CONTENT_TYPE, TYPE};
use crate::processor::wiring::Wiring;
use crate::reader::Record;
use decider::{CLOCK_STEP_MS_MAX, Incoming};
use std::collections::{BTreeMap, BTreeSet};

/// The first command whose outcome is missing, and what follows on it up to the next outcome that is kept, or to the last command that was decided.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) from: i64,
    /// Commands before it have their outcomes, which tell the partition's clock.
    pub(super) follows_on_kept: bool,
    /// The next command that has its outcome.
    pub(super) next_kept: Option<i64>,
    /// The time of the first command.
    timestamp_ms: i64,
    /// The time of the last command.
    last_ms: i64,
    /// By so much the partition's clock went on from the first to the last one.
    passed_ms: i64,
}

impl Gap {
    fn goes_on_at(&mut self, offset: i64, timestamp_ms: i64) {
        if self.next_kept.is_none_or(|next| offset < next) {
            self.passed_ms = self.passed_ms.saturating_add(step_ms(self.last_ms, timestamp_ms));
            self.last_ms = timestamp_ms;
        }
    }

    /// Whether its last command has this time.
    pub(super) fn ends_with(&self, decided_at_ms: i64) -> bool {
        self.last_ms == decided_at_ms
    }

    /// The partition's clock before the first command, from the clock at the decision of the next one that is kept, or of the last one. The time of
    /// the first command goes with it: the clock goes on by the time between two commands.
    pub(super) fn clock_before(&self, (clock_ms, decided_at_ms): (i64, i64)) -> (i64, i64) {
        let passed_ms = self.passed_ms.saturating_add(step_ms(self.last_ms, decided_at_ms));
        (clock_ms.saturating_sub(passed_ms), self.timestamp_ms)
    }
}

/// By so much a partition's clock goes on between two commands.
fn step_ms(from_ms: i64, to_ms: i64) -> i64 {
    to_ms.saturating_sub(from_ms).clamp(0, CLOCK_STEP_MS_MAX)
}

/// Looks for the first gap among commands that get outcomes, in the order of their offsets.
#[derive(Debug)]
struct GapSearch<'r, T> {
    kept: &'r [Run<T>],
    has_kept: bool,
    found: Option<Gap>,
}

impl<'r, T> GapSearch<'r, T> {
    fn new(kept: &'r [Run<T>]) -> Self {
        Self {
            kept,
            has_kept: false,
            found: None,
        }
    }

    fn push(&mut self, offset: i64, timestamp_ms: i64) {
        if let Some(gap) = &mut self.found {
            gap.goes_on_at(offset, timestamp_ms);
        } else if self.kept.iter().any(|run| run.commands.contains(&offset)) {
            self.has_kept = true;
        } else {
            let later = self.kept.iter().map(|run| *run.commands.start()).filter(|start| *start > offset);
            self.found = Some(Gap {
                from: offset,
                follows_on_kept: self.has_kept,
                next_kept: later.min(),
                timestamp_ms,
                last_ms: timestamp_ms,
                passed_ms: 0,
            });
        }
    }
}

/// A command that was read on the walk through a partition.
struct SeenCommand {
    partition: u32,
    offset: i64,
    timestamp_ms: i64,
    gets_outcome: bool,
}

impl<W: Wiring> Takeover<'_, W> {
    /// Those of the partitions in whose range is a command that gets an outcome. `None` when that is not known yet.
    pub(super) fn with_commands(&mut self, ranges: &BTreeMap<u32, (i64, i64)>) -> Result<Option<BTreeSet<u32>>, RestoreError> {
        let mut found = BTreeSet::new();
        let is_walked = self.walk(ranges, &mut |met| {
            if met.gets_outcome {
                found.insert(met.partition);
            }
            !met.gets_outcome
        })?;
        Ok(is_walked.then_some(found))
    }

    /// The first command of a range that gets an outcome and has none; `Some(None)` where there is none, and `None` when that is not known yet.
    pub(super) fn gap_in(
        &mut self,
        partition: u32,
        range: (i64, i64),
        kept: &[Run<OwnedRecord>],
    ) -> Result<Option<Option<Gap>>, RestoreError> {
        let mut search = GapSearch::new(kept);
        let is_walked = self.walk(&BTreeMap::from([(partition, range)]), &mut |met| {
            if met.gets_outcome {
                search.push(met.offset, met.timestamp_ms);
            }
            true
        })?;
        Ok(is_walked.then_some(search.found))
    }

    /// Reads these ranges of the commands. A partition is over at the end of its range, or where `visit` says `false`. `false` when that is not possible
    /// now.
    fn walk(&mut self, ranges: &BTreeMap<u32, (i64, i64)>, visit: &mut dyn FnMut(&SeenCommand) -> bool) -> Result<bool, RestoreError> {
        let reader = self.readers.take(&self.processor.topology.topics.commands.name, Amount::Many)?;
        let from = ranges.iter().map(|(partition, (from, _))| (*partition, *from)).collect();
        let mut unknown = None;
        let is_read = self.read_from((reader, Amount::Many), &from, &mut |takeover, record| {
            let (partition, offset, timestamp_ms) = (record.partition, record.offset, record.timestamp_ms);
            let to = ranges.get(&partition).map_or(0, |(_, to)| *to);
            if offset >= to {
                return ReadOn::OtherPartitions;
            }
            match takeover.gets_outcome(record) {
                Err(schema_id) => {
                    unknown = Some(schema_id);
                    ReadOn::Nothing
                }
                Ok(gets_outcome) => {
                    let met = SeenCommand {
                        partition,
                        offset,
                        timestamp_ms,
                        gets_outcome,
                    };
                    if !visit(&met) || offset + 1 >= to {
                        return ReadOn::OtherPartitions;
                    }
                    ReadOn::All
                }
            }
        })?;
        if let Some(schema_id) = unknown {
            self.wait_for_schema(schema_id);
        }
        Ok(is_read)
    }

    /// Whether a record of the commands topic is a command that gets an outcome; the id of the schema that has to be known for that.
    fn gets_outcome(&mut self, record: &Record<'_>) -> Result<bool, u32> {
        let incoming = Incoming {
            partition: record.partition,
            offset: record.offset,
            timestamp_ms: record.timestamp_ms,
            key: record.key,
            value: record.value,
            content_type: record.header(CONTENT_TYPE),
            command_type: record.header(TYPE),
        };
        self.machine
            .gets_outcome(&mut self.processor.codec, &incoming, self.schemas.absent())
    }
}

#[cfg(test)]
mod tests;
