//! What a processor tells about itself; the binary makes metrics of it.

use decider::Tally;
use std::time::Duration;

/// Something went wrong and was ridden out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    TransactionAborted,
    /// A fatal or doubtful transaction: the producer was made anew, with a new epoch.
    ProducerRenewed,
    ConsumerRenewed,
    /// A dead instance's open transaction was ended.
    Fenced,
    /// The registry could not be reached when a schema was needed.
    RegistryAway,
}

impl Trouble {
    /// A word for metrics.
    pub fn kind(self) -> &'static str {
        match self {
            Self::TransactionAborted => "transaction_aborted",
            Self::ProducerRenewed => "producer_renewed",
            Self::ConsumerRenewed => "consumer_renewed",
            Self::Fenced => "fenced",
            Self::RegistryAway => "registry_away",
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

/// Told from the loop's thread: must be quick.
pub trait Observe {
    /// A transaction committed, `latency` after its first command was polled; the oldest of its commands was appended at `oldest_ms`.
    fn committed(&self, tally: &Tally, latency: Duration, oldest_ms: i64);
    fn dead_letter(&self, kind: &'static str);
    fn trouble(&self, trouble: Trouble);
    /// The partitions that are processed now.
    fn owned(&self, partitions: usize);
    fn restored(&self, restored: Restored, took: Duration);
    /// Bytes and number of the aggregates in memory.
    fn cache(&self, bytes: usize, aggregates: usize);
    /// Why no command can be processed at the moment; `None` when they can.
    fn held_up(&self, reason: Option<&str>);
}
