//! Processors and brokers that stand still for longer than others wait for them, and then go on as if nothing had happened.

use super::{Needs, Row};
use crate::{Ground, Scene, Shape};
use end_to_end::{eventually, within};
use std::time::Duration;

pub(super) const ROWS: &[Row] = &[
    Row {
        number: 6,
        name: "zombie",
        what: "suspended for longer than its session under load: the other takes over; it wakes, commits nothing more, and rejoins",
        needs: Needs::Broker,
        run: |ground| zombie(ground, None),
    },
    Row {
        number: 6,
        name: "zombie-with-open-transaction",
        what: "suspended with records produced and not committed: the other ends that transaction, takes over, and is not torn by its wake",
        needs: Needs::Broker,
        run: |ground| zombie(ground, Some("produced")),
    },
    Row {
        number: 6,
        name: "zombie-before-commit",
        what: "suspended with its offsets sent and not committed: the other takes over; the late commit is refused",
        needs: Needs::Broker,
        run: |ground| zombie(ground, Some("offsets-sent")),
    },
    Row {
        number: 11,
        name: "transaction-too-long",
        what: "a transaction takes longer than transaction.timeout.ms: the coordinator ends it; a new producer decides again, nothing is lost",
        needs: Needs::Broker,
        run: transaction_too_long,
    },
    Row {
        number: 12,
        name: "poll-gap",
        what: "a poll comes later than max.poll.interval.ms: the group has gone on; the process rejoins inside itself and goes on",
        needs: Needs::Broker,
        run: poll_gap,
    },
    Row {
        number: 18,
        name: "broker-suspended-5s",
        what: "the broker stands still for 5 s: shorter than any session; nothing is doubled, all goes on",
        needs: Needs::BrokerOfItsOwn,
        run: |ground| broker_suspended(ground, Duration::from_secs(5)),
    },
    Row {
        number: 18,
        name: "broker-suspended-30s",
        what: "the broker stands still for 30 s, longer than every timeout: it wakes with requests sent twice; nothing is doubled or lost",
        needs: Needs::BrokerOfItsOwn,
        run: |ground| broker_suspended(ground, Duration::from_secs(30)),
    },
];

const PARTITIONS: u32 = 4;
/// The session is 6 s.
const SESSION_AND_MORE: Duration = Duration::from_secs(9);
const REJOIN_WAIT_MAX: Duration = Duration::from_secs(30);
const SOME: u64 = 40;

/// Two processors; the first is suspended, at a failpoint or anywhere, until the second owns everything.
fn zombie(ground: &Ground, point: Option<&str>) {
    let mut scene = Scene::begin(ground, "zombie", PARTITIONS);
    scene.processor("two");
    scene.load(Shape::default());
    match point {
        None => {
            scene.processor("one");
            both_own(&mut scene);
            scene.fleet.suspend("one");
        }
        Some(point) => {
            scene.start_processor("one", &[("AEROLOG_FAILPOINT", &format!("{point}:stop:5"))]);
            let pid = scene.fleet.program("one").pid();
            eventually("the failpoint suspends the process", || is_stopped(pid));
            scene.fleet.is_suspended_now("one");
        }
    }
    let program = scene.fleet.program("two");
    let took = within(REJOIN_WAIT_MAX, "the other owns everything", || program.metric(OWNED) > 3.5);
    ground.tell(&format!("the other owned everything after {:.1} s", took.as_secs_f64()));
    scene.pass(SESSION_AND_MORE.saturating_sub(took));
    scene.progress(SOME);
    scene.fleet.resume("one");
    both_own(&mut scene);
    scene.progress(SOME);
    scene.finish();
}

const OWNED: &str = "aerolog_partitions_owned";

/// Waits until two processors share the partitions.
fn both_own(scene: &mut Scene<'_>) {
    within(REJOIN_WAIT_MAX, "both own partitions", || {
        scene.fleet.check_running();
        let owned = ["one", "two"].map(|name| scene.fleet.program(name).metric(OWNED));
        owned.iter().all(|owned| *owned > 0.5) && owned.iter().sum::<f64>() > 3.5
    });
}

/// Whether the kernel says that a process is stopped.
pub(super) fn is_stopped(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
}

fn transaction_too_long(ground: &Ground) {
    let mut scene = Scene::begin(ground, "too-long", PARTITIONS);
    // The timeout is 5 s, and the coordinator looks every 10 s. Polls may be as far apart as that.
    let variables = [
        ("AEROLOG_FAILPOINT", "produced:sleep-17000:3"),
        ("AEROLOG_KAFKA__MAX_POLL_INTERVAL_MS", "60000"),
    ];
    scene.load(Shape::default());
    scene.start_processor("one", &variables);
    let program = scene.fleet.program("one");
    within(REJOIN_WAIT_MAX, "the producer is recreated", || {
        program.metrics().is_some_and(|metrics| end_to_end::sum(&metrics, RENEWED) > 0.5)
    });
    scene.progress(SOME);
    scene.finish_with_state_of("one");
}

const RENEWED: &str = "aerolog_troubles_total{kind=\"producer_renewed\"}";

fn poll_gap(ground: &Ground) {
    let mut scene = Scene::begin(ground, "poll-gap", PARTITIONS);
    scene.load(Shape::default());
    // max.poll.interval.ms is 10 s.
    scene.start_processor("one", &[("AEROLOG_FAILPOINT", "begun:sleep-13000:3")]);
    let program = scene.fleet.program("one");
    within(REJOIN_WAIT_MAX, "the gap is noticed", || {
        program
            .metrics()
            .is_some_and(|metrics| end_to_end::sum(&metrics, "aerolog_troubles_total{kind=\"poll_gap\"}") > 0.5)
    });
    scene.progress(SOME);
    scene.finish_with_state_of("one");
}

fn broker_suspended(ground: &Ground, time: Duration) {
    let services = ground.services();
    let mut scene = Scene::begin(ground, "broker-suspended", PARTITIONS);
    scene.processor("one");
    scene.processor("two");
    scene.load(Shape::default());
    scene.progress(SOME);
    services.signal_kafka("STOP");
    scene.pass(time);
    services.signal_kafka("CONT");
    let took = scene.progress(SOME);
    ground.tell(&format!("decided again {:.1} s after the broker went on", took.as_secs_f64()));
    scene.finish();
}
