//! Records that the broker takes from no client, or takes slowly: each stops the partition that needs it, with the broker's reason, and goes on by
//! itself once the setting is mended.

use super::clocks::{set_clock, start_with_clock};
use crate::kafka::{alter_topic, tool};
use crate::rows::{Needs, Row};
use crate::{Ground, Scene, Shape};
use end_to_end::{History, command, within};
use service::clock;
use std::time::Duration;

pub(super) const ROWS: &[Row] = &[
    Row {
        number: 53,
        name: "refused-size",
        what: "a dead letter is larger than its topic takes: one partition stops with the broker's reason, the others go on, and it heals without a restart",
        needs: Needs::Broker,
        run: refused_size,
    },
    Row {
        number: 53,
        name: "refused-timestamps",
        what: "the outcomes topic takes no record that is older than a moment: no partition moves, few transactions are tried, and all heal without a restart",
        needs: Needs::Broker,
        run: refused_timestamps,
    },
    Row {
        number: 53,
        name: "clock-ahead",
        what: "a processor whose clock is 2 h ahead writes a dead letter into a topic that takes nothing from the future: it has the broker's time",
        needs: Needs::Broker,
        run: clock_ahead,
    },
    Row {
        number: 54,
        name: "produce-quota",
        what: "a backlog, and a quota of 2 kB/s: transactions shrink to what the broker takes, and commands are decided all the time",
        needs: Needs::Broker,
        run: produce_quota,
    },
];

const PARTITIONS: u32 = 4;
/// A stopped partition is tried again at the latest after this, and what follows.
const HEALED_WITHIN: Duration = Duration::from_secs(90);
const STOPPED_WITHIN: Duration = Duration::from_secs(30);

fn stopped(scene: &mut Scene<'_>) -> f64 {
    scene.fleet.program("one").metric("aerolog_partitions_stopped")
}

fn aborted(scene: &mut Scene<'_>) -> f64 {
    scene
        .fleet
        .program("one")
        .metric("aerolog_troubles_total{kind=\"transaction_aborted\"}")
}

fn begin<'g>(ground: &'g Ground, name: &str) -> Scene<'g> {
    let mut scene = Scene::begin(ground, name, PARTITIONS);
    scene.processor("one");
    scene.load(Shape::default());
    scene.progress(200);
    scene
}

/// Waits until the process says these words of why it is not ready.
fn says(scene: &mut Scene<'_>, words: &[&str]) {
    let said = scene.fleet.wait_until_it_says("one", STOPPED_WITHIN, words);
    scene.ground.tell(&said);
}

fn heals(scene: &mut Scene<'_>) {
    within(HEALED_WITHIN, "the processor is ready again", || {
        scene.fleet.check_running();
        scene.fleet.program("one").is_ready() && stopped(scene) < 0.5
    });
}

