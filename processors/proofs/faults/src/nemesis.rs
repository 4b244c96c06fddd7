//! All at once: kills, pauses, restarts, a proxy that holds, drops, slows and cuts, and a broker that stands still or dies, at random
//! from a seed, under load; then healing, draining and the audit. A run that hit too little is a failure.

mod faults;
mod hits;

use crate::fleet::Kind;
use crate::hostile::Hostile;
use crate::{Chance, Ground, Scene, Shape};
use fault_proxy::{Fault, Proxy};
use faults::{DEAD_MS, FaultDeck, InjectedFault};
use hits::Hits;
use service::clock;
use std::time::{Duration, Instant};

/// How long a nemesis is at work, and whether it may touch the broker.
#[derive(Debug, Clone, Copy)]
pub struct Nemesis {
    pub time: Duration,
    pub broker: bool,
}

const PARTITIONS: u32 = 6;
const PROCESSORS: [&str; 3] = ["alpha", "bravo", "charlie"];
const VIEWS: [&str; 2] = ["view-1", "view-2"];
/// Faults that last, at one moment.
const AILMENTS_MAX: usize = 3;
/// Between two looks at what is due.
const TICK: Duration = Duration::from_millis(50);
/// From one fault to the next.
const BETWEEN_MS: (usize, usize) = (300, 2500);
/// Now and then everything is healed for so long: a system that is never well decides nothing.
const BREATH: Duration = Duration::from_secs(8);
const BREATH_EVERY: Duration = Duration::from_secs(45);

struct Attack<'g> {
    scene: Scene<'g>,
    proxy: Proxy,
    chance: Chance,
    hits: Hits,
    hostile: Hostile,
    /// What has to be healed, and when.
    pending: Vec<(Instant, InjectedFault)>,
}

/// Attacks for a while.
///
/// # Panics
/// When an invariant does not hold afterwards, or too little was hit.
pub fn run(ground: &Ground, nemesis: Nemesis) {
    let mut chance = Chance::from_seed(ground.seed());
    let mut scene = Scene::begin(ground, "nemesis", PARTITIONS);
    let proxy = Proxy::start(&ground.cluster().brokers).unwrap();
    scene.fleet.set("KAFKA_BOOTSTRAP_SERVERS", proxy.bootstrap());
    let rate = 100 + u32::try_from(chance.below(400)).unwrap();
    scene.load(Shape {
        rate,
        seed: ground.seed(),
        ..Shape::default()
    });
    ground.tell(&format!(
        "{rate} commands/s, transactions of up to 50, for {} s",
        nemesis.time.as_secs()
    ));
    let hostile = Hostile::new(&scene.schedule, ground.seed());
    let mut attack = Attack {
        scene,
        hostile,
        proxy,
        chance,
        hits: Hits::default(),
        pending: Vec::new(),
    };
    for name in PROCESSORS {
        attack.start(name, &[]);
    }
    for name in VIEWS {
        attack.scene.materializer(name);
    }
    attack.scene.progress(1);
    attack.rage(nemesis);
    attack.heal();
    attack.audit(nemesis.time);
}

impl Attack<'_> {
    fn rage(&mut self, nemesis: Nemesis) {
        let began = clock::monotonic();
        let (mut next, mut breath) = (began, began + BREATH_EVERY);
        let mut faults = FaultDeck::new(nemesis.broker);
        while began.elapsed() < nemesis.time {
            let now = clock::monotonic();
            if now >= breath {
                self.heal();
                self.scene.progress(1);
                self.scene.pass(BREATH);
                breath = clock::monotonic() + BREATH_EVERY;
            }
            self.cure_before(now);
            self.reap();
            if now >= next && self.pending.len() < AILMENTS_MAX {
                let fault = faults.draw(&mut self.chance);
                self.inject(fault);
                next = clock::monotonic() + self.chance.millis(BETWEEN_MS.0, BETWEEN_MS.1);
            }
            self.scene.pass(TICK);
        }
    }

    /// Notes which processes were killed by their failpoints; they are started again later.
    fn reap(&mut self) {
        for name in PROCESSORS {
            if self.scene.fleet.is_doomed(name) && self.scene.fleet.is_killed_within(name, Duration::ZERO) {
                self.hits.killed_at_failpoints += 1;
                self.last(InjectedFault::Dead(name), DEAD_MS);
            }
        }
    }

    /// Heals what is due.
    fn cure_before(&mut self, moment: Instant) {
        let (due, later) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|(until, _)| *until <= moment);
        self.pending = later;
        for (_, fault) in due {
            self.cure(fault);
        }
    }

    /// Everything is well: the proxy passes, the broker and all processes run.
    fn heal(&mut self) {
        for (_, fault) in std::mem::take(&mut self.pending) {
            self.cure(fault);
        }
        self.proxy.heal();
        self.proxy.discard_held();
        self.scene.fleet.resume_all();
        self.reap();
        // Those that were killed just now, too.
        self.pending.clear();
        for name in PROCESSORS {
            if self.scene.fleet.is_doomed(name) {
                self.scene.fleet.kill(name);
            }
            if !self.scene.fleet.runs(name) {
                self.start(name, &[]);
            }
        }
        for name in VIEWS {
            if !self.scene.fleet.runs(name) {
                self.scene.fleet.start_materializer(&self.scene.schedule, name, &[]);
            }
        }
    }

    fn start(&mut self, name: &str, variables: &[(&str, &str)]) {
        let mut all = vec![("AEROLOG_KAFKA__CLIENT_ID", name)];
        all.extend_from_slice(variables);
        self.scene.start_processor(name, &all);
    }

    fn audit(mut self, time: Duration) {
        for name in VIEWS {
            self.scene.fleet.wait_until_ready(name);
        }
        self.scene.drain();
        for name in self.scene.fleet.names(Kind::Processor) {
            self.scene.fleet.wait_until_ready(&name);
        }
        self.hits.look(&mut self.scene.fleet, &self.proxy.counts());
        let stopped = self.scene.fleet.counted("aerolog_troubles_total{kind=\"partition_stopped\"}");
        assert!(stopped < 0.5, "{stopped} partitions were stopped, to wait for a person");
        let (ground, hits) = (self.scene.ground, self.hits);
        let seen = self.scene.finish();
        for line in hits.lines(&seen) {
            ground.tell(&line);
        }
        let missing = hits.missing(&seen, time);
        assert!(
            missing.is_empty(),
            "nothing was broken, but too little was hit:\n{}",
            missing.join("\n")
        );
    }

    /// Adds a rule to the proxy, which its cure takes away.
    fn rule(&mut self, name: &str, fault: Fault) -> InjectedFault {
        InjectedFault::Rule(self.proxy.add(fault_proxy::When::any().client_id(name), fault))
    }
}
