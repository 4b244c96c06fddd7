//! A command processor, one step at a time: between any two of them it can crash, pause, or lose its partitions.

mod follower;
mod replay;
mod takeover;
mod transaction;

use crate::simulation::chance::Chance;
use crate::simulation::group::{Group, Membership};
use crate::simulation::log::{LateEnd, Log, Producer, Stored};
use crate::simulation::place::Place;
use crate::simulation::scenario::Scenario;
use crate::simulation::trace::Trace;
use crate::simulation::{Faults, Sabotage, Violation};
use decider::{Batch, Call, DomainFailure, Limits, Machine};
use follower::Follower;
use keyvalue::Mutation;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use takeover::Takeover;

/// The simulated log, group and faults that a processor acts on.
pub(crate) struct Environment<'w> {
    pub(crate) log: &'w mut Log,
    pub(crate) group: &'w mut Group,
    pub(crate) chance: &'w mut Chance,
    pub(crate) trace: &'w mut Trace,
    pub(crate) faults: &'w Faults,
    pub(crate) sabotage: Option<Sabotage>,
    /// Ends of transactions that are still on their way to the broker.
    pub(crate) late: &'w mut Vec<LateEnd>,
}

pub(crate) struct Processor<S: Scenario, P> {
    pub(crate) name: String,
    pub(crate) place: P,
    pub(crate) paused: bool,
    limits: Limits,
    run: Option<Run<S>>,
}

/// What is gone when the process dies.
struct Run<S: Scenario> {
    machine: Machine<S::Domain>,
    codec: S::Codec,
    follower: Follower<S>,
    producer: Producer,
    /// The producer's last end was sent twice: before the next transaction there has to be a new one.
    renews: bool,
    /// Of the group, as the client knows it. It learns of changes outside of the loop; `None` when it was removed, or has not joined yet.
    membership: Option<Membership>,
    /// Of the group, as this loop has acted on it.
    generation: u32,
    /// By partition: the generation since which it was never anybody else's.
    assigned: BTreeMap<u32, u32>,
    takeovers: VecDeque<Takeover>,
    /// Partitions that stopped at a command or an event which the domain fails at, and where that was.
    stopped: BTreeMap<u32, DomainFailure>,
    /// Schema ids that no registry knows.
    unreadable: BTreeMap<u32, String>,
    partitions: u32,
    stage: Stage,
}

/// What is done next, with all that is known so far.
enum Stage {
    Poll,
    /// Records were polled.
    Decide(Vec<(u32, Stored)>),
    /// Records of the batch before this one were produced.
    Produce(Vec<(u32, Stored)>, Batch, usize, Delivered),
    SendOffsets(Batch, Delivered),
    Commit(Batch, Delivered),
    /// The transaction has committed; the state lags behind.
    Store(Vec<Mutation>),
    Abort(Batch),
    /// It is not known whether the transaction has committed, or the producer was fenced.
    Doubt(Batch),
}

/// By partition: the offsets after the last event and after the last outcome.
type Delivered = BTreeMap<u32, (Option<i64>, Option<i64>)>;

impl<S: Scenario, P: Place> Processor<S, P> {
    pub(crate) fn new(name: String, limits: Limits) -> Self {
        Self {
            name,
            place: P::new(),
            paused: false,
            limits,
            run: None,
        }
    }

    pub(crate) fn is_running(&self) -> bool {
        self.run.is_some()
    }

