//! Who does what next is left to chance, until the end.

mod faults;

use crate::simulation::chance::Chance;
use crate::simulation::checks::{self, StateAtCursor};
use crate::simulation::client::{COMMAND_BYTES_MAX, Client};
use crate::simulation::group::Group;
use crate::simulation::log::{LateEnd, Log};
use crate::simulation::place::Place;
use crate::simulation::processor::{Environment, Processor};
use crate::simulation::replica::Replica;
use crate::simulation::scenario::Scenario;
use crate::simulation::trace::Trace;
use crate::simulation::{Faults, Sabotage, Violation};
use decider::Limits;

/// Steps before everything is healed.
const STEPS: u64 = 4_000;
const WITNESSES_MAX: usize = 3;
const STATES_MAX: usize = 8;
const HOUR_MS: i64 = 60 * 60 * 1000;
const YEAR_MS: i64 = 365 * 24 * HOUR_MS;

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
    /// What is to happen to the next processor that comes to a step.
    ambushes: Vec<(Action, &'static str)>,
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
pub fn run<S: Scenario, P: Place>(scenario: S, seed: u64, sabotage: Option<Sabotage>, keep_lines: bool) -> (Result<(), Violation>, Trace) {
    let mut world = World::<S, P>::new(scenario, seed, sabotage, Trace::new(keep_lines));
    let result = world.run();
    if let Err(violation) = &result {
        world.trace.happened("violation", format_args!("{violation}"));
    }
    (result, world.trace)
}

impl<S: Scenario, P: Place> World<S, P> {
    pub(crate) fn new(scenario: S, seed: u64, sabotage: Option<Sabotage>, trace: Trace) -> Self {
        let mut chance = Chance::new(seed);
        let partitions = u32::try_from(chance.between(2, 6)).expect("a small number");
        let limits = Limits {
            partitions,
            command_bytes_max: COMMAND_BYTES_MAX,
            batch_bytes_max: *chance.one_of(&[500, 5_000, 1 << 20]),
            cache_bytes_max: *chance.one_of(&[0, 800, 3_000, 1 << 20]),
            remembered_ms: *chance.one_of(&[2 * HOUR_MS, crate::simulation::REMEMBERED_MS]),
        };
        let faults = Faults {
            batch_records_max: chance.index(12) + 1,
            abort_per_mille: *chance.one_of(&[0, 20, 150]),
            late_end_per_mille: *chance.one_of(&[0, 20, 100]),
            doubled_end_per_mille: *chance.one_of(&[0, 60, 300]),
            lost_response_per_mille: *chance.one_of(&[0, 20, 100]),
            crash_weight: *chance.one_of(&[0, 4, 10, 20]),
        };
        let processors = (0..chance.between(2, 4)).map(|n| Processor::new(format!("p{n}"), limits)).collect();
        let replicas = (0..2).map(|n| Replica::new(format!("m{n}"), partitions)).collect();
        let mut log = Log::default();
        log.now_ms = 1_800_000_000_000;
        Self {
            log,
            group: Group::default(),
            client: Client::new(scenario, partitions),
            processors,
            replicas,
            states: Vec::new(),
            limits,
            trace,
            chance,
            faults,
            sabotage,
            late: Vec::new(),
            ambushes: Vec::new(),
        }
    }

    pub(crate) fn run(&mut self) -> Result<(), Violation> {
        let what = format_args!("{:?} {:?} {} processors", self.limits, self.faults, self.processors.len());
        self.trace.happened("begin", what);
        for _ in 0..STEPS {
            let action = self.next_action();
            self.act(action)?;
            self.spring()?;
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
            Action::Crash | Action::LosePower | Action::LoseDirectory | Action::RestoreCopy | Action::Pause | Action::Fence => {
                self.strike(action)?;
            }
            Action::Restart if !self.processors[one].is_running() => self.start(one),
            Action::Wake if self.processors[one].paused => self.wake(one),
            Action::ExpireSession => self.expire_session(),
            Action::Leave if !self.processors[one].paused && self.processors[one].is_running() && self.processors[one].is_idle() => {
                let (processor, mut around) = self.around(one);
                processor.crash(&mut around)?;
                self.leave(one, "leave");
            }
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
            Action::Process | Action::Restart | Action::Wake | Action::Leave | Action::Hear | Action::Follow => {}
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

    fn around(&mut self, one: usize) -> (&mut Processor<S, P>, Environment<'_>) {
        let around = Environment {
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

    /// Mostly forward, sometimes by most of a day, and at times a little back. The brokers' clock is right, or a year ahead.
    fn pass_time(&mut self) {
        let later_ms = match self.chance.below(100) {
            0..5 => 20 * HOUR_MS,
            5..15 => -2_000,
            15..25 => {
                let (ahead_ms, what) = if self.log.ahead_ms == 0 {
                    (YEAR_MS, "clock a year ahead")
                } else {
                    (0, "clock right again")
                };
                self.log.ahead_ms = ahead_ms;
                self.trace.happened(what, format_args!(""));
                700
            }
            25..35 => HOUR_MS / 2,
            _ => 700,
        };
        self.log.now_ms += later_ms;
        self.trace.happened("time", format_args!("{later_ms} ms"));
    }

    fn any_partition(&mut self) -> u32 {
        u32::try_from(self.chance.below(u64::from(self.limits.partitions))).expect("a small number")
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
