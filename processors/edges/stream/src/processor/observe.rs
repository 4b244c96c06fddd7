//! The reports of a processor about itself; the binary makes metrics of it.

use crate::registry::RegistryError;
use decider::Tally;
use std::time::Duration;

/// A transient fault that the processor has recovered from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransientFault {
    TransactionAborted,
    /// It is not known yet whether the transaction was committed; the log will show it.
    TransactionInDoubt,
    /// The producer was recreated, with a new epoch.
    ProducerRenewed,
    ConsumerRenewed,
    /// A dead instance's open transaction was ended.
    Fenced,
    /// The registry did not answer when a schema was needed.
    RegistryAway,
    /// What answered at the registry's address was no registry.
    RegistryForeign,
    /// The registry refused us altogether.
    RegistryDenied,
    /// The registry does not have a schema that was needed, or not for us.
    SchemaAbsent,
    /// The registry means something else by the schema ids in use than when they were written: nothing is written.
    SchemasChanged,
    /// A commit or an abort took so long that the client may have retried it: the producer was recreated.
    SlowEnd,
    /// Offsets were not sent, because the consumer was no member of the group at that moment.
    Unfenced,
    /// Offsets were not sent, because one of the partitions was not owned at that moment.
    NotOwned,
    /// The broker refused offsets of a generation that is over.
    StaleGeneration,
    /// The broker refused this producer, because another one has its transactional id or its transaction timed out.
    EpochFenced,
    /// A partition's state and its log do not fit together, or the broker refuses what it would write: it waits for a person.
    PartitionStopped,
    /// The domain failed at a command or at an event, which stops its partition.
    DomainFailed,
    /// A command's answer could not be written for reasons that may pass: its partition is left alone for a while, so that the others go on.
    PartitionSetAside,
    /// What the broker had acknowledged as committed is not in the log: the partition's state was rebuilt.
    CommitLost,
    /// Of a transaction some parts were committed and others were not: what is missing is written again.
    TransactionTorn,
    /// Outcomes are missing from their topic, though their commands are kept: they are written again.
    OutcomesLost,
    /// The group was not served for longer than it waits.
    PollGap,
}

impl TransientFault {
    /// In the order in which they are declared.
    pub const ALL: [Self; 22] = [
        Self::TransactionAborted,
        Self::TransactionInDoubt,
        Self::ProducerRenewed,
        Self::ConsumerRenewed,
        Self::Fenced,
        Self::RegistryAway,
        Self::RegistryForeign,
        Self::RegistryDenied,
        Self::SchemaAbsent,
        Self::SchemasChanged,
        Self::SlowEnd,
        Self::Unfenced,
        Self::NotOwned,
        Self::StaleGeneration,
        Self::EpochFenced,
        Self::PartitionStopped,
        Self::DomainFailed,
        Self::PartitionSetAside,
        Self::CommitLost,
        Self::TransactionTorn,
        Self::OutcomesLost,
        Self::PollGap,
    ];

    /// Of a registry that does not answer for now.
    pub(crate) fn of_registry(error: &RegistryError) -> Self {
        match error {
            RegistryError::Away { .. } => Self::RegistryAway,
            RegistryError::Foreign { .. } => Self::RegistryForeign,
            RegistryError::Denied { .. } | RegistryError::Refused { .. } | RegistryError::Address(_) => Self::RegistryDenied,
        }
    }

    /// A word for metrics.
    pub fn kind(self) -> &'static str {
        match self {
            Self::TransactionAborted => "transaction_aborted",
            Self::TransactionInDoubt => "transaction_in_doubt",
            Self::ProducerRenewed => "producer_renewed",
            Self::ConsumerRenewed => "consumer_renewed",
            Self::Fenced => "fenced",
            Self::RegistryAway => "registry_away",
            Self::RegistryForeign => "registry_foreign",
            Self::RegistryDenied => "registry_denied",
            Self::SchemaAbsent => "schema_absent",
            Self::SchemasChanged => "schemas_changed",
            Self::SlowEnd => "slow_end",
            Self::Unfenced => "unfenced",
            Self::NotOwned => "not_owned",
            Self::StaleGeneration => "stale_generation",
            Self::EpochFenced => "epoch_fenced",
            Self::PartitionStopped => "partition_stopped",
            Self::DomainFailed => "domain_failed",
            Self::PartitionSetAside => "partition_set_aside",
            Self::CommitLost => "commit_lost",
            Self::TransactionTorn => "transaction_torn",
            Self::OutcomesLost => "outcomes_lost",
            Self::PollGap => "poll_gap",
        }
    }
}

