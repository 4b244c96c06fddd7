//! A transaction of which the log holds only a part: how far the log is whole, and what of the rest is there already.
//!
//! Deciding is pure. Where the parts of a transaction that should have been committed together were not, the commands after it are decided
//! again, from the state before them, and only what is missing is written.

use crate::{EventEnvelope, Incoming, LostOutcomes, Outcome, Rejection, StepError};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use xxhash_rust::xxh3::Xxh3;

/// Up to here the events, the outcomes and the group's offset of a partition agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WholePrefix {
    pub next_command_offset: i64,
    /// That many events.
    pub sequence: u64,
}

/// Looks for where a partition's log stops being whole. It is pushed the partition's outcomes in the order of their offsets.
#[derive(Debug)]
pub struct WholePrefixSearch {
    /// The sequence of the last event.
    events: u64,
    /// The group's offset: the commands before this are committed.
    committed: i64,
    whole: WholePrefix,
    is_over: bool,
}

impl WholePrefixSearch {
    pub fn new(events: u64, committed: i64) -> Self {
        Self {
            events,
            committed,
            whole: WholePrefix::default(),
            is_over: false,
        }
    }

    pub fn push(&mut self, outcome: &Outcome) {
        if self.is_over {
            return;
        }
        self.is_over = outcome.sequence > self.events || outcome.command_offset >= self.committed;
        if !self.is_over {
            self.whole = WholePrefix {
                // One that was lost and written again comes after those of later commands.
                next_command_offset: self.whole.next_command_offset.max(outcome.command_offset + 1),
                // An outcome that repeats another one says what was then.
                sequence: self.whole.sequence.max(outcome.sequence),
            };
        } else if outcome.sequence <= self.events {
            // Only the offset is missing: whatever it says was done.
            self.whole.next_command_offset = self.committed;
        }
    }

    pub fn whole(&self) -> WholePrefix {
        self.whole
    }
}

/// Which command a record answers.
type Answered = (i64, Uuid);

/// What a partition's log has beyond where it is whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written {
    /// By sequence.
    events: BTreeMap<u64, Answered>,
    /// The sequence that they say, by what they answer.
    outcomes: BTreeMap<Answered, u64>,
    /// Of dead letters, the offsets of their commands.
    letters: BTreeSet<i64>,
    /// Of forwarded commands, the offsets where they were found, and hashes of what they are.
    copies: BTreeMap<i64, u64>,
    lost: Option<LostOutcomes>,
}

impl Written {
    pub fn event<E>(&mut self, event: &EventEnvelope<E>) {
        self.events.insert(event.sequence, (event.command_offset, event.command_id));
    }

    pub fn outcome(&mut self, outcome: &Outcome) {
        let answered = (outcome.command_offset, outcome.command_id);
        self.outcomes.insert(answered, outcome.sequence);
    }

    /// Of the commands that follow, outcomes were lost.
    pub fn lose(&mut self, lost: LostOutcomes) {
        self.lost = Some(lost);
    }

    /// Those outcomes are written again.
    pub(crate) fn end_lost(&mut self) {
        self.lost = None;
    }

    /// Adds what `other` knows.
    pub fn add(&mut self, other: Self) {
        self.events.extend(other.events);
        self.outcomes.extend(other.outcomes);
        self.letters.extend(other.letters);
        self.copies.extend(other.copies);
        self.lost = other.lost.or_else(|| self.lost.take());
    }

    /// Notes a dead letter by the offset of its command.
    pub fn letter(&mut self, command_offset: i64) {
        self.letters.insert(command_offset);
    }

    /// Notes a forwarded command by the offset where it was found.
    pub fn copy(&mut self, found_at: i64, key: Option<&[u8]>, value: Option<&[u8]>) {
        self.copies.insert(found_at, hash(key, value));
    }

    /// How many records.
    pub fn len(&self) -> usize {
        self.events.len() + self.outcomes.len() + self.letters.len() + self.copies.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0 && self.lost.is_none()
    }

    pub(crate) fn lost(&mut self) -> Option<&mut LostOutcomes> {
        self.lost.as_mut()
    }

    /// Whether the command at this offset was decided before, and its outcome may have been lost since.
    pub(crate) fn is_decided(&self, offset: i64) -> bool {
        self.lost.as_ref().is_some_and(|lost| lost.is_decided(offset))
    }

    /// Whether the log has the dead letter of this record of the commands.
    pub(crate) fn has_letter(&self, offset: i64) -> bool {
        self.is_decided(offset) || self.letters.contains(&offset)
    }

    /// Whether the log has a copy of this record of the commands in the partition where it belongs. A client may write a copy that claims to be one:
    /// it counts where it is the same command.
    pub(crate) fn has_copy(&self, record: &Incoming<'_>) -> bool {
        self.is_decided(record.offset) || self.copies.get(&record.offset) == Some(&hash(record.key, record.value))
    }

    /// The decision of a command, or the one of before where its outcome was lost.
    pub(crate) fn as_before<E>(
        &self,
        place: (u32, i64),
        sequence: u64,
        decided: Result<Vec<E>, Rejection>,
    ) -> Result<Result<Vec<E>, Rejection>, StepError> {
        match &self.lost {
            None => Ok(decided),
            Some(lost) => lost.as_before(place, sequence, decided),
        }
    }

    /// Whether this event is in the log. An error when another one stands in its place.
    pub(crate) fn has_event<E>(&self, partition: u32, event: &EventEnvelope<E>) -> Result<bool, StepError> {
        let (sequence, offset) = (event.sequence, event.command_offset);
        if self.is_decided(offset) {
            return Ok(true);
        }
        match self.events.get(&sequence) {
            None => Ok(false),
            Some(answered) if *answered == (offset, event.command_id) => Ok(true),
            Some((other, _)) => Err(StepError::DecidedOtherwise {
                partition,
                offset,
                sequence,
                what: format!("the event that has it in the log follows from the command at {other}"),
            }),
        }
    }

    /// Whether this outcome is in the log. An error when the one there says something else.
    pub(crate) fn has_outcome(&self, partition: u32, outcome: &Outcome) -> Result<bool, StepError> {
        let (sequence, offset) = (outcome.sequence, outcome.command_offset);
        if let Some(lost) = self.lost.as_ref().filter(|lost| lost.is_decided(offset)) {
            return Ok(lost.has_outcome(offset));
        }
        match self.outcomes.get(&(offset, outcome.command_id)) {
            None => Ok(false),
            Some(written) if *written == sequence => Ok(true),
            Some(written) => Err(StepError::DecidedOtherwise {
                partition,
                offset,
                sequence,
                what: format!("its outcome in the log says {written}"),
            }),
        }
    }
}

fn hash(key: Option<&[u8]>, value: Option<&[u8]>) -> u64 {
    let mut hasher = Xxh3::new();
    for bytes in [key, value] {
        let length = bytes.map_or(u64::MAX, |bytes| bytes.len() as u64);
        hasher.update(&length.to_be_bytes());
        hasher.update(bytes.unwrap_or_default());
    }
    hasher.digest()
}

#[cfg(test)]
mod tests;
