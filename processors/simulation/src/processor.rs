//! A command processor, one step at a time: between any two of them it can crash, pause, or lose its partitions.

mod takeover;
mod transaction;

use crate::chance::Chance;
use crate::group::Group;
use crate::log::{Log, Producer, Stored};
use crate::place::Place;
use crate::scenario::Scenario;
use crate::trace::Trace;
use crate::{Faults, Sabotage, Violation};
use decider::{Batch, Limits, Machine};
use keyvalue::Mutation;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use takeover::Takeover;

/// What a processor acts on.
pub(crate) struct Surroundings<'w> {
    pub(crate) log: &'w mut Log,
    pub(crate) group: &'w mut Group,
    pub(crate) chance: &'w mut Chance,
    pub(crate) trace: &'w mut Trace,
    pub(crate) faults: &'w Faults,
    pub(crate) sabotage: Option<Sabotage>,
    /// Ends of transactions that are still on their way to the broker.
    pub(crate) late: &'w mut Vec<(Producer, bool)>,
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
    producer: Producer,
    /// Of the group, as this process knows it.
    generation: u32,
    assigned: BTreeSet<u32>,
    takeovers: VecDeque<Takeover>,
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
    /// The transaction has committed; the state is behind.
    Store(Vec<Mutation>),
    Abort(Batch),
    /// Nobody knows whether the transaction has committed, or the producer was fenced.
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

    pub(crate) fn start(&mut self, around: &mut Surroundings<'_>) {
        self.place.reopen();
        around.group.join(&self.name, self.limits.partitions, around.chance);
        self.run = Some(Run {
            machine: Machine::new(self.limits),
            codec: S::codec(),
            producer: around.log.init_producer(&self.name),
            generation: 0,
            assigned: BTreeSet::new(),
            takeovers: VecDeque::new(),
            unreadable: BTreeMap::new(),
            partitions: self.limits.partitions,
            stage: Stage::Poll,
        });
    }

    pub(crate) fn crash(&mut self) {
        self.run = None;
    }

    /// Does what comes next.
    pub(crate) fn step(&mut self, around: &mut Surroundings<'_>) -> Result<(), Violation> {
        let Some(run) = &mut self.run else { return Ok(()) };
        let stage = std::mem::replace(&mut run.stage, Stage::Poll);
        let next = match stage {
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

    /// Nothing is under way.
    pub(crate) fn is_idle(&self) -> bool {
        let idle = |run: &Run<S>| matches!(run.stage, Stage::Poll) && run.takeovers.is_empty();
        self.run.as_ref().is_none_or(idle)
    }
}

impl<S: Scenario> Run<S> {
    /// Notices a new generation: what it has lost is closed, what is new to it is to be taken over. Of what it was not told about
    /// in time it keeps nothing, since others may have owned it meanwhile.
    fn lost_its_place(&mut self, name: &str, around: &mut Surroundings<'_>) -> bool {
        let generation = around.group.generation;
        if self.generation == generation {
            return false;
        }
        let told = around.group.is_member(name) && generation == self.generation + 1;
        if !around.group.is_member(name) {
            around.trace.happened("rejoin", format_args!("{name}"));
            around.group.join(name, self.partitions, around.chance);
        }
        let assigned = around.group.assigned(name);
        let kept: BTreeSet<u32> = if told {
            let taken_over = |partition: &u32| self.takeovers.iter().all(|takeover| takeover.partition != *partition);
            self.assigned.intersection(&assigned).copied().filter(taken_over).collect()
        } else {
            BTreeSet::new()
        };
        for partition in self.assigned.difference(&kept) {
            self.machine.close(*partition);
        }
        self.takeovers = assigned.difference(&kept).map(|partition| Takeover::new(*partition)).collect();
        around.trace.happened(
            "assigned",
            format_args!("{name} {assigned:?} kept {kept:?} in generation {generation}"),
        );
        self.assigned = assigned;
        self.generation = around.group.generation;
        true
    }

    /// Begins anew with everything that it owns, from the state and the log.
    fn take_over_again(&mut self) {
        for partition in &self.assigned {
            self.machine.close(*partition);
        }
        self.takeovers = self.assigned.iter().map(|partition| Takeover::new(*partition)).collect();
    }
}
