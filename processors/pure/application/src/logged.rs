//! Events as they are fetched from the log for an answer.

use crate::history::EventPlace;
use decider::EventEnvelope;

/// An event that was looked for in the log, and the command that it was decided for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedEvent<E> {
    pub place: EventPlace,
    pub event: Result<EventEnvelope<E>, Unavailable>,
    /// Not looked for where there is no event.
    pub command: Result<IssuedCommand, Unavailable>,
}

/// What is known of a command apart from what it asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedCommand {
    /// As [`decider::Representation::command_type`] names it.
    pub command_type: &'static str,
    pub issued_by: Option<String>,
}

/// Why a record is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unavailable {
    /// Retention or an operator has deleted it.
    Deleted,
    /// The time or the bytes for an answer were used up before.
    NotRead,
    /// It is there, and cannot be read as what it should be.
    Unreadable(String),
}