    /// The name of what comes next; `None` when the process is down.
    pub(crate) fn next_step(&self) -> Option<&'static str> {
        let run = self.run.as_ref()?;
        Some(match &run.stage {
            Stage::Poll if run.renews => "renew",
            Stage::Poll if !run.takeovers.is_empty() => run.takeovers[0].next_step(),
            Stage::Poll => "poll",
            Stage::Decide(..) => "decide",
            Stage::Produce(_, _, 0, _) => "produce",
            Stage::Produce(..) => "produce more",
            Stage::SendOffsets(..) => "send offsets",
            Stage::Commit(..) => "commit",
            Stage::Store(..) => "store",
            Stage::Abort(..) => "abort",
            Stage::Doubt(..) => "doubt",
        })
    }

    pub(crate) fn start(&mut self, around: &mut Environment<'_>) {
        self.place.reopen();
        around.group.join(&self.name, self.limits.partitions, around.chance);
        self.run = Some(Run {
            machine: Machine::new(self.limits),
            codec: S::codec(),
            follower: Follower::new(self.limits),
            renews: false,
            membership: None,
            producer: around.log.init_producer(&self.name),
            generation: 0,
            assigned: BTreeMap::new(),
            takeovers: VecDeque::new(),
            stopped: BTreeMap::new(),
            unreadable: BTreeMap::new(),
            partitions: self.limits.partitions,
            stage: Stage::Poll,
        });
    }

    /// The process dies. What it was about to write to its state is written in one piece or not at all.
    pub(crate) fn crash(&mut self, around: &mut Environment<'_>) -> Result<(), Violation> {
        let Some(Run {
            stage: Stage::Store(mutations),
            ..
        }) = self.run.take()
        else {
            return Ok(());
        };
        let written = match around.sabotage {
            Some(Sabotage::TearsWrites) => around.chance.index(mutations.len() + 1),
            _ if around.chance.hits(500) => mutations.len(),
            _ => 0,
        };
        let what = if written == 0 {
            "crash left the write out"
        } else {
            "crash after the write"
        };
        around
            .trace
            .happened(what, format_args!("{} {written} of {}", self.name, mutations.len()));
        self.place
            .apply(&mutations[..written])
            .map_err(|error| Violation::new("store", error.to_string()))
    }

    /// The client learns, outside of the loop, what the group has decided.
    pub(crate) fn hear(&mut self, around: &mut Environment<'_>) {
        let Some(run) = &mut self.run else { return };
        let membership = around.group.membership(&self.name);
        if membership == run.membership {
            return;
        }
        let what = if membership.is_none() {
            "removed from the group"
        } else {
            "generation heard of"
        };
        around.trace.happened(what, format_args!("{} {membership:?}", self.name));
        run.membership = membership;
    }

    /// Follows a partition that another process may own.
    pub(crate) fn follow(&mut self, partition: u32, around: &mut Environment<'_>) -> Result<(), Violation> {
        match &mut self.run {
            Some(run) => run.follow(&mut self.place, partition, &self.name, around),
            None => Ok(()),
        }
    }

    /// Something was added to a transaction that has not ended.
    pub(crate) fn is_in_transaction(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.producer.has_begun())
    }

    /// Commands were polled and are not answered for yet, or the producer is to be renewed.
    pub(crate) fn is_busy(&self) -> bool {
        let busy = |run: &Run<S>| run.renews || !matches!(run.stage, Stage::Poll);
        self.run.as_ref().is_some_and(busy)
    }

    /// Does what comes next.
    pub(crate) fn step(&mut self, around: &mut Environment<'_>) -> Result<(), Violation> {
        let Some(run) = &mut self.run else { return Ok(()) };
        let stage = std::mem::replace(&mut run.stage, Stage::Poll);
        let next = match stage {
            Stage::Poll if run.renews => run.renew(around),
            Stage::Poll if run.lost_its_place(&self.name, around) => Stage::Poll,
            Stage::Poll if !run.takeovers.is_empty() => {
                run.take_over(&mut self.place, &self.name, around)?;
                Stage::Poll
            }
            Stage::Poll => run.poll(around),
            Stage::Decide(records) => run.decide(&mut self.place, records, around)?,
            Stage::Produce(records, batch, done, delivered) => run.produce(records, batch, done, delivered, around),
            Stage::SendOffsets(batch, delivered) => run.send_offsets(batch, delivered, around),
            Stage::Commit(batch, delivered) => run.commit(batch, delivered, around),
            Stage::Store(mutations) => {
                self.place
                    .apply(&mutations)
                    .map_err(|error| Violation::new("store", error.to_string()))?;
                Stage::Poll
            }
            Stage::Abort(batch) => run.abort(batch, around),
            Stage::Doubt(batch) => run.doubt(batch, around),
        };
        run.stage = next;
        Ok(())
    }

    /// Where the domain has failed in a partition that this processor owns.
    pub(crate) fn stopped(&self, partition: u32) -> Option<&DomainFailure> {
        let run = self.run.as_ref().filter(|run| run.assigned.contains_key(&partition))?;
        run.stopped.get(&partition)
    }

    /// Nothing is under way.
    pub(crate) fn is_idle(&self) -> bool {
        let idle = |run: &Run<S>| matches!(run.stage, Stage::Poll) && run.takeovers.is_empty() && !run.renews;
        self.run.as_ref().is_none_or(idle)
    }
}

