//! Processors that come and go, that bear one name, and topics that grow under them.

use super::{Needs, Row};
use crate::{Chance, Ground, Scene, Shape, kafka_tool, try_kafka_tool};
use std::time::Duration;

pub(super) const ROWS: &[Row] = &[
    Row {
        number: 7,
        name: "instance-id-twice",
        what: "a second process bears the same instance id: the older ends with status 1 and says why, the newer goes on, nothing is decided twice",
        needs: Needs::Broker,
        run: instance_id_twice,
    },
    Row {
        number: 7,
        name: "transactional-id-hijacked",
        what: "a stranger initialises the processor's transactional id three times: it is fenced, makes a new producer, and goes on",
        needs: Needs::Broker,
        run: transactional_id_hijacked,
    },
    Row {
        number: 13,
        name: "rebalance-under-load",
        what: "instances are added, stopped and killed every two seconds: partitions move in mid-transaction, nothing is lost or doubled",
        needs: Needs::Broker,
        run: rebalance_under_load,
    },
    Row {
        number: 14,
        name: "partitions-added",
        what: "topics get more partitions under load, and one process is configured with the new number: that one refuses, \
               all others go on with the log's own number, and forward what clients put elsewhere",
        needs: Needs::Broker,
        run: partitions_added,
    },
];

const PARTITIONS: u32 = 4;
const SOME: u64 = 40;
/// Clients look for new partitions every ten seconds, and so do the watches, twice.
const NOTICE_WAIT: Duration = Duration::from_secs(25);
const FORWARDED: &str = "aerolog_commands_total{outcome=\"forwarded\"}";

fn instance_id_twice(ground: &Ground) {
    let mut scene = Scene::begin(ground, "twice", PARTITIONS);
    scene.load(Shape::default());
    scene.processor("one");
    scene.progress(SOME);
    // A state directory of its own, as on another machine.
    scene.start_processor("other", &[("AEROLOG_INSTANCE_ID", "one")]);
    let status = scene.fleet.program("one").wait();
    let said = scene.fleet.program("one").log();
    assert!(!status.success() && said.contains("another process"), "{status}:\n{said}");
    scene.fleet.forget("one");
    scene.fleet.wait_until_ready("other");
    let took = scene.progress(SOME);
    ground.tell(&format!(
        "the older one ended with {status}; {SOME} more outcomes of the other took {:.1} s",
        took.as_secs_f64()
    ));
    scene.finish_with_state_of("other");
}

fn transactional_id_hijacked(ground: &Ground) {
    let mut scene = Scene::begin(ground, "hijacked", PARTITIONS);
    scene.load(Shape::default());
    scene.processor("one");
    scene.progress(SOME);
    let group = scene.schedule.topology().processors_group();
    // The stranger writes where its records do no harm.
    let topic = format!("{}-stranger", scene.schedule.name());
    kafka_tool(&[
        "org.apache.kafka.tools.TopicCommand",
        "--bootstrap-server",
        &ground.cluster().brokers,
        "--create",
        "--topic",
        &topic,
    ]);
    for _ in 0..3 {
        let hijacked = try_kafka_tool(&[
            "org.apache.kafka.tools.ProducerPerformance",
            "--bootstrap-server",
            &ground.cluster().brokers,
            "--topic",
            &topic,
            "--num-records",
            "1",
            "--throughput",
            "1",
            "--record-size",
            "10",
            "--transactional-id",
            &format!("{group}-one"),
        ]);
        // The processor takes its id back at once; the stranger may notice in the middle of its own transaction.
        if let Err(said) = hijacked {
            let expected = ["InvalidProducerEpoch", "ProducerFenced", "InvalidTxnState"];
            assert!(expected.iter().any(|expected| said.contains(expected)), "{said}");
        }
        scene.progress(SOME);
    }
    let renewed = scene.fleet.counted("aerolog_troubles_total{kind=\"producer_renewed\"}");
    assert!(renewed > 0.5, "the processor was never fenced");
    ground.tell(&format!("{renewed} producers were recreated"));
    scene.finish();
}

fn rebalance_under_load(ground: &Ground) {
    let mut chance = Chance::from_seed(ground.seed());
    let mut scene = Scene::begin(ground, "rebalance", PARTITIONS);
    scene.load(Shape::default());
    scene.processor("stays");
    let guests = ["two", "three"];
    for _ in 0..10 {
        let guest = *chance.of(&guests);
        if !scene.fleet.runs(guest) {
            scene.start_processor(guest, &[]);
        } else if chance.below(2) == 0 {
            scene.fleet.kill(guest);
        } else {
            scene.fleet.stop(guest);
        }
        scene.pass(chance.millis(1500, 2500));
    }
    scene.progress(SOME);
    let taken_over = scene.fleet.counted("aerolog_restores_total");
    assert!(taken_over > 4.5, "partitions moved {taken_over} times only");
    ground.tell(&format!("partitions were taken over {taken_over} times"));
    scene.finish();
}

fn partitions_added(ground: &Ground) {
    let mut scene = Scene::begin(ground, "partitions", PARTITIONS);
    scene.load(Shape::default());
    scene.processor("one");
    scene.materializer("view");
    scene.progress(SOME);
    let topology = scene.schedule.topology().clone();
    for (topic, partitions) in [
        (&topology.topics.commands, 6),
        (&topology.topics.events, 7),
        (&topology.topics.outcomes, 7),
    ] {
        kafka_tool(&[
            "org.apache.kafka.tools.TopicCommand",
            "--bootstrap-server",
            &ground.cluster().brokers,
            "--alter",
            "--topic",
            &topic.name,
            "--partitions",
            &partitions.to_string(),
        ]);
    }
    // Clients, the group and the watches hear of it, and none of the processes ends.
    scene.pass(NOTICE_WAIT);
    scene.progress(SOME);
    let forwarded = scene.fleet.program("one").metric(FORWARDED);
    assert!(forwarded > 0.0, "the clients' partitioner goes by the topic's new number");
    // What the old message advised, and what an operator does next: another number, without the state.
    scene.start_processor("configured", &[("AEROLOG_PARTITIONS", "6")]);
    let status = scene.fleet.program("configured").wait();
    let said = scene.fleet.program("configured").log();
    assert!(
        !status.success() && said.contains("begun with 4 partitions") && said.contains("No setting changes the log's number"),
        "{status}:\n{said}"
    );
    scene.fleet.forget("configured");
    // One that asks the log takes partitions over, the additional ones among them.
    scene.start_processor("two", &[("AEROLOG_PARTITIONS", "0")]);
    scene.fleet.wait_until_ready("two");
    scene.progress(SOME);
    scene.fleet.kill("one");
    scene.progress(SOME);
    ground.tell(&format!("{forwarded} commands were forwarded by the first processor"));
    scene.finish();
}
