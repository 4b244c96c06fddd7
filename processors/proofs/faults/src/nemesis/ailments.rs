//! What a nemesis does, how long it lasts, and how it is undone.

use super::{Attack, PROCESSORS, VIEWS};
use crate::Chance;
use fault_proxy::{ApiKey, Client, Direction, Fault, RuleId, When};
use service::clock;

/// What has to be undone.
pub(super) enum Ailment {
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

/// What can be drawn. All strikes are drawn before one is drawn again, so that a short run meets each kind about as often as it should.
pub(super) struct Ailments {
    broker: bool,
    left: Vec<Strike>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Strike {
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
const STRIKES: &[Strike] = &[
    Strike::Kill,
    Strike::Kill,
    Strike::Kill,
    Strike::KillAtFailpoint,
    Strike::KillAtFailpoint,
    Strike::KillAtFailpoint,
    Strike::Stop,
    Strike::Stop,
    Strike::Suspend,
    Strike::Suspend,
    Strike::Suspend,
    Strike::KillView,
    Strike::SuspendView,
    Strike::LateEndTxn,
    Strike::LateEndTxn,
    Strike::LateEndTxn,
    Strike::LoseAnswer,
    Strike::LoseAnswer,
    Strike::LoseAnswer,
    Strike::Reset,
    Strike::Reset,
    Strike::Latency,
    Strike::Blackhole,
    Strike::Blackhole,
    Strike::HostileRecords,
];
const STRIKES_ON_BROKER: &[Strike] = &[Strike::SuspendBroker, Strike::KillBroker, Strike::StopBroker];
/// One in so many strikes is on the broker.
const BROKER_EVERY: usize = 12;
const POINTS: [&str; 5] = ["begun", "produced", "offsets-sent", "committed", "stored"];
pub(super) const DEAD_MS: (usize, usize) = (0, 9000);
const SUSPENDED_MS: (usize, usize) = (500, 12_000);
const RULE_MS: (usize, usize) = (1000, 10_000);
const HOSTILE_RECORDS: usize = 100;
const BROKER_MS: (usize, usize) = (500, 8000);

impl Ailments {
    /// Of the broker, too, where it may be touched.
    pub(super) fn new(broker: bool) -> Self {
        Self { broker, left: Vec::new() }
    }

    pub(super) fn draw(&mut self, chance: &mut Chance) -> Strike {
        if self.broker && chance.below(BROKER_EVERY) == 0 {
            return *chance.of(STRIKES_ON_BROKER);
        }
        if self.left.is_empty() {
            self.left = STRIKES.to_vec();
        }
        self.left.swap_remove(chance.below(self.left.len()))
    }
}

impl Attack<'_> {
    pub(super) fn strike(&mut self, strike: Strike) {
        let (name, view) = (*self.chance.of(&PROCESSORS), *self.chance.of(&VIEWS));
        match strike {
            Strike::Kill | Strike::KillAtFailpoint | Strike::Stop | Strike::Suspend => self.strike_processor(strike, name),
            Strike::KillView | Strike::SuspendView => self.strike_view(strike, view),
            Strike::SuspendBroker | Strike::KillBroker | Strike::StopBroker => self.strike_broker(strike),
            Strike::HostileRecords => self.write_hostile_records(),
            _ => self.strike_lines(strike, name),
        }
    }

    fn strike_processor(&mut self, strike: Strike, name: &'static str) {
        // One that is dead, or suspended, or waits for its failpoint, has enough.
        let fleet = &mut self.scene.fleet;
        if !fleet.runs(name) || fleet.is_suspended(name) || fleet.is_doomed(name) {
            return;
        }
        match strike {
            Strike::Kill => {
                fleet.kill(name);
                self.hits.kills += 1;
                self.last(Ailment::Dead(name), DEAD_MS);
            }
            Strike::KillAtFailpoint => {
                fleet.kill(name);
                self.hits.kills += 1;
                let failpoint = format!("{}:kill:{}", self.chance.of(&POINTS), 1 + self.chance.below(20));
                self.start(name, &[("AEROLOG_FAILPOINT", &failpoint)]);
            }
            Strike::Stop => {
                // A stop that takes too long is the process's fault only if the broker can be reached.
                if self.pending.is_empty() {
                    fleet.stop(name);
                    self.hits.stops += 1;
                    self.last(Ailment::Dead(name), DEAD_MS);
                }
            }
            _ => {
                fleet.suspend(name);
                self.hits.suspensions += 1;
                self.last(Ailment::Suspended(name), SUSPENDED_MS);
            }
        }
    }

    fn strike_view(&mut self, strike: Strike, name: &'static str) {
        let fleet = &mut self.scene.fleet;
        if !fleet.runs(name) || fleet.is_suspended(name) {
            return;
        }
        self.hits.views += 1;
        if matches!(strike, Strike::KillView) {
            fleet.kill(name);
            self.last(Ailment::DeadView(name), DEAD_MS);
        } else {
            fleet.suspend(name);
            self.last(Ailment::Suspended(name), SUSPENDED_MS);
        }
    }

    fn strike_lines(&mut self, strike: Strike, name: &'static str) {
        self.hits.lines += 1;
        let when = When::api(ApiKey::END_TXN).client_id(name);
        let ailment = match strike {
            Strike::LateEndTxn => {
                let transactional_id = format!("{}-command-processor-{name}", self.scene.schedule.name());
                Ailment::Rule(self.proxy.late_end_txn(&transactional_id, Client::Reset))
            }
            Strike::LoseAnswer => {
                let fault = Fault::DropAnswer { client: Client::Reset };
                Ailment::Rule(self.proxy.add(when.once(), fault))
            }
            Strike::Latency => self.rule(name, Fault::Latency { ms: 100 }),
            Strike::Blackhole => {
                let direction = *self.chance.of(&[Direction::ToBroker, Direction::ToClient, Direction::Both]);
                self.rule(name, Fault::Blackhole { direction })
            }
            _ => {
                self.proxy.reset_connections(name);
                return;
            }
        };
        self.last(ailment, RULE_MS);
    }

    /// The client waits for the broker, so that it must be there.
    fn write_hostile_records(&mut self) {
        if self.is_broker_struck() {
            return;
        }
        self.hits.hostile += 1;
        self.hostile.write(HOSTILE_RECORDS);
        self.scene.also_sent(self.hostile.take_sent());
    }

    fn is_broker_struck(&self) -> bool {
        let struck = |ailment: &Ailment| matches!(ailment, Ailment::BrokerDead | Ailment::BrokerSuspended);
        self.pending.iter().any(|(_, ailment)| struck(ailment))
    }

    fn strike_broker(&mut self, strike: Strike) {
        if self.is_broker_struck() {
            return;
        }
        let services = self.scene.ground.services();
        self.hits.broker += 1;
        let ailment = match strike {
            Strike::SuspendBroker => {
                services.signal_kafka("STOP");
                Ailment::BrokerSuspended
            }
            Strike::KillBroker => {
                services.kill_kafka();
                Ailment::BrokerDead
            }
            _ => {
                services.stop_kafka();
                Ailment::BrokerDead
            }
        };
        self.last(ailment, BROKER_MS);
    }

    /// This ailment lasts for a while.
    pub(super) fn last(&mut self, ailment: Ailment, millis: (usize, usize)) {
        let until = clock::monotonic() + self.chance.millis(millis.0, millis.1);
        self.pending.push((until, ailment));
    }

    pub(super) fn cure(&mut self, ailment: Ailment) {
        match ailment {
            Ailment::Dead(name) => self.start(name, &[]),
            Ailment::DeadView(name) => self.scene.fleet.start_materializer(&self.scene.schedule, name, &[]),
            Ailment::Suspended(name) => self.scene.fleet.resume(name),
            Ailment::Rule(rule) => {
                self.proxy.remove(rule);
            }
            Ailment::BrokerSuspended => self.scene.ground.services().signal_kafka("CONT"),
            Ailment::BrokerDead => self.scene.ground.services().start_kafka(),
        }
    }
}
