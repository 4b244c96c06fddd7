//! The errors that keep a processor from taking over a partition, in words for an operator.

use super::replay::NO_PROGRESS_MAX;
use super::torn::WRITTEN_RECORDS_MAX;
use crate::facts::FactsError;
use crate::failure::is_refusal;
use crate::reader::ReadFailure;
use decider::{EVENTS_MAX, ReplayError};
use keyvalue::{ReadError, WriteError};

/// What keeps a processor from taking over. A person has to decide; nothing is reset.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error(transparent)]
    Replay(#[from] ReplayError),
    #[error(transparent)]
    Read(#[from] ReadFailure),
    #[error("the state directory cannot be read: {0}")]
    State(#[from] ReadError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(
        "partition {partition}: the commands before {state} have outcomes, but the group's offset is {committed}, signed by a processor: was \
         __consumer_offsets restored from an older copy? Nothing is decided twice. `{recover}` shows how to recover and changes nothing by itself"
    )]
    StateAhead {
        partition: u32,
        state: i64,
        committed: i64,
        recover: String,
    },
    #[error(
        "partition {partition}: outcomes refer to sequence {answered}, but the events end at {events}: a transaction is torn, or events were \
         deleted. `aerolog audit` shows where"
    )]
    EventsMissing { partition: u32, events: u64, answered: u64 },
    #[error(
        "partition {partition}: the events end at sequence {events}, and outcomes refer to none after {answered}: a transaction is torn. \
         `aerolog audit` shows where"
    )]
    OutcomesMissing { partition: u32, events: u64, answered: u64 },
    #[error(
        "partition {partition}: the group's offset says that all commands before {answered} have outcomes, but the outcomes end with that of the \
         one before {state}: a transaction is torn. `aerolog audit` shows where"
    )]
    AnswersMissing { partition: u32, state: i64, answered: i64 },
    #[error(
        "partition {partition}: after a torn transaction there are more than {WRITTEN_RECORDS_MAX} events and outcomes. `aerolog audit` \
         shows where"
    )]
    TornTooFar { partition: u32 },
    #[error(
        "partition {partition}: outcomes are missing from their topic, and more than {EVENTS_MAX} events follow on the first command without one: \
         they cannot be written again"
    )]
    LostTooMany { partition: u32 },
    #[error("partition {partition} of {topic}: the state ends at {offset}, the log holds {low} to {high}: what lies between is missing")]
    Missing {
        topic: String,
        partition: u32,
        offset: i64,
        low: i64,
        high: i64,
    },
    #[error(
        "partition {partition}: the next command to decide is at offset {next} of {topic}, but the log begins at {low}: commands were lost to \
         retention or DeleteRecords before they were decided. Nothing is skipped by itself. `{recover}` shows the loss and the way on, and \
         changes nothing by itself"
    )]
    CommandsGone {
        topic: String,
        partition: u32,
        next: i64,
        low: i64,
        recover: String,
    },
    #[error(
        "partition {partition}: {topic} was deleted and created again: commands before offset {next} of the topic with the id {former} were \
         decided, and now its id is {topic_id}. What the former one still held is lost. `{recover}` shows how to recover, and changes nothing by itself"
    )]
    CommandsRecreated {
        topic: String,
        topic_id: String,
        partition: u32,
        former: String,
        next: i64,
        recover: String,
    },
    #[error(
        "partition {partition}: the commands before offset {next} of {topic} were decided, but {found}: was the log restored from an older copy? \
         Nothing is decided or skipped by itself. `{recover}` shows what is known, and changes nothing by itself"
    )]
    CommandsDiffer {
        topic: String,
        partition: u32,
        next: i64,
        found: String,
        recover: String,
    },
    #[error("the record at {topic}/{partition} offset {offset} cannot be read: {reason}")]
    Undecodable {
        topic: String,
        partition: u32,
        offset: i64,
        reason: String,
    },
    #[error(transparent)]
    Facts(Box<FactsError>),
    #[error("no progress in reading {topic} up to its end for {} s: is a transaction of another program open there?", NO_PROGRESS_MAX.as_secs())]
    NoProgress { topic: String },
}

impl RestoreError {
    /// The one partition that this is about; `None` where it is about all of them.
    pub(in crate::processor) fn partition(&self) -> Option<u32> {
        match self {
            Self::Replay(
                ReplayError::SequenceGap { partition, .. }
                | ReplayError::VersionGap { partition, .. }
                | ReplayError::Misplaced { partition, .. }
                | ReplayError::StateAhead { partition, .. },
            ) => Some(*partition),
            Self::Replay(ReplayError::Domain(failure)) => Some(failure.partition),
            Self::Read(ReadFailure::OutOfRange { partition, .. })
            | Self::StateAhead { partition, .. }
            | Self::EventsMissing { partition, .. }
            | Self::OutcomesMissing { partition, .. }
            | Self::AnswersMissing { partition, .. }
            | Self::TornTooFar { partition }
            | Self::LostTooMany { partition }
            | Self::Missing { partition, .. }
            | Self::CommandsGone { partition, .. }
            | Self::CommandsRecreated { partition, .. }
            | Self::CommandsDiffer { partition, .. }
            | Self::Undecodable { partition, .. } => Some(*partition),
            Self::Replay(ReplayError::NotOpen { .. } | ReplayError::Read { .. }) => None,
            Self::Read(ReadFailure::Kafka { .. } | ReadFailure::Unheard { .. })
            | Self::State(_)
            | Self::Write(_)
            | Self::Facts(_)
            | Self::NoProgress { .. } => None,
        }
    }

    /// The broker refuses to let this principal read: a person has to grant the right, and nothing else is wrong.
    pub(in crate::processor) fn is_denied(&self) -> bool {
        matches!(self, Self::Read(ReadFailure::Kafka { failure, .. }) if is_refusal(failure.code))
    }

    /// It may go away by itself.
    pub(in crate::processor) fn is_transient(&self) -> bool {
        match self {
            Self::Read(failure) => failure.is_transient(),
            Self::NoProgress { .. } => true,
            _ => false,
        }
    }
}
