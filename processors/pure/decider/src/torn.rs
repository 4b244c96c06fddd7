//! A transaction of which the log holds only a part: how far the log is whole, and what of the rest is there already.
//!
//! Deciding is pure. Where the parts of a transaction that should have been committed together were not, the commands behind it are decided
//! again, from the state before them, and only what is missing is written.

use crate::{EventEnvelope, Outcome, StepError};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Up to here the events, the outcomes and the group's offset of a partition agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Whole {
    pub next_command_offset: i64,
    /// That many events.
    pub sequence: u64,
}

/// Looks for where a partition's log stops being whole. It is pushed the partition's outcomes in the order of their offsets.
#[derive(Debug)]
pub struct Seam {
    /// The sequence of the last event.
    events: u64,
    /// The commands before this are behind the group's offset.
    committed: i64,
    whole: Whole,
    is_over: bool,
}

impl Seam {
    pub fn new(events: u64, committed: i64) -> Self {
        Self {
            events,
            committed,
            whole: Whole::default(),
            is_over: false,
        }
    }

    pub fn push(&mut self, outcome: &Outcome) {
        if self.is_over {
            return;
        }
        self.is_over = outcome.sequence > self.events || outcome.command_offset >= self.committed;
        if !self.is_over {
            self.whole = Whole {
                next_command_offset: outcome.command_offset + 1,
                // An outcome that repeats another one says what was then.
                sequence: self.whole.sequence.max(outcome.sequence),
            };
        } else if outcome.sequence <= self.events {
            // Only the offset is missing: whatever it says was done.
            self.whole.next_command_offset = self.committed;
        }
    }

    pub fn whole(&self) -> Whole {
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
}

impl Written {
    pub fn event<E>(&mut self, event: &EventEnvelope<E>) {
        self.events.insert(event.sequence, (event.command_offset, event.command_id));
    }

    pub fn outcome(&mut self, outcome: &Outcome) {
        let answered = (outcome.command_offset, outcome.command_id);
        self.outcomes.insert(answered, outcome.sequence);
    }

    /// How many records.
    pub fn len(&self) -> usize {
        self.events.len() + self.outcomes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether this event is in the log. An error when another one stands in its place.
    pub(crate) fn has_event<E>(&self, partition: u32, event: &EventEnvelope<E>) -> Result<bool, StepError> {
        let (sequence, offset) = (event.sequence, event.command_offset);
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
