//! Brokers that restart, crash, and are too few.

use super::{Needs, Row};
use crate::{Ground, Scene, Shape, ThreeBrokers};
use end_to_end::{Cluster, within};
use std::time::Duration;

pub(super) const ROWS: &[Row] = &[
    Row {
        number: 15,
        name: "broker-restart",
        what: "the only broker is stopped in an orderly way and started again, under load: every process rides it out",
        needs: Needs::BrokerOfItsOwn,
        run: |ground| broker_restart(ground, false),
    },
    Row {
        number: 15,
        name: "broker-crash",
        what: "the only broker is killed and started again, twice, under load: every process rides it out, nothing acknowledged is lost",
        needs: Needs::BrokerOfItsOwn,
        run: |ground| broker_restart(ground, true),
    },
    Row {
        number: 16,
        name: "leader-kill",
        what: "each of three brokers is killed in turn, and with it every leader and every coordinator: failover, and nothing is lost",
        needs: Needs::ThreeBrokers,
        run: leader_kill,
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
    let took = scene.progress(1);
    ground.tell(&format!("decided again {:.1} s after they were back", took.as_secs_f64()));
    scene.finish();
}
