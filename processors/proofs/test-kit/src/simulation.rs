//! The whole pipeline in one process, from one seed: clients, command processors, replicas, and everything that goes wrong with them.
//!
//! The decider, the domain, the codecs and the views are the real ones; Kafka is `log` and `group`, which know transactions,
//! markers, epochs and generations but no network. What stands between, the order of steps in `processor` and `replica`, is the
//! protocol that `stream` and the materializer follow on a real broker. At the end everything is healed and drained, and the
//! `checks` judge what is left.
//!
//! What goes wrong, each at a rate that the seed draws: clients that resend, send twice, misroute, overtake and send what is no
//! command; processes that crash between any two steps, or while writing, lose what was not flushed, find an old copy of
//! their state or none; pauses, expired sessions and zombies; abortable errors, fences, expired transactions; ends of transactions
//! that come late, twice, or not at all, and answers that get lost; clocks that jump; functions of a domain that panic or fail, of which each
//! stops one partition. `Coverage` counts all of it, and so many seeds
//! that hit too little of it are a failure.
//!
//! A mistake that the protocol's guards prevent is a [`Sabotage`]: the tests of the crate `simulation` make each of them, and some check has to find it.

mod chance;
mod checks;
mod client;
mod coverage;
mod ending;
mod group;
mod log;
mod place;
mod processor;
mod replica;
mod scenario;
mod seeds;
mod trace;
mod world;

pub use chance::Chance;
pub use coverage::{Coverage, SEEDS_MIN};
pub use place::{InMemory, Place};
pub use scenario::{Command, EventOf, Generated, Scenario};
pub use seeds::Seeds;
pub use trace::Trace;
pub use world::run;

/// How long command ids are remembered: the retention of the commands topic. No run lasts as long, however often the broker's clock jumps, so that
/// none is forgotten.
pub const REMEMBERED_MS: i64 = 7 * 24 * 60 * 60 * 1000;

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
    /// Offsets are committed outside of the transaction.
    CommitsOffsetsAlone,
    /// A commit whose result is not known counts as committed.
    TrustsDoubtfulCommits,
    /// A processor that lost its partitions goes on with them: it never names a generation to the broker.
    IgnoresGeneration,
    /// A processor that the group has removed sends offsets nevertheless, without naming a member.
    CommitsUnfenced,
    /// A member sends offsets for a partition that is not its own any more.
    CommitsUnowned,
    /// After a commit or an abort that was sent twice the producer goes on in the same epoch.
    KeepsProducer,
    /// An abort whose result is not known counts as aborted.
    TrustsDoubtfulAborts,
    /// A state is not written in one piece.
    TearsWrites,
    /// A follower of a partition goes on following when it is taken over.
    FollowsOn,
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
    /// Ends of transactions that stay on their way for long.
    pub late_end_per_mille: u64,
    /// Ends of transactions that are sent twice, of which one stays on its way for long.
    pub doubled_end_per_mille: u64,
    pub lost_response_per_mille: u64,
    /// Against a weight of 1,000 for everything that goes right.
    pub crash_weight: u64,
}
