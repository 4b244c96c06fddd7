//! Commands as a client sends them: written to the commands topic, each with its outcome or its dead letter.
//!
//! A [`Client`] writes through one producer and follows outcomes and dead letters with one reader each, from the end of their topics and
//! isolated from transactions that are not committed; every waiting command shares them. [`Pending`] is a future for servers, and
//! [`Pending::wait`] blocks for command lines. How many commands may wait is bounded ([`Limits`]), and one that is given up is forgotten.
//!
//! [`OutcomeReader`] is for those who want every outcome, and [`CommandWriter`] for those who want none.

mod client;
mod error;
mod following;
mod letters;
mod outcomes;
mod pending;
mod recent;
mod shared;
mod unreadable;
mod waiting;
mod writer;

pub use client::{Client, Limits};
pub use error::{SendError, StartError, WaitError};
pub use outcomes::{OutcomeDecoder, OutcomeReader, Polled, StartAt};
pub use pending::Pending;
pub use unreadable::Unreadable;
pub use writer::{CommandWriter, ContentType, NewCommand};

use decider::Outcome;

/// Where a record lies in its topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    pub partition: u32,
    pub offset: i64,
}

/// An outcome as people and programs read it.
pub fn outcome_json(partition: u32, outcome: &Outcome) -> serde_json::Value {
    let mut json = serde_json::json!({
        "command_id": outcome.command_id.to_string(),
        "aggregate_id": outcome.aggregate_id,
        "status": outcome.status.name(),
        "version": outcome.version,
        "position": format!("{partition}:{}", outcome.sequence),
        "event_count": outcome.event_count,
        "command_offset": outcome.command_offset,
        "repeated": outcome.repeated,
        "fingerprint": outcome.fingerprint.to_string(),
    });
    if let Some(rejection) = &outcome.rejection {
        json["rejection"] = serde_json::json!({ "rule": rejection.rule, "message": rejection.message, "facts": rejection.facts });
    }
    json
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It was decided, in this partition.
    Outcome { partition: u32, outcome: Outcome },
    /// The record that was written is no command, and why.
    DeadLetter { place: Place, reason: String },
}
