//! Brokers that restart, crash, and are too few.

use super::{Needs, Row};
use crate::{Ground, Scene, Services, Shape, ThreeBrokers};
use end_to_end::{Cluster, free_port, within};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

pub(super) const ROWS: &[Row] = &[
    Row {
        number: 15,
        name: "broker-restart",
        what: "the only broker is stopped in an orderly way and started again, under load: every process recovers",
        needs: Needs::BrokerOfItsOwn,
        run: |ground| broker_restart(ground, false),
    },
    Row {
        number: 15,
        name: "broker-crash",
        what: "the only broker is killed and started again, twice, under load: every process recovers, nothing acknowledged is lost",
        needs: Needs::BrokerOfItsOwn,
        run: |ground| broker_restart(ground, true),
    },
    Row {
        number: 15,
        name: "broker-at-another-address",
        what: "the only broker comes back on another port with the same id, twice, under load: every process finds it there and goes on",
        needs: Needs::BrokerOfItsOwn,
        run: broker_at_another_address,
    },
    Row {
        number: 15,
        name: "stop-while-broker-is-away",
        what: "the only broker stands still or is gone, with a transaction open, and the processor is asked to stop: it ends within 5 s with status 0",
        needs: Needs::BrokerOfItsOwn,
        run: stop_while_broker_is_away,
    },
    Row {
        number: 16,
        name: "leader-kill",
        what: "each of three brokers is killed in turn, and with it every leader and every coordinator: failover, and nothing is lost",
        needs: Needs::ThreeBrokers,
        run: leader_kill,
    },
    Row {
        number: 16,
        name: "all-brokers-moved",
        what: "all three brokers get other addresses, one after the other, under load; processes that know only the former ones go on without a restart",
        needs: Needs::ThreeBrokers,
        run: all_brokers_moved,
    },
    Row {
        number: 17,
        name: "too-few-in-sync",
        what: "two of three brokers are stopped: nothing is committed and the processor is not ready; they come back and all goes on",
        needs: Needs::ThreeBrokers,
        run: too_few_in_sync,
    },
];

const PARTITIONS: u32 = 4;
const SOME: u64 = 40;
/// A session that ends, a look at the coordinator, and a group that is joined again; with time to spare for a busy machine.
const READDRESSED_WAIT_MAX: Duration = Duration::from_secs(60);
/// A broker that is back is in sync again by then, and clients have heard where it is.
const SETTLED_WAIT: Duration = Duration::from_secs(10);
const NOTICE_WAIT_MAX: Duration = Duration::from_secs(30);

fn broker_restart(ground: &Ground, crash: bool) {
    let services = ground.services();
    let mut scene = Scene::begin(ground, "broker-restart", PARTITIONS);
    scene.processor("one");
    scene.processor("two");
    scene.materializer("view");
    scene.load(Shape::default());
    scene.progress(SOME);
    for _ in 0..if crash { 2 } else { 1 } {
        if crash {
            services.kill_kafka();
        } else {
            services.stop_kafka();
        }
        scene.pass(Duration::from_secs(2));
        services.start_kafka();
        let took = scene.progress(SOME);
        ground.tell(&format!("decided again {:.1} s after the broker was back", took.as_secs_f64()));
    }
    scene.finish();
}

/// The broker stands again where the environment says, however the row ends.
struct MovedBroker {
    services: Services,
    home: u16,
}

impl MovedBroker {
    fn move_to(&self, port: u16) {
        self.services.stop_kafka();
        self.services.start_kafka_at(port);
    }
}

impl Drop for MovedBroker {
    fn drop(&mut self) {
        // A second panic would end the program.
        let _ended = catch_unwind(AssertUnwindSafe(|| self.move_to(self.home)));
    }
}

fn broker_at_another_address(ground: &Ground) {
    let home = ground.cluster().brokers.clone();
    let home_port = home.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    let broker = MovedBroker {
        services: ground.services(),
        home: home_port.expect("the address of the run's own broker ends with its port"),
    };
    let [other] = free_ports();
    let cluster = Cluster {
        brokers: format!("{home},127.0.0.1:{other}"),
        registry: ground.cluster().registry.clone(),
    };
    let ground = ground.on(cluster);
    let mut scene = Scene::begin(&ground, "broker-at-another-address", PARTITIONS);
    scene.processor("one");
    scene.processor("two");
    scene.materializer("view");
    scene.load(Shape::default());
    scene.progress(SOME);
    for port in [other, broker.home] {
        broker.move_to(port);
        let took = scene.progress(SOME);
        ground.tell(&format!(
            "decided again {:.1} s after the broker was back at port {port}",
            took.as_secs_f64()
        ));
        assert!(took < READDRESSED_WAIT_MAX, "it took {took:?}");
    }
    scene.finish();
}

/// What the broker does when the processor is asked to stop.
#[derive(Clone, Copy)]
enum BrokerOutage {
    /// It is suspended: connections stay, and nothing answers.
    Suspended,
    Killed,
}

