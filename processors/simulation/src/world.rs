//! Who does what next is left to chance, until the end.

use crate::chance::Chance;
use crate::checks::{self, StateAtCursor};
use crate::client::{COMMAND_BYTES_MAX, Client};
use crate::group::Group;
use crate::log::{LateEnd, Log, Refused};
use crate::place::Place;
use crate::processor::{Processor, Surroundings};
use crate::replica::Replica;
use crate::scenario::Scenario;
use crate::trace::Trace;
use crate::{Faults, Sabotage, Violation};
use decider::Limits;

/// Steps before everything is healed.
const STEPS: u64 = 4_000;
const WITNESSES_MAX: usize = 3;
const STATES_MAX: usize = 8;
const HOUR_MS: i64 = 60 * 60 * 1000;

pub(crate) struct World<S: Scenario, P> {
    pub(crate) log: Log,
    pub(crate) group: Group,
    pub(crate) client: Client<S>,
    pub(crate) processors: Vec<Processor<S, P>>,
    pub(crate) replicas: Vec<Replica<S, P>>,
    /// States as they were at some time.
    pub(crate) states: Vec<StateAtCursor>,
    pub(crate) limits: Limits,
    pub(crate) trace: Trace,
    pub(crate) chance: Chance,
    pub(crate) faults: Faults,
    pub(crate) sabotage: Option<Sabotage>,
    pub(crate) late: Vec<LateEnd>,
}

/// What may happen next, and how often against one another.
#[derive(Debug, Clone, Copy)]
enum Action {
    Send,
    Process,
    Project,
    WriteMarker,
    PassTime,
    Crash,
    Restart,
    Pause,
    Wake,
    ExpireSession,
    ExpireTransaction,
    Leave,
    DeliverLate,
    Flush,
    LosePower,
    LoseDirectory,
    RestoreCopy,
    CrashReplica,
    RebuildReplica,
    /// Another process takes the transactional id.
    Fence,
    /// A client learns what the group has decided.
    Hear,
    Follow,
    Witness,
}

/// One run of a scenario from a seed, with its trace. The trace has lines only where they are wanted.
pub fn run<S: Scenario, P: Place>(seed: u64, sabotage: Option<Sabotage>, keep_lines: bool) -> (Result<(), Violation>, Trace) {
    let mut world = World::<S, P>::new(seed, sabotage, Trace::new(keep_lines));
    let result = world.run();
    if let Err(violation) = &result {
        world.trace.happened("violation", format_args!("{violation}"));
    }
    (result, world.trace)
}

impl<S: Scenario, P: Place> World<S, P> {
    pub(crate) fn new(seed: u64, sabotage: Option<Sabotage>, trace: Trace) -> Self {
        let mut chance = Chance::new(seed);
        let partitions = u32::try_from(chance.between(2, 6)).expect("a small number");
        let limits = Limits {
            partitions,
            command_bytes_max: COMMAND_BYTES_MAX,
            batch_bytes_max: *chance.one_of(&[500, 5_000, 1 << 20]),
            cache_bytes_max: *chance.one_of(&[0, 800, 3_000, 1 << 20]),
        };
        let faults = Faults {
            batch_records_max: chance.index(12) + 1,
            abort_per_mille: *chance.one_of(&[0, 20, 150]),
            late_end_per_mille: *chance.one_of(&[0, 20, 100]),
            doubled_end_per_mille: *chance.one_of(&[0, 30, 150]),
            lost_response_per_mille: *chance.one_of(&[0, 20, 100]),
            crash_weight: *chance.one_of(&[0, 4, 20]),
        };
        let processors = (0..chance.between(2, 4)).map(|n| Processor::new(format!("p{n}"), limits)).collect();
        let replicas = (0..2).map(|n| Replica::new(format!("m{n}"), partitions)).collect();
        let mut log = Log::default();
        log.now_ms = 1_800_000_000_000;
        Self {
            log,
            group: Group::default(),
            client: Client::new(partitions),
            processors,
            replicas,
            states: Vec::new(),
            limits,
            trace,
            chance,
            faults,
            sabotage,
            late: Vec::new(),
        }
    }

    pub(crate) fn run(&mut self) -> Result<(), Violation> {
        let what = format_args!("{:?} {:?} {} processors", self.limits, self.faults, self.processors.len());
        self.trace.happened("begin", what);
        for _ in 0..STEPS {
            let action = self.next_action();
            self.act(action)?;
        }
        self.heal()?;
        self.judge()
    }

