//! Outcomes that were lost after they had been written: their topic was emptied, or deleted and created again. Their commands are decided
//! again, from the state before them, and the outcomes that the log lacks are written a second time.
//!
//! All else that came of these commands is in the log: events, dead letters, copies in other partitions. None of that is written again. How
//! many events the log has of a command is what was decided; a decision that differs from it is none.

use crate::{EventEnvelope, OUTCOME_LOST, Rejection, StepError};
use std::ops::RangeInclusive;

/// Events of one partition that follow on its first lost outcome. Each takes 4 bytes of memory.
pub const EVENTS_MAX: usize = 16_000_000;

/// What the log has of a partition's commands whose outcomes are lost, and of those after them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostOutcomes {
    /// The first command whose outcome is lost.
    from: i64,
    /// The commands before this offset were decided.
    until: i64,
    /// Ranges of commands whose outcomes the log has.
    kept: Vec<RangeInclusive<i64>>,
    /// The sequence of the last event before those commands.
    sequence: u64,
    /// For each event after it, how many offsets after `from` its command lies.
    events: Vec<u32>,
    /// The offsets after the last event and after the last outcome.
    ends: (i64, i64),
}

impl LostOutcomes {
    pub fn new(from: i64, until: i64, kept: Vec<RangeInclusive<i64>>) -> Self {
        Self {
            from,
            until,
            kept,
            sequence: 0,
            events: Vec::new(),
            ends: (0, 0),
        }
    }

    /// The first command whose outcome is lost.
    pub fn from(&self) -> i64 {
        self.from
    }

    /// Notes an event of one of these commands, in the order of the log. `false` where there are too many.
    pub fn event<E>(&mut self, event: &EventEnvelope<E>) -> bool {
        if self.events.is_empty() {
            self.sequence = event.sequence.saturating_sub(1);
        }
        let Ok(distance) = u32::try_from(event.command_offset - self.from) else {
            return false;
        };
        self.events.push(distance);
        self.events.len() <= EVENTS_MAX
    }

    /// Notes where the log ends, or a batch has ended: after an event, or after an outcome.
    pub fn reached(&mut self, event: Option<i64>, outcome: Option<i64>) {
        self.ends.0 = self.ends.0.max(event.unwrap_or_default());
        self.ends.1 = self.ends.1.max(outcome.unwrap_or_default());
    }

    /// The offsets after the last event and the last outcome, once the partition has come to `next_command_offset`; `None` before all commands
    /// are decided again.
    pub(crate) fn ends_at(&self, next_command_offset: i64) -> Option<(i64, i64)> {
        (next_command_offset >= self.until).then_some(self.ends)
    }

    /// Whether the command at this offset was decided before.
    pub(crate) fn is_decided(&self, offset: i64) -> bool {
        offset < self.until
    }

    pub(crate) fn has_outcome(&self, offset: i64) -> bool {
        self.kept.iter().any(|range| range.contains(&offset))
    }

    /// The number of events that the log has of the command at `offset`, which is decided at `sequence`.
    fn events_of(&self, sequence: u64, offset: i64) -> usize {
        let following = sequence
            .checked_sub(self.sequence)
            .and_then(|index| self.events.get(usize::try_from(index).ok()?..))
            .unwrap_or_default();
        let of_command = |distance: &&u32| i64::from(**distance) == offset - self.from;
        following.iter().take_while(of_command).count()
    }

    /// The decision of a command as it was before: the one of now where it gives as many events as the log has.
    ///
    /// # Errors
    /// Where the log has events that do not follow from the command any more.
    pub(crate) fn as_before<E>(
        &self,
        (partition, offset): (u32, i64),
        sequence: u64,
        decided: Result<Vec<E>, Rejection>,
    ) -> Result<Result<Vec<E>, Rejection>, StepError> {
        if !self.is_decided(offset) {
            return Ok(decided);
        }
        let events = decided.as_ref().map_or(0, Vec::len);
        let found = self.events_of(sequence, offset);
        if events == found {
            return Ok(decided);
        }
        if found == 0 {
            return Ok(Err(lost()));
        }
        Err(StepError::DecidedOtherwise {
            partition,
            offset,
            sequence,
            what: format!("the log has {found} events of it where there are {events} now"),
        })
    }
}

/// What is said of a command that changed nothing when it was decided, and would now: it repeated or reused the id of one whose outcome is lost,
/// or an earlier build refused it.
fn lost() -> Rejection {
    Rejection::new(
        OUTCOME_LOST,
        "the outcome of this command was deleted from its topic, and cannot be made again: the command changed nothing when it was decided. \
         Send it under a new id if it is still wanted",
    )
}

#[cfg(test)]
mod tests;
