//! The whole pipeline in one process, from one seed: clients, command processors, replicas, and everything that goes wrong with them.
//!
//! The decider, the domain, the codecs and the views are the real ones; Kafka is `log` and `group`, which know transactions,
//! markers, epochs and generations but no network. What stands between, the order of steps in `processor` and `replica`, is the
//! protocol that `stream` and the materializer follow on a real broker. At the end everything is healed and drained, and the
//! `checks` judge what is left.

mod chance;
mod checks;
mod client;
mod ending;
mod group;
mod log;
mod place;
mod processor;
mod replica;
mod scenario;
mod trace;
mod world;

pub use chance::Chance;
pub use place::{InMemory, Place};
pub use scenario::{Bank, Command, EventOf, Scenario, Schedule};
pub use trace::Trace;
pub use world::run;

/// Something that must never be so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The invariant's number, or what could not even be judged.
    pub invariant: &'static str,
    pub what: String,
}

impl Violation {
    pub fn new(invariant: &'static str, what: String) -> Self {
        Self { invariant, what }
    }
}

impl std::fmt::Display for Violation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.invariant, self.what)
    }
}

/// A mistake in the protocol, made on purpose: some check has to find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// Offsets are committed beside the transaction.
    CommitsOffsetsAlone,
    /// A commit whose result is not known counts as committed.
    TrustsDoubtfulCommits,
    /// A processor that lost its partitions goes on with them.
    IgnoresGeneration,
    /// A new owner folds events, but does not learn which commands were answered.
    ReplaysNoOutcomes,
    /// Replicas read what may yet be aborted.
    ReadsUncommitted,
    /// Replicas write their position before the view.
    WritesPositionFirst,
}

/// How often what goes wrong; different for each seed.
#[derive(Debug, Clone, Copy)]
pub struct Faults {
    pub batch_records_max: usize,
    pub abort_per_mille: u64,
    pub late_commit_per_mille: u64,
    pub lost_response_per_mille: u64,
    /// Against a weight of 1,000 for everything that goes right.
    pub crash_weight: u64,
}

#[cfg(test)]
mod tests;
