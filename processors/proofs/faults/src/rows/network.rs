//! What lies between a processor and the broker: late requests, lost answers, one-way silence, slowness, resets.

use super::{Needs, Row};
use crate::{Ground, Scene, Shape};
use end_to_end::{eventually, within};
use fault_proxy::{ApiKey, Client, Direction, Fault, Proxy, When};
use std::time::Duration;

pub(super) const ROWS: &[Row] = &[
    Row {
        number: 8,
        name: "late-end-of-transaction",
        what: "an EndTxn arrives inside the next transaction, five times: it meets an old epoch and is refused; nothing is torn or lost",
        needs: Needs::Broker,
        run: late_end_txn,
    },
    Row {
        number: 9,
        name: "late-offset-commit",
        what: "a TxnOffsetCommit arrives transactions later, three times: offsets do not go back",
        needs: Needs::Broker,
        run: |ground| late_offsets(ground, ApiKey::TXN_OFFSET_COMMIT),
    },
    Row {
        number: 9,
        name: "late-add-offsets",
        what: "an AddOffsetsToTxn arrives transactions later, three times: no transaction hangs, offsets do not go back",
        needs: Needs::Broker,
        run: |ground| late_offsets(ground, ApiKey::ADD_OFFSETS_TO_TXN),
    },
    Row {
        number: 10,
        name: "commit-answer-lost",
        what: "the broker commits and the answer is lost with the connection, eight times: asked again, counted, a new producer, no double",
        needs: Needs::Broker,
        run: |ground| answer_lost(ground, Client::Reset, 8),
    },
    Row {
        number: 10,
        name: "commit-answer-never-comes",
        what: "the broker commits and the client hears nothing at all: in doubt after its deadline, settled by the log, no double",
        needs: Needs::Broker,
        run: |ground| answer_lost(ground, Client::Waits, 1),
    },
    Row {
        number: 10,
        name: "commit-lost",
        what: "a commit is acknowledged and never completed, three times: the state is rebuilt without it, and its commands are decided again",
        needs: Needs::Broker,
        run: commit_lost,
    },
    Row {
        number: 20,
        name: "one-way-to-processor",
        what: "nothing from the broker reaches one processor for 12 s: the other takes over, its late requests are refused, it comes back",
        needs: Needs::Broker,
        run: |ground| one_way(ground, Direction::ToClient),
    },
    Row {
        number: 20,
        name: "one-way-to-broker",
        what: "nothing of one processor reaches the broker for 12 s, then all of it does: the other has taken over, the late requests are refused",
        needs: Needs::Broker,
        run: |ground| one_way(ground, Direction::ToBroker),
    },
    Row {
        number: 21,
        name: "slow-and-broken-lines",
        what: "100 ms each way, 1 Mbit/s, and a reset every two seconds: slower, and nothing is lost or doubled",
        needs: Needs::Broker,
        run: slow_and_broken,
    },
];

const PARTITIONS: u32 = 4;
const SOME: u64 = 40;
const PATIENCE: Duration = Duration::from_secs(30);
const SILENCE: Duration = Duration::from_secs(12);
const RENEWED: &str = "aerolog_troubles_total{kind=\"producer_renewed\"}";
const SLOW_END: &str = "aerolog_troubles_total{kind=\"slow_end\"}";

/// Starts a processor whose every connection goes through the proxy, under its name.
fn behind(scene: &mut Scene<'_>, proxy: &Proxy, name: &str) {
    start_behind(scene, proxy, name, &[]);
    scene.fleet.wait_until_ready(name);
}

/// The same with further variables, without waiting.
fn start_behind(scene: &mut Scene<'_>, proxy: &Proxy, name: &str, variables: &[(&str, &str)]) {
    let own = [("KAFKA_BOOTSTRAP_SERVERS", proxy.bootstrap()), ("AEROLOG_KAFKA__CLIENT_ID", name)];
    scene.start_processor(name, &[&own, variables].concat());
}

fn begin<'g>(ground: &'g Ground, name: &str) -> (Scene<'g>, Proxy, String) {
    let mut scene = Scene::begin(ground, name, PARTITIONS);
    let proxy = Proxy::start(&ground.cluster().brokers).unwrap();
    scene.load(Shape::default());
    behind(&mut scene, &proxy, "alpha");
    scene.progress(SOME);
    let transactional_id = format!("{}-command-processor-alpha", scene.schedule.name());
    (scene, proxy, transactional_id)
}

fn late_end_txn(ground: &Ground) {
    let (mut scene, proxy, transactional_id) = begin(ground, "late-end");
    for _ in 0..5 {
        let rule = proxy.late_end_txn(&transactional_id, Client::Reset);
        let released = proxy.wait_released(rule, PATIENCE).unwrap();
        assert_ne!(
            released.error_code,
            Some(0),
            "the broker took an EndTxn that was late: {released:?}"
        );
        proxy.remove(rule);
        scene.progress(SOME);
    }
    let counted = scene.fleet.counted(SLOW_END);
    assert!(counted > 4.5, "{counted} slow ends were counted");
    scene.finish_with_state_of("alpha");
}

