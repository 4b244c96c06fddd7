//! The events and outcomes that follow from one command in the log that is migrated.

use decider::{EventEnvelope, Outcome};

/// The header of events and outcomes that names their command, which the new log does not have.
pub(super) const COMMAND: &str = stream::COMMAND;

/// Names and values.
pub(super) type Headers = Vec<(String, Option<Vec<u8>>)>;

/// An event with its record's headers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Event<E> {
    pub(super) envelope: EventEnvelope<E>,
    pub(super) headers: Headers,
}

/// An outcome with its record's timestamp and headers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) outcome: Outcome,
    pub(super) timestamp_ms: i64,
    pub(super) headers: Headers,
}

/// What followed from one command.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step<E> {
    pub(super) events: Vec<Event<E>>,
    pub(super) outcomes: Vec<Answer>,
}

impl<E> Default for Step<E> {
    fn default() -> Self {
        Self {
            events: Vec::new(),
            outcomes: Vec::new(),
        }
    }
}