impl<S: Scenario> Run<S> {
    /// Notices a new generation: what it has lost is closed, what is new to it is to be taken over. It keeps what was its own all the
    /// time; what others may have owned meanwhile is new to it.
    fn lost_its_place(&mut self, name: &str, around: &mut Environment<'_>) -> bool {
        if !around.group.is_member(name) {
            around.trace.happened("rejoin", format_args!("{name}"));
            around.group.join(name, self.partitions, around.chance);
        }
        self.membership = around.group.membership(name);
        let Some(Membership { generation, owned }) = self.membership.clone() else {
            return false;
        };
        if self.generation == generation {
            return false;
        }
        let taken_over = |partition: &u32| self.takeovers.iter().all(|takeover| takeover.partition != *partition);
        let kept: BTreeSet<u32> = self
            .assigned
            .keys()
            .copied()
            .filter(|partition| owned.get(partition).is_some_and(|since| *since <= self.generation) && taken_over(partition))
            .collect();
        for partition in self.assigned.keys().filter(|partition| !kept.contains(partition)) {
            self.machine.close(*partition);
        }
        self.stopped.retain(|partition, _| kept.contains(partition));
        for partition in owned.keys() {
            if self.follower.let_go(*partition, around.sabotage) {
                around.trace.happened("taken over warm", format_args!("{name} {partition}"));
            }
        }
        let new = owned.keys().filter(|partition| !kept.contains(partition));
        self.takeovers = new.map(|partition| Takeover::new(*partition)).collect();
        around.trace.happened(
            "assigned",
            format_args!("{name} {owned:?} kept {kept:?} in generation {generation}"),
        );
        self.assigned = owned;
        self.generation = generation;
        true
    }

    /// Begins again with everything that it owns, from the state and the log.
    fn take_over_again(&mut self) {
        for partition in self.assigned.keys() {
            self.machine.close(*partition);
        }
        self.stopped.clear();
        self.takeovers = self.assigned.keys().map(|partition| Takeover::new(*partition)).collect();
    }

    /// The domain fails at a record: its partition is left alone until it is taken over again.
    fn stop(&mut self, failure: DomainFailure, around: &mut Environment<'_>) {
        around.trace.happened(bug_in(failure.call), format_args!("{failure}"));
        self.machine.close(failure.partition);
        self.stopped.insert(failure.partition, failure);
    }
}

fn bug_in(call: Call) -> &'static str {
    match call {
        Call::DecodeCommand => "bug in decode_command",
        Call::EncodeMeaning => "bug in encode_meaning",
        Call::Load => "bug in load",
        Call::Decide => "bug in decide",
        Call::Evolve => "bug in evolve",
        Call::Store => "bug in store",
        Call::Size => "bug in size_bytes",
        Call::EncodeEvent => "bug in encode_event",
        Call::EncodeOutcome => "bug in encode_outcome",
    }
}