/// How long the broker has been away by then: in the middle of a transaction, and of the attempts to go on after it.
const AWAY: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(20)];

fn stop_while_broker_is_away(ground: &Ground) {
    let services = ground.services();
    let mut scene = Scene::begin(ground, "stop-away", PARTITIONS);
    scene.processor("one");
    scene.load(Shape::default());
    for away in [BrokerOutage::Suspended, BrokerOutage::Killed] {
        for time in AWAY {
            scene.progress(SOME);
            match away {
                BrokerOutage::Suspended => services.signal_kafka("STOP"),
                BrokerOutage::Killed => services.kill_kafka(),
            }
            let ended = catch_unwind(AssertUnwindSafe(|| {
                scene.pass(time);
                scene.fleet.stop("one");
            }));
            services.heal();
            ended.unwrap_or_else(|panic| resume_unwind(panic));
            scene.processor("one");
        }
    }
    scene.finish();
}

/// Different ports that no process listens on now.
pub(super) fn free_ports<const N: usize>() -> [u16; N] {
    [(); N].map(|()| free_port())
}

/// Three brokers in the row's folder, and a ground on them.
fn three(ground: &Ground) -> (ThreeBrokers, Ground) {
    let brokers = ThreeBrokers::start(&ground.folder().join("brokers"));
    let cluster = Cluster {
        brokers: brokers.brokers().to_owned(),
        registry: ground.cluster().registry.clone(),
    };
    let ground = ground.on(cluster);
    (brokers, ground)
}

fn leader_kill(ground: &Ground) {
    let (brokers, ground) = three(ground);
    let mut scene = Scene::begin(&ground, "leader-kill", PARTITIONS);
    scene.processor("one");
    scene.processor("two");
    scene.load(Shape::default());
    scene.progress(SOME);
    // Each partition's first leader is one of the three, and each coordinator lives where its partition is led.
    for node in 1..=3 {
        brokers.kill(node);
        let took = scene.progress(10 * SOME);
        ground.tell(&format!("decided on {:.1} s after broker {node} was killed", took.as_secs_f64()));
        brokers.start_again(node);
        scene.progress(SOME);
    }
    scene.finish();
}

fn all_brokers_moved(ground: &Ground) {
    let (brokers, ground) = three(ground);
    let before = brokers.brokers().to_owned();
    let ports = free_ports::<3>();
    let addresses: Vec<String> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
    // What reads the log in the end is started afterwards, and has to know the new ones.
    let ground = ground.on(Cluster {
        brokers: format!("{before},{}", addresses.join(",")),
        registry: ground.cluster().registry.clone(),
    });
    let mut scene = Scene::begin(&ground, "all-moved", PARTITIONS);
    let variables = [("KAFKA_BOOTSTRAP_SERVERS", before.as_str())];
    for name in ["one", "two"] {
        scene.start_processor(name, &variables);
        scene.fleet.wait_until_ready(name);
    }
    scene.fleet.start_materializer(&scene.schedule, "view", &variables);
    scene.fleet.wait_until_ready("view");
    scene.load(Shape::default());
    scene.progress(SOME);
    for (node, port) in (1..=3).zip(ports) {
        brokers.stop(node);
        scene.pass(Duration::from_secs(2));
        brokers.start_at(node, port);
        let took = scene.progress(SOME);
        ground.tell(&format!(
            "decided on {:.1} s after broker {node} was back at port {port}",
            took.as_secs_f64()
        ));
        assert!(took < READDRESSED_WAIT_MAX, "it took {took:?}");
        // Each of them leads partitions and coordinates again before the next one goes.
        scene.pass(SETTLED_WAIT);
    }
    scene.progress(10 * SOME);
    scene.finish();
}

fn too_few_in_sync(ground: &Ground) {
    let (brokers, ground) = three(ground);
    let mut scene = Scene::begin(&ground, "too-few", PARTITIONS);
    scene.processor("one");
    scene.load(Shape {
        rate: 1000,
        ..Shape::default()
    });
    scene.progress(SOME);
    // What is to be decided is written before; afterwards nothing can be.
    scene.fleet.suspend("one");
    scene.pass(Duration::from_secs(3));
    scene.end_load();
    let before = scene.watch.outcomes();
    assert!(before < scene.sent().records, "there is nothing left to decide");
    brokers.stop(2);
    brokers.stop(3);
    scene.fleet.resume("one");
    let program = scene.fleet.program("one");
    within(NOTICE_WAIT_MAX, "the processor is not ready", || !program.is_ready());
    let reason = program.not_ready_because();
    ground.tell(&format!("not ready: {reason}"));
    let settled = scene.watch.outcomes();
    scene.pass(Duration::from_secs(5));
    assert_eq!(scene.watch.outcomes(), settled, "nothing is committed with one replica in sync");
    brokers.start_again(2);
    brokers.start_again(3);
    // With one of them back there are enough: all may be decided before the other one is, too.
    let took = scene.progress_to(settled + 1);
    ground.tell(&format!("decided again {:.1} s after they were back", took.as_secs_f64()));
    scene.finish();
}