/// Where the loop is, for tests that let a process end there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// A transaction has begun, and nothing is in it.
    Begun,
    /// The records are on their way, and the offsets are not.
    Produced,
    /// All is said but the commit.
    OffsetsSent,
    /// Kafka has committed, and the state does not know.
    Committed,
    /// The state knows.
    Stored,
    /// Some records of a replay are in the state.
    Restoring,
    /// The state is up to the log, and nothing was decided yet.
    Restored,
}

impl Point {
    pub const ALL: [Self; 7] = [
        Self::Begun,
        Self::Produced,
        Self::OffsetsSent,
        Self::Committed,
        Self::Stored,
        Self::Restoring,
        Self::Restored,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Produced => "produced",
            Self::OffsetsSent => "offsets-sent",
            Self::Committed => "committed",
            Self::Stored => "stored",
            Self::Restoring => "restoring",
            Self::Restored => "restored",
        }
    }
}

/// What a take-over did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Restored {
    pub partitions: usize,
    pub events: u64,
    pub outcomes: u64,
}

/// A command whose sender records its trace, and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TracedCommand<'t> {
    /// Its header `traceparent`, to which [`Observe::event_traceparent`] gave another one.
    pub traceparent: &'t [u8],
    pub partition: u32,
    pub offset: i64,
    /// The status of its outcome, `forwarded` or `dead-letter`.
    pub outcome: &'static str,
    /// Where it was decided.
    pub command_type: Option<&'static str>,
}

/// What a batch took, from its first decision to its committed transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchTimes {
    pub commands: usize,
    pub deciding: Duration,
    pub committing: Duration,
}

/// A header `traceparent` of W3C Trace Context, version 00.
pub type Traceparent = [u8; 55];

/// Called from the loop's thread: must be quick.
pub trait Observe {
    /// A transaction committed, `latency` after its first command was polled; the oldest of its commands was appended at `oldest_ms`.
    fn committed(&self, tally: &Tally, latency: Duration, oldest_ms: i64);
    /// The `traceparent` of the events of a command that has this one; `None` where they repeat it.
    fn event_traceparent(&self, _traceparent: &[u8], _partition: u32, _offset: i64) -> Option<Traceparent> {
        None
    }
    /// A transaction committed just now, and has commands for which [`Self::event_traceparent`] gave something: these.
    fn traced(&self, _commands: &[TracedCommand<'_>], _times: BatchTimes) {}
    fn dead_letter(&self, kind: &'static str);
    fn trouble(&self, trouble: TransientFault);
    /// The partitions that are processed now.
    fn owned(&self, partitions: usize);
    /// Offsets between the next command to decide and the end of its partition; 0 once every command is decided.
    fn lag(&self, _partition: u32, _offsets: i64) {}
    /// This instance no longer owns the partition: nothing that was measured of it holds any more.
    fn revoked(&self, _partition: u32) {}
    /// Offsets of events and outcomes that are still to be replayed before partitions can be processed.
    fn restoring(&self, _offsets_left: i64) {}
    /// Whether the registry means something else by the ids that would be written: nothing is written while it does.
    fn contradicted(&self, _by_registry: bool) {}
    /// So many transactions have failed one after the other; 0 when one has committed.
    fn failed_in_a_row(&self, _transactions: u32) {}
    /// Of the partitions that the group gave, those that wait for a person.
    fn stopped(&self, _partitions: usize) {}
    fn restored(&self, restored: Restored, took: Duration);
    /// Records of other instances' partitions were folded, since the last call.
    fn followed(&self, _records: u64) {}
    /// Bytes and number of the aggregates in memory.
    fn cache(&self, bytes: usize, aggregates: usize);
    /// The loop is at this point.
    fn reached(&self, _point: Point) {}
    /// Why no command can be processed at the moment; `None` when they can.
    fn held_up(&self, reason: Option<&str>);
}

#[cfg(test)]
mod tests;