    fn next_action(&mut self) -> Action {
        let crash = self.faults.crash_weight;
        let weights = [
            (Action::Send, 250),
            (Action::Process, 530),
            (Action::Project, 60),
            (Action::WriteMarker, 150),
            (Action::PassTime, 10),
            (Action::Restart, 6 + crash * 2),
            (Action::Wake, 10),
            (Action::Flush, 5),
            (Action::Witness, 8),
            (Action::Hear, 60),
            (Action::Follow, 40),
            (Action::Fence, crash / 4),
            (Action::RestoreCopy, crash / 8),
            (Action::Crash, crash),
            (Action::Pause, crash / 4),
            (Action::ExpireSession, crash / 2),
            (Action::ExpireTransaction, crash / 4),
            (Action::Leave, 1),
            (Action::DeliverLate, 20),
            (Action::LosePower, crash / 4),
            (Action::LoseDirectory, crash / 8),
            (Action::CrashReplica, crash),
            (Action::RebuildReplica, crash / 8),
        ];
        let mut choice = self.chance.below(weights.iter().map(|(_, weight)| weight).sum());
        for (action, weight) in weights {
            match choice.checked_sub(weight) {
                None => return action,
                Some(rest) => choice = rest,
            }
        }
        Action::Process
    }

    fn act(&mut self, action: Action) -> Result<(), Violation> {
        let one = self.chance.index(self.processors.len());
        match action {
            Action::Send => self.client.step(&mut self.log, &mut self.chance, &mut self.trace),
            Action::Process if !self.processors[one].paused => self.process(one)?,
            Action::Project => {
                let one = self.chance.index(self.replicas.len());
                self.project(one)?;
            }
            Action::WriteMarker => self.write_marker(),
            Action::PassTime => self.pass_time(),
            Action::Crash | Action::LosePower | Action::LoseDirectory | Action::RestoreCopy => self.crash(one, action)?,
            Action::Restart if !self.processors[one].is_running() => self.start(one),
            Action::Pause if self.processors[one].is_running() => {
                self.processors[one].paused = true;
                let step = self.processors[one].next_step().unwrap_or_default();
                self.trace
                    .happened("pause", format_args!("{} before {step}", self.processors[one].name));
            }
            Action::Wake if self.processors[one].paused => self.wake(one),
            Action::ExpireSession if self.processors[one].paused || !self.processors[one].is_running() => {
                self.leave(one, "session expired")
            }
            Action::Leave if self.processors[one].is_running() && self.processors[one].is_idle() => {
                let (processor, mut around) = self.around(one);
                processor.crash(&mut around)?;
                self.leave(one, "leave");
            }
            Action::Fence if self.processors[one].is_running() => self.fence(one),
            Action::Hear if !self.processors[one].paused => {
                let (processor, mut around) = self.around(one);
                processor.hear(&mut around);
            }
            Action::Follow if !self.processors[one].paused => {
                let partition = self.any_partition();
                let (processor, mut around) = self.around(one);
                processor.follow(partition, &mut around)?;
            }
            Action::ExpireTransaction => self.expire_transaction(),
            Action::DeliverLate => self.deliver_late(),
            Action::Flush => self.flush(one),
            Action::CrashReplica | Action::RebuildReplica => self.crash_replica(action),
            Action::Witness => self.witness(one)?,
            Action::Process | Action::Restart | Action::Pause | Action::Wake | Action::ExpireSession => {}
            Action::Leave | Action::Fence | Action::Hear | Action::Follow => {}
        }
        Ok(())
    }

    pub(crate) fn process(&mut self, one: usize) -> Result<(), Violation> {
        let (processor, mut around) = self.around(one);
        processor.step(&mut around)
    }

    pub(crate) fn start(&mut self, one: usize) {
        let (processor, mut around) = self.around(one);
        around.trace.happened("start", format_args!("{}", processor.name));
        processor.start(&mut around);
    }

    fn around(&mut self, one: usize) -> (&mut Processor<S, P>, Surroundings<'_>) {
        let around = Surroundings {
            log: &mut self.log,
            group: &mut self.group,
            chance: &mut self.chance,
            trace: &mut self.trace,
            faults: &self.faults,
            sabotage: self.sabotage,
            late: &mut self.late,
        };
        (&mut self.processors[one], around)
    }

    pub(crate) fn project(&mut self, one: usize) -> Result<(), Violation> {
        self.replicas[one].step(&self.log, &mut self.chance, &mut self.trace, self.sabotage)
    }

    pub(crate) fn write_marker(&mut self) {
        let pending = self.log.markers_pending();
        if pending > 0 {
            self.log.write_marker(self.chance.index(pending));
        }
    }

    /// Mostly forward, sometimes by days, and at times a little back.
    fn pass_time(&mut self) {
        let later_ms = match self.chance.below(100) {
            0..5 => 20 * HOUR_MS,
            5..15 => -2_000,
            _ => 700,
        };
        self.log.now_ms += later_ms;
        self.trace.happened("time", format_args!("{later_ms} ms"));
    }

