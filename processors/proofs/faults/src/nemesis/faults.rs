//! The faults of a nemesis: how each is injected, how long it lasts, and how it is undone.

use super::{Attack, PROCESSORS, VIEWS};
use crate::Chance;
use fault_proxy::{ApiKey, Client, Direction, Fault, RuleId, When};
use service::clock;

/// What has to be undone.
pub(super) enum InjectedFault {
    /// This process is to be started again.
    Dead(&'static str),
    /// This view is to be started again.
    DeadView(&'static str),
    /// This process is to go on.
    Suspended(&'static str),
    /// This rule of the proxy is to be taken away.
    Rule(RuleId),
    /// The broker is to go on.
    BrokerSuspended,
    /// The broker is to be started again.
    BrokerDead,
}

/// The kinds of faults that are left to be drawn. All are drawn before one is drawn again, so that a short run meets each kind about as
/// often as it should.
pub(super) struct FaultDeck {
    broker: bool,
    left: Vec<FaultKind>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum FaultKind {
    Kill,
    KillAtFailpoint,
    Stop,
    Suspend,
    KillView,
    SuspendView,
    LateEndTxn,
    LoseAnswer,
    Reset,
    Latency,
    Blackhole,
    HostileRecords,
    SuspendBroker,
    KillBroker,
    StopBroker,
}

/// As often as it is here, it is drawn of so many.
const FAULT_KINDS: &[FaultKind] = &[
    FaultKind::Kill,
    FaultKind::Kill,
    FaultKind::Kill,
    FaultKind::KillAtFailpoint,
    FaultKind::KillAtFailpoint,
    FaultKind::KillAtFailpoint,
    FaultKind::Stop,
    FaultKind::Stop,
    FaultKind::Suspend,
    FaultKind::Suspend,
    FaultKind::Suspend,
    FaultKind::KillView,
    FaultKind::SuspendView,
    FaultKind::LateEndTxn,
    FaultKind::LateEndTxn,
    FaultKind::LateEndTxn,
    FaultKind::LoseAnswer,
    FaultKind::LoseAnswer,
    FaultKind::LoseAnswer,
    FaultKind::Reset,
    FaultKind::Reset,
    FaultKind::Latency,
    FaultKind::Blackhole,
    FaultKind::Blackhole,
    FaultKind::HostileRecords,
];
const BROKER_FAULT_KINDS: &[FaultKind] = &[FaultKind::SuspendBroker, FaultKind::KillBroker, FaultKind::StopBroker];
/// One in so many faults is of the broker.
const BROKER_EVERY: usize = 12;
const POINTS: [&str; 5] = ["begun", "produced", "offsets-sent", "committed", "stored"];
pub(super) const DEAD_MS: (usize, usize) = (0, 9000);
const SUSPENDED_MS: (usize, usize) = (500, 12_000);
const RULE_MS: (usize, usize) = (1000, 10_000);
const HOSTILE_RECORDS: usize = 100;
const BROKER_MS: (usize, usize) = (500, 8000);

impl FaultDeck {
    /// Of the broker, too, where it may be touched.
    pub(super) fn new(broker: bool) -> Self {
        Self { broker, left: Vec::new() }
    }

    pub(super) fn draw(&mut self, chance: &mut Chance) -> FaultKind {
        if self.broker && chance.below(BROKER_EVERY) == 0 {
            return *chance.of(BROKER_FAULT_KINDS);
        }
        if self.left.is_empty() {
            self.left = FAULT_KINDS.to_vec();
        }
        self.left.swap_remove(chance.below(self.left.len()))
    }
}

impl Attack<'_> {
    pub(super) fn inject(&mut self, kind: FaultKind) {
        let (name, view) = (*self.chance.of(&PROCESSORS), *self.chance.of(&VIEWS));
        match kind {
            FaultKind::Kill | FaultKind::KillAtFailpoint | FaultKind::Stop | FaultKind::Suspend => self.inject_processor_fault(kind, name),
            FaultKind::KillView | FaultKind::SuspendView => self.inject_view_fault(kind, view),
            FaultKind::SuspendBroker | FaultKind::KillBroker | FaultKind::StopBroker => self.inject_broker_fault(kind),
            FaultKind::HostileRecords => self.write_hostile_records(),
            _ => self.inject_network_fault(kind, name),
        }
    }

    fn inject_processor_fault(&mut self, kind: FaultKind, name: &'static str) {
        // One that is dead, or suspended, or waits for its failpoint, has enough.
        let fleet = &mut self.scene.fleet;
        if !fleet.runs(name) || fleet.is_suspended(name) || fleet.is_doomed(name) {
            return;
        }
        match kind {
            FaultKind::Kill => {
                fleet.kill(name);
                self.hits.kills += 1;
                self.last(InjectedFault::Dead(name), DEAD_MS);
            }
            FaultKind::KillAtFailpoint => {
                fleet.kill(name);
                self.hits.kills += 1;
                let failpoint = format!("{}:kill:{}", self.chance.of(&POINTS), 1 + self.chance.below(20));
                self.start(name, &[("AEROLOG_FAILPOINT", &failpoint)]);
            }
            FaultKind::Stop => {
                // A stop that takes too long is the process's fault only if the broker can be reached.
                if self.pending.is_empty() {
                    fleet.stop(name);
                    self.hits.stops += 1;
                    self.last(InjectedFault::Dead(name), DEAD_MS);
                }
            }
            _ => {
                fleet.suspend(name);
                self.hits.suspensions += 1;
                self.last(InjectedFault::Suspended(name), SUSPENDED_MS);
            }
        }
    }

    fn inject_view_fault(&mut self, kind: FaultKind, name: &'static str) {
        let fleet = &mut self.scene.fleet;
        if !fleet.runs(name) || fleet.is_suspended(name) {
            return;
        }
        self.hits.views += 1;
        if matches!(kind, FaultKind::KillView) {
            fleet.kill(name);
            self.last(InjectedFault::DeadView(name), DEAD_MS);
        } else {
            fleet.suspend(name);
            self.last(InjectedFault::Suspended(name), SUSPENDED_MS);
        }
    }

    fn inject_network_fault(&mut self, kind: FaultKind, name: &'static str) {
        self.hits.lines += 1;
        let when = When::api(ApiKey::END_TXN).client_id(name);
        let fault = match kind {
            FaultKind::LateEndTxn => {
                let transactional_id = format!("{}-command-processor-{name}", self.scene.schedule.name());
                InjectedFault::Rule(self.proxy.late_end_txn(&transactional_id, Client::Reset))
            }
            FaultKind::LoseAnswer => {
                let fault = Fault::DropAnswer { client: Client::Reset };
                InjectedFault::Rule(self.proxy.add(when.once(), fault))
            }
            FaultKind::Latency => self.rule(name, Fault::Latency { ms: 100 }),
            FaultKind::Blackhole => {
                let direction = *self.chance.of(&[Direction::ToBroker, Direction::ToClient, Direction::Both]);
                self.rule(name, Fault::Blackhole { direction })
            }
            _ => {
                self.proxy.reset_connections(name);
                return;
            }
        };
        self.last(fault, RULE_MS);
    }

    /// The client waits for the broker, so that it must be there.
    fn write_hostile_records(&mut self) {
        if self.is_broker_faulty() {
            return;
        }
        self.hits.hostile += 1;
        self.hostile.write(HOSTILE_RECORDS);
        self.scene.also_sent(self.hostile.take_sent());
    }

    fn is_broker_faulty(&self) -> bool {
        let hits_broker = |fault: &InjectedFault| matches!(fault, InjectedFault::BrokerDead | InjectedFault::BrokerSuspended);
        self.pending.iter().any(|(_, fault)| hits_broker(fault))
    }

    fn inject_broker_fault(&mut self, kind: FaultKind) {
        if self.is_broker_faulty() {
            return;
        }
        let services = self.scene.ground.services();
        self.hits.broker += 1;
        let fault = match kind {
            FaultKind::SuspendBroker => {
                services.signal_kafka("STOP");
                InjectedFault::BrokerSuspended
            }
            FaultKind::KillBroker => {
                services.kill_kafka();
                InjectedFault::BrokerDead
            }
            _ => {
                services.stop_kafka();
                InjectedFault::BrokerDead
            }
        };
        self.last(fault, BROKER_MS);
    }

    /// This fault lasts for a while.
    pub(super) fn last(&mut self, fault: InjectedFault, millis: (usize, usize)) {
        let until = clock::monotonic() + self.chance.millis(millis.0, millis.1);
        self.pending.push((until, fault));
    }

    pub(super) fn cure(&mut self, fault: InjectedFault) {
        match fault {
            InjectedFault::Dead(name) => self.start(name, &[]),
            InjectedFault::DeadView(name) => self.scene.fleet.start_materializer(&self.scene.schedule, name, &[]),
            InjectedFault::Suspended(name) => self.scene.fleet.resume(name),
            InjectedFault::Rule(rule) => {
                self.proxy.remove(rule);
            }
            InjectedFault::BrokerSuspended => self.scene.ground.services().signal_kafka("CONT"),
            InjectedFault::BrokerDead => self.scene.ground.services().start_kafka(),
        }
    }
}