fn refused_size(ground: &Ground) {
    let mut scene = begin(ground, "refused-size");
    let letters = scene.schedule.topology().topics.dead_letters.name.clone();
    let commands = scene.schedule.topology().topics.commands.name.clone();
    alter_topic(ground.cluster(), &letters, "max.message.bytes=2000");
    clock::rest(Duration::from_secs(2));
    let value: Vec<u8> = (0..6_000_u32)
        .map(|index| (index.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let key = b"any";
    let partition = topology::partition_of(key, PARTITIONS);
    scene.schedule.write(&scene.schedule.record(Some(key), Some(&value), &[], None));
    scene.schedule.flush();
    let place = format!("{commands}/{partition} offset");
    let words = [&format!("partition {partition}"), &place, &letters, "MessageSizeTooLarge"];
    says(&mut scene, &words);
    assert!((stopped(&mut scene) - 1.0).abs() < 0.5);
    // The others are at their usual speed: some rotations of the load are in the stopped partition.
    let took = scene.progress(400);
    assert!(took < Duration::from_secs(20), "{took:?} for 400 outcomes of three partitions");
    let before = aborted(&mut scene);
    scene.pass(Duration::from_secs(20));
    let tried = aborted(&mut scene) - before;
    assert!(tried <= 4.0, "{tried} transactions aborted in 20 s");
    alter_topic(ground.cluster(), &letters, "max.message.bytes=2097152");
    heals(&mut scene);
    within(STOPPED_WITHIN, "the dead letter is written", || {
        History::read(&scene.schedule).dead_letters.len() == 1
    });
    scene.finish_with_state_of("one");
}

fn refused_timestamps(ground: &Ground) {
    let mut scene = begin(ground, "refused-time");
    let outcomes = scene.schedule.topology().topics.outcomes.name.clone();
    alter_topic(ground.cluster(), &outcomes, "message.timestamp.before.max.ms=1");
    says(&mut scene, &["is stopped", &outcomes, "InvalidTimestamp"]);
    scene.pass(Duration::from_secs(15));
    let before = aborted(&mut scene);
    scene.pass(Duration::from_secs(30));
    let tried = aborted(&mut scene) - before;
    ground.tell(&format!("{tried} transactions aborted in 30 s"));
    assert!(tried <= 30.0, "{tried} transactions aborted in 30 s");
    alter_topic(ground.cluster(), &outcomes, "message.timestamp.before.max.ms=9223372036854775807");
    heals(&mut scene);
    scene.finish_with_state_of("one");
}

fn clock_ahead(ground: &Ground) {
    let mut scene = Scene::begin(ground, "clock-ahead", PARTITIONS);
    let topics = scene.schedule.topology().topics.clone();
    for topic in [&topics.dead_letters.name, &topics.outcomes.name] {
        alter_topic(ground.cluster(), topic, "message.timestamp.after.max.ms=3600000");
    }
    set_clock(ground, "one", 2);
    start_with_clock(&mut scene, "one");
    scene.load(Shape::default());
    scene.progress(100);
    scene
        .schedule
        .write(&scene.schedule.record(Some(b"any"), Some(b"no command"), &[], None));
    scene.schedule.flush();
    within(STOPPED_WITHIN, "the dead letter is written", || {
        History::read(&scene.schedule).dead_letters.len() == 1
    });
    scene.progress(100);
    assert!(aborted(&mut scene) < 0.5, "a transaction was aborted");
    for topic in [&topics.dead_letters.name, &topics.outcomes.name] {
        alter_topic(ground.cluster(), topic, "message.timestamp.after.max.ms=9223372036854775807");
    }
    scene.finish();
}

fn produce_quota(ground: &Ground) {
    const BACKLOG: u32 = 1_500;
    const QUOTA: &str = "producer_byte_rate=2000";
    let mut scene = Scene::begin(ground, "quota", PARTITIONS);
    let client = format!("quota-{}", std::process::id());
    let of_client = ["configs", "--alter", "--entity-type", "clients", "--entity-name", &client];
    let commands: Vec<_> = (0..BACKLOG).map(|index| command(index % 40, index / 40)).collect();
    scene.schedule.send(&commands);
    tool(ground.cluster(), &[&of_client[..], &["--add-config", QUOTA]].concat());
    // As large as they are where nothing is set: what is tried first is far more than the broker takes in time.
    let variables = [("AEROLOG_KAFKA__CLIENT_ID", client.as_str()), ("AEROLOG_BATCH_RECORDS_MAX", "1000")];
    scene.start_processor("one", &variables);
    let accepted = commands.iter().enumerate().map(|(index, envelope)| {
        let number = u32::try_from(index).unwrap() / 40;
        (envelope.command_id, end_to_end::is_accepted(number))
    });
    scene.also_sent(crate::Sent {
        records: u64::from(BACKLOG),
        commands: accepted.collect(),
    });
    let first = scene.progress(20);
    let then = scene.progress(60);
    ground.tell(&format!("20 outcomes after {} s, 60 more in {} s", first.as_secs(), then.as_secs()));
    assert!(then < Duration::from_secs(120), "60 outcomes took {then:?}");
    tool(
        ground.cluster(),
        &[&of_client[..], &["--delete-config", "producer_byte_rate"]].concat(),
    );
    scene.finish();
}