    fn crash(&mut self, one: usize, action: Action) -> Result<(), Violation> {
        let (processor, mut around) = self.around(one);
        let Some(step) = processor.next_step() else { return Ok(()) };
        around.trace.crashed(step, format_args!("{} {action:?}", processor.name));
        if processor.is_in_transaction() {
            around.trace.happened("crash in a transaction", format_args!("{}", processor.name));
        }
        processor.crash(&mut around)?;
        let processor = &mut self.processors[one];
        match action {
            Action::LosePower => {
                self.trace.happened("power lost", format_args!("{}", processor.name));
                processor.place.lose_power();
            }
            Action::LoseDirectory => {
                self.trace.happened("directory lost", format_args!("{}", processor.name));
                processor.place.wipe();
            }
            Action::RestoreCopy if processor.place.restore_copy() => {
                self.trace.happened("old copy restored", format_args!("{}", processor.name));
            }
            _ => {}
        }
        processor.paused = false;
        Ok(())
    }

    /// Who was away for longer than its session may wake in the midst of a transaction; at times its client is told first.
    fn wake(&mut self, one: usize) {
        self.processors[one].paused = false;
        if !self.processors[one].is_in_transaction() {
            return;
        }
        if self.chance.hits(300) {
            self.leave(one, "session expired");
        }
        if self.group.is_member(&self.processors[one].name) {
            return;
        }
        let hears = self.chance.hits(500);
        let (processor, mut around) = self.around(one);
        around
            .trace
            .happened("zombie woke in a transaction", format_args!("{}", processor.name));
        if hears {
            processor.hear(&mut around);
        }
    }

    /// Another process under the same name begins, and is not heard of again.
    fn fence(&mut self, one: usize) {
        let processor = &self.processors[one];
        let what = if processor.is_in_transaction() {
            "fenced in a transaction"
        } else {
            "fenced"
        };
        self.trace.happened(what, format_args!("{}", processor.name));
        self.log.init_producer(&processor.name);
    }

    fn any_partition(&mut self) -> u32 {
        u32::try_from(self.chance.below(u64::from(self.limits.partitions))).expect("a small number")
    }

    fn leave(&mut self, one: usize, why: &'static str) {
        let name = &self.processors[one].name;
        if self.group.is_member(name) {
            self.trace.happened(why, format_args!("{name}"));
            self.group.leave(name, self.limits.partitions, &mut self.chance);
        }
    }

    fn expire_transaction(&mut self) {
        let open = self.log.open_transactions();
        if !open.is_empty() {
            let transactional_id = self.chance.one_of(&open);
            self.trace.happened("transaction expired", format_args!("{transactional_id}"));
            self.log.expire(transactional_id);
        }
    }

    /// The end of a transaction arrives late, or never.
    pub(crate) fn deliver_late(&mut self) {
        if self.late.is_empty() {
            return;
        }
        let index = self.chance.index(self.late.len());
        let late = self.late.swap_remove(index);
        if self.chance.hits(300) {
            return;
        }
        let what = match self.log.end(&late.producer, late.commit) {
            Ok(ended) if ended.is_some() && ended != late.meant => "late end of another transaction",
            Ok(Some(_)) => "late end in time",
            Ok(None) => "late end repeated",
            Err(Refused::Fenced) => "late end fenced",
            Err(Refused::InvalidState | Refused::StaleGeneration) => "late end refused",
        };
        let LateEnd { producer, commit, .. } = &late;
        let what_of = format_args!("{} {} commit {commit}", producer.transactional_id, producer.epoch);
        self.trace.happened(what, what_of);
    }

    fn flush(&mut self, one: usize) {
        let copies = self.chance.hits(100);
        self.processors[one].place.flush();
        if copies {
            self.processors[one].place.keep_copy();
        }
        let one = self.chance.index(self.replicas.len());
        self.replicas[one].place.flush();
        if copies {
            self.replicas[one].place.keep_copy();
        }
    }

    fn crash_replica(&mut self, action: Action) {
        let one = self.chance.index(self.replicas.len());
        let replica = &mut self.replicas[one];
        let before = if replica.has_pending() { "writing the view" } else { "projecting" };
        self.trace.crashed(before, format_args!("{} {action:?}", replica.name));
        replica.crash();
        match action {
            Action::RebuildReplica => {
                self.trace.happened("view rebuilt", format_args!("{}", replica.name));
                replica.place.wipe();
            }
            _ if self.chance.hits(100) && replica.place.restore_copy() => {
                self.trace.happened("old view restored", format_args!("{}", replica.name));
            }
            _ if self.chance.hits(200) => {
                self.trace.happened("power lost", format_args!("{}", replica.name));
                replica.place.lose_power();
            }
            _ => {}
        }
    }

    /// Notes a state and a view as they are now, to be judged at the end.
    fn witness(&mut self, one: usize) -> Result<(), Violation> {
        let partition = self.any_partition();
        let processor = &self.processors[one];
        if self.states.len() < STATES_MAX && self.chance.hits(300) {
            self.states.extend(StateAtCursor::of(&processor.name, partition, &processor.place)?);
        }
        let one = self.chance.index(self.replicas.len());
        checks::views_hold_what_is_committed(&self.log, &self.replicas[one].name, &self.replicas[one].position()?)?;
        if self.replicas[one].witnesses.len() < WITNESSES_MAX && self.chance.hits(200) {
            self.replicas[one].witness()?;
        }
        Ok(())
    }
}
