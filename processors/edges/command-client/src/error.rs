//! The errors that keep a command from being sent or answered.

use crate::Place;
use std::time::Duration;
use stream::reader::ReadFailure;
use stream::writer::WriteFailure;

/// The client could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Write(#[from] WriteFailure),
    #[error(transparent)]
    Read(#[from] ReadFailure),
    #[error("no thread could be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// The command was not sent; nothing of it is in the log.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    #[error("{commands_max} commands wait for their outcomes already; try again when some have theirs")]
    Busy { commands_max: usize },
    /// Its outcome could not be noticed.
    #[error("topic {topic} cannot be followed at the moment: {reason}")]
    NotFollowing { topic: String, reason: String },
    #[error(transparent)]
    Write(#[from] WriteFailure),
}

/// A command was sent, and what became of it is not known here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WaitError {
    /// It may be in the log all the same if the broker's answer was lost.
    #[error("the command was not written: {reason}")]
    NotWritten { reason: String },
    #[error("no outcome came within {} s; the command may still be decided", .waited.as_secs())]
    Late {
        /// Where the command lies, if its write was acknowledged.
        place: Option<Place>,
        waited: Duration,
    },
    /// The outcome may have gone by; it can be read from the outcomes topic.
    #[error("topic {topic} could not be followed: {reason}; the command may have been decided")]
    Interrupted { topic: String, reason: String },
    /// An outcome of the same aggregate was written by a program that this one does not understand.
    #[error("the record at {topic}/{partition} offset {offset} is no outcome: {reason}")]
    Unreadable {
        topic: String,
        partition: u32,
        offset: i64,
        reason: String,
    },
    #[error("there is no runtime to wait in: {0}")]
    Runtime(std::io::ErrorKind),
    #[error("the client was stopped")]
    Stopped,
}
