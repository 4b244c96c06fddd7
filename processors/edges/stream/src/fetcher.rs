//! Single records of a topic by their offsets, for clients that ask about them: over a connection of its own, and never more than a bounded number
//! of bytes ahead of what is asked for.

use crate::Settings;
use crate::reader::{ReadFailure, Reader, Record, Watermarks};
use std::collections::BTreeMap;
use std::time::Duration;

/// Offsets that are read over to get from one record to the next, rather than asking the broker for that place.
const SKIPPED_MAX: i64 = 64;
/// How long a poll waits for a first record. It returns as soon as there is one.
const POLL_WAIT: Duration = Duration::from_millis(50);
const MARKS_WAIT_MAX: Duration = Duration::from_secs(5);
/// Records that are taken at once from what has come.
const TAKEN_MAX: usize = 64;

/// Fetches records of one topic.
pub struct RecordFetcher {
    reader: Reader,
    /// The partition that is being read, and the offset that comes next.
    place: Option<(u32, i64)>,
    /// What each partition that was asked about began with.
    lows: BTreeMap<u32, i64>,
    is_connected: bool,
}

/// What became of a record that was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetched {
    Found,
    /// The log begins after it.
    Deleted,
    /// The log has no record with this offset: it is that of a marker, or was never there.
    Absent,
    /// The caller wanted no more before it came.
    GivenUp,
}

impl RecordFetcher {
    /// # Errors
    /// When there can be no client with these settings.
    pub fn new(settings: &Settings, topic: &str) -> Result<Self, ReadFailure> {
        Ok(Self {
            reader: Reader::configured(&settings.sparing_reader(), topic)?,
            place: None,
            lows: BTreeMap::new(),
            is_connected: false,
        })
    }

    /// Reads nothing until it is asked again, and asks again then where each partition begins: retention may have deleted some of it.
    ///
    /// # Errors
    /// When the client refuses.
    pub fn rest(&mut self) -> Result<(), ReadFailure> {
        self.lows.clear();
        match self.place.take() {
            // Something has come since it was assigned: see `Reader::release`.
            Some(_) => self.reader.release(),
            None => Ok(()),
        }
    }

    /// Calls `visit` with the record at an offset of a partition, where the log has it. Offsets that are asked for in ascending order are read in
    /// one go where they lie close together. `is_over` is asked between two waits.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn fetch(
        &mut self,
        partition: u32,
        offset: i64,
        is_over: &dyn Fn() -> bool,
        visit: impl FnOnce(&Record<'_>),
    ) -> Result<Fetched, ReadFailure> {
        let low = match self.lows.get(&partition) {
            Some(low) => *low,
            None => {
                let low = self.marks(partition)?.low;
                self.lows.insert(partition, low);
                low
            }
        };
        if offset < low {
            return Ok(Fetched::Deleted);
        }
        let is_near = |next: i64| (next..=next.saturating_add(SKIPPED_MAX)).contains(&offset);
        // Where the client stands is known again once it has brought the record.
        let is_on_the_way = self.place.take().is_some_and(|(place, next)| place == partition && is_near(next));
        if !is_on_the_way {
            self.reader.assign_unchecked(&BTreeMap::from([(partition, offset)]))?;
        }
        let fetched = self.find(partition, offset, is_over, visit)?;
        if fetched == Fetched::Found {
            self.place = Some((partition, offset + 1));
        }
        Ok(fetched)
    }

    fn marks(&mut self, partition: u32) -> Result<Watermarks, ReadFailure> {
        if !self.is_connected {
            self.reader.connect(MARKS_WAIT_MAX)?;
            self.is_connected = true;
        }
        self.reader.watermarks(partition, MARKS_WAIT_MAX)
    }

    fn find(
        &mut self,
        partition: u32,
        offset: i64,
        is_over: &dyn Fn() -> bool,
        visit: impl FnOnce(&Record<'_>),
    ) -> Result<Fetched, ReadFailure> {
        let mut visit = Some(visit);
        loop {
            let mut is_passed = false;
            let polled = self.reader.poll(1, POLL_WAIT, |record| {
                is_passed = record.offset > offset;
                if record.offset == offset
                    && let Some(visit) = visit.take()
                {
                    visit(record);
                }
            })?;
            if visit.is_none() {
                return Ok(Fetched::Found);
            }
            if is_passed || polled.ended.contains(&partition) {
                return Ok(Fetched::Absent);
            }
            if is_over() {
                return Ok(Fetched::GivenUp);
            }
        }
    }

    /// Calls `visit` with each record of a partition from an offset on, or from where the partition now begins, until it says no, the end of the
    /// log is reached, or `is_over`.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn follow(
        &mut self,
        partition: u32,
        from: i64,
        is_over: &dyn Fn() -> bool,
        mut visit: impl FnMut(&Record<'_>) -> bool,
    ) -> Result<Fetched, ReadFailure> {
        self.place = None;
        let marks = self.marks(partition)?;
        if from >= marks.high {
            return Ok(Fetched::Absent);
        }
        let from = from.max(marks.low);
        self.reader.assign_unchecked(&BTreeMap::from([(partition, from)]))?;
        loop {
            let mut wants_more = true;
            let polled = self.reader.poll(TAKEN_MAX, POLL_WAIT, |record| {
                wants_more = wants_more && visit(record);
            })?;
            if !wants_more {
                self.place = self.reader.next_offset(partition).map(|next| (partition, next));
                return Ok(Fetched::Found);
            }
            if polled.ended.contains(&partition) {
                return Ok(Fetched::Absent);
            }
            if is_over() {
                return Ok(Fetched::GivenUp);
            }
        }
    }
}
