//! Reads partitions of a topic to their ends, or as far as they are of use, and serves the group meanwhile.

use super::replay::{NO_PROGRESS_MAX, REPLAY_RECORDS_MAX};
use super::{ASK_WAIT_MAX, Amount, RestoreError, Takeover};
use crate::clock::Deadline;
use crate::marks::Watermarks;
use crate::processor::restore::lost::POLL_WAIT;
use crate::processor::wiring::Wiring;
use crate::reader::{Reader, Record};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What is to be read on after a record.
pub(super) enum ReadOn {
    All,
    /// Nothing of the record's partition.
    OtherPartitions,
    /// Nothing at all: what was read is of no use yet.
    Nothing,
}

/// Sees the records, those of each partition in offset order.
type Visit<'v, 't, W> = &'v mut dyn FnMut(&mut Takeover<'t, W>, &Record<'_>) -> ReadOn;

impl<'t, W: Wiring> Takeover<'t, W> {
    /// Reads what these partitions of a topic hold now. Returns where each begins and ends; `None` when that is not possible now.
    pub(super) fn read_all(
        &mut self,
        (topic, amount): (&str, Amount),
        partitions: &[u32],
        visit: Visit<'_, 't, W>,
    ) -> Result<Option<BTreeMap<u32, Watermarks>>, RestoreError> {
        let reader = self.readers.take(topic, amount)?;
        let marks = match reader.all_watermarks(partitions, ASK_WAIT_MAX) {
            Ok(marks) => marks,
            Err(failure) if failure.is_transient() => return Ok(None),
            Err(failure) => return Err(failure.into()),
        };
        let from = marks
            .iter()
            .filter(|(_, marks)| marks.low < marks.high)
            .map(|(partition, marks)| (*partition, marks.low))
            .collect();
        Ok(self.read_from((reader, amount), &from, visit)?.then_some(marks))
    }

    /// Reads partitions from these offsets to their ends. `false` when that is not possible now.
    pub(super) fn read_from(
        &mut self,
        (mut reader, amount): (Reader, Amount),
        from: &BTreeMap<u32, i64>,
        visit: Visit<'_, 't, W>,
    ) -> Result<bool, RestoreError> {
        let mut open: BTreeSet<u32> = from.keys().copied().collect();
        if !open.is_empty() {
            reader.assign_unchecked(from)?;
        }
        let mut patience = Deadline::after(NO_PROGRESS_MAX);
        while !open.is_empty() {
            let (mut is_of_use, mut has_progressed) = (true, false);
            let polled = reader.poll(REPLAY_RECORDS_MAX, POLL_WAIT, |record| {
                if !is_of_use || !open.contains(&record.partition) {
                    return;
                }
                has_progressed = true;
                match visit(self, record) {
                    ReadOn::All => {}
                    ReadOn::OtherPartitions => {
                        open.remove(&record.partition);
                    }
                    ReadOn::Nothing => is_of_use = false,
                }
            });
            let polled = match polled {
                Ok(polled) => polled,
                Err(failure) if failure.is_transient() => return Ok(false),
                Err(failure) => return Err(failure.into()),
            };
            if !is_of_use {
                return Ok(false);
            }
            for partition in polled.ended {
                has_progressed |= open.remove(&partition);
            }
            if has_progressed {
                patience = Deadline::after(NO_PROGRESS_MAX);
            }
            if patience.is_over() {
                let topic = reader.topic().to_owned();
                return Err(RestoreError::NoProgress { topic });
            }
            if !self.keep_alive(Duration::ZERO) {
                return Ok(false);
            }
        }
        // Every partition has brought a record or its end.
        self.readers.give_back(reader, amount);
        Ok(true)
    }
}