fn late_offsets(ground: &Ground, api: ApiKey) {
    let (mut scene, proxy, transactional_id) = begin(ground, "late-offsets");
    for _ in 0..3 {
        let when = When::api(api).transactional_id(&transactional_id).once();
        let hold = Fault::Hold {
            client: Client::Reset,
            release_on: None,
        };
        let rule = proxy.add(when, hold);
        let held = proxy.wait_held(rule, PATIENCE).unwrap();
        scene.progress(SOME);
        let released = proxy.release(held, PATIENCE).unwrap();
        ground.tell(&format!("the late {api} was answered with {:?}", released.error_code));
        proxy.remove(rule);
        scene.progress(SOME);
    }
    // Until some of the load was refused, too.
    scene.progress(300);
    scene.finish_with_state_of("alpha");
}

fn answer_lost(ground: &Ground, client: Client, times: u64) {
    let (mut scene, proxy, transactional_id) = begin(ground, "answer-lost");
    for time in 1..=times {
        let when = When::api(ApiKey::END_TXN).transactional_id(&transactional_id).commit(true).once();
        let rule = proxy.add(when, Fault::DropAnswer { client });
        let lost = proxy.wait_until(PATIENCE, |counts| counts.of(ApiKey::END_TXN).dropped >= time);
        assert!(lost, "no answer was lost: {:?}", proxy.counts());
        // The outcomes of that transaction can be read before the processor gives up waiting for the answer.
        eventually(&format!("{time} lost answers are counted"), || {
            scene.fleet.counted(SLOW_END) + scene.fleet.counted(RENEWED) > time as f64 - 0.5
        });
        let took = scene.progress(SOME);
        proxy.remove(rule);
        ground.tell(&format!("decided on after another {:.1} s", took.as_secs_f64()));
    }
    scene.finish_with_state_of("alpha");
}

/// As Kafka does it where a partition has no leader: see `stream::processor`, restore/lost.rs.
fn commit_lost(ground: &Ground) {
    let (mut scene, proxy, transactional_id) = begin(ground, "commit-lost");
    let mut mended = 0.0;
    for time in 1..=3 {
        scene.fleet.kill("alpha");
        let overturned = || proxy.counts().of(ApiKey::END_TXN).overturned;
        let when = When::api(ApiKey::END_TXN).transactional_id(&transactional_id).commit(true).nth(2);
        let rule = proxy.add(when, Fault::Overturn);
        start_behind(&mut scene, &proxy, "alpha", &[("AEROLOG_FAILPOINT", "stored:kill:2")]);
        scene.fleet.wait_until_killed("alpha");
        assert_eq!(overturned(), time, "no commit was overturned");
        proxy.remove(rule);
        behind(&mut scene, &proxy, "alpha");
        scene.progress(SOME);
        let counted = scene.fleet.counted("aerolog_troubles_total{kind=\"commit_lost\"}");
        assert!(counted > mended + 0.5, "the lost commit was not noticed");
        mended = counted;
    }
    scene.finish_with_state_of("alpha");
}

fn one_way(ground: &Ground, direction: Direction) {
    let (mut scene, proxy, _) = begin(ground, "one-way");
    scene.processor("bravo");
    scene.progress(SOME);
    proxy.add(When::any().client_id("alpha"), Fault::Blackhole { direction });
    let bravo = scene.fleet.program("bravo");
    let took = within(PATIENCE, "the other owns everything", || {
        bravo.metric("aerolog_partitions_owned") > 3.5
    });
    ground.tell(&format!("the other owned everything after {:.1} s", took.as_secs_f64()));
    scene.progress(SOME);
    scene.pass(SILENCE.saturating_sub(took));
    proxy.heal();
    let alpha = scene.fleet.program("alpha");
    within(PATIENCE, "it owns partitions again", || {
        assert!(alpha.is_running(), "it has ended:\n{}", alpha.log());
        alpha.is_ready() && alpha.metric("aerolog_partitions_owned") > 0.5
    });
    scene.progress(SOME);
    scene.finish();
}

fn slow_and_broken(ground: &Ground) {
    let (mut scene, proxy, _) = begin(ground, "slow");
    proxy.add(When::any().client_id("alpha"), Fault::Latency { ms: 100 });
    proxy.add(When::any().client_id("alpha"), Fault::Throttle { bytes_per_s: 125_000 });
    for _ in 0..10 {
        scene.pass(Duration::from_secs(2));
        assert!(proxy.reset_connections("alpha") > 0, "there was no connection to reset");
    }
    scene.progress(SOME);
    proxy.heal();
    scene.finish_with_state_of("alpha");
}
