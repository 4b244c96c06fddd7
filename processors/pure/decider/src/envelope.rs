//! The envelopes of commands, events and outcomes, the same for every domain.

use crate::{Fingerprint, Rejection};
use uuid::Uuid;

/// A request to one aggregate, as a client sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandEnvelope<C> {
    /// Chosen by the client, unique within the aggregate; a resend carries the same one. Neither nil nor max.
    pub command_id: Uuid,
    pub aggregate_id: String,
    /// The command is rejected unless the aggregate is at this version.
    pub expected_version: Option<u64>,
    pub issued_by: Option<String>,
    pub command: C,
}

/// A fact about one aggregate, with where it stands in its aggregate and in its partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventEnvelope<E> {
    /// Number of the event within its partition: 1, 2, 3 … without a gap.
    pub sequence: u64,
    pub aggregate_id: String,
    /// Number of the event within its aggregate: 1, 2, 3 … without a gap.
    pub version: u64,
    pub command_id: Uuid,
    /// Offset of the command in the same partition of the commands topic.
    pub command_offset: i64,
    /// When the broker appended the command, milliseconds since the epoch. As wrong as the broker's clock was.
    pub decided_at_ms: i64,
    pub event: E,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Accepted,
    Rejected,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
        }
    }
}

/// The rule of the rejection of a command that expects another version of its aggregate. Only the machine may give it.
pub const EXPECTED_VERSION: &str = "expected-version";

/// The rule of the rejection of a command whose id its aggregate knows from another command. Only the machine may give it.
pub const COMMAND_ID_REUSED: &str = "command-id-reused";

/// The rule of the rejection of a command whose record header `type` names another one: its sender means that one.
pub const TYPE_DIFFERS: &str = "type-differs";

/// The rule of the rejection that stands in for an outcome that was lost and cannot be made again ([`crate::LostOutcomes`]). Only the machine may
/// give it.
pub const OUTCOME_LOST: &str = "outcome-lost";

/// What became of a command; also a read-your-writes token: a reader that has reached `sequence` of this partition sees all that the
/// decision saw and did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub command_id: Uuid,
    pub aggregate_id: String,
    pub status: Status,
    /// Version of the aggregate after the decision; of a rejected command, the one that it was decided at.
    pub version: u64,
    /// Sequence of the partition after the decision; of a rejected command, the one that it was decided at.
    pub sequence: u64,
    pub event_count: u32,
    /// Offset of the command that this outcome answers; of a repeated outcome, of the resend.
    pub command_offset: i64,
    /// This command had been decided before; all else says what was decided then.
    pub repeated: bool,
    /// Of the command that this outcome answers.
    pub fingerprint: Fingerprint,
    /// The partition's clock at the decision ([`crate::Cursor::clock_ms`]), by which command ids are remembered. A state that is built
    /// from the outcomes has no other source for it once old outcomes are gone.
    pub clock_ms: i64,
    pub rejection: Option<Rejection>,
}

impl Outcome {
    /// Whether it refuses a command for its id, which belongs to an earlier command. It says nothing about that one, and is not
    /// remembered: the id keeps its first outcome.
    pub fn refuses_id(&self) -> bool {
        !self.repeated && self.rejection.as_ref().is_some_and(|rejection| rejection.rule == COMMAND_ID_REUSED)
    }
}
