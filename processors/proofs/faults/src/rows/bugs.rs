//! A bug in the domain: a command on which `decide` panics, in every process that takes its partition over.

use crate::rows::{Needs, Row};
use crate::{Ground, Scene, Sent, Shape};
use decider::CommandEnvelope;
use domain::rotation::{Command, Mode};
use std::time::Duration;
use uuid::Uuid;

pub(super) const ROWS: &[Row] = &[Row {
    number: 59,
    name: "bug-in-the-domain",
    what: "decide panics on one command, in two processes one after the other: its partition stops with the place, the others go on, and a build without the bug decides it",
    needs: Needs::Broker,
    run: bug_in_the_domain,
}];

const PARTITIONS: u32 = 4;
/// A build of `first-build`, and the aggregate at which it panics.
const FAULTY_PROCESSOR: &str = "faulty-command-processor";
const FAULTY_ROTATION: &str = "rotation/FAULTY";
const STOPPED_WITHIN: Duration = Duration::from_secs(30);
/// For outcomes of the partitions that are not stopped, at 200 commands a second.
const PROGRESS_WITHIN: Duration = Duration::from_secs(20);

fn bug_in_the_domain(ground: &Ground) {
    let mut scene = Scene::begin(ground, "bug", PARTITIONS);
    scene.fleet.start_build(FAULTY_PROCESSOR, &scene.schedule, "one");
    scene.fleet.wait_until_ready("one");
    scene.load(Shape::default());
    scene.progress(200);
    let create = CommandEnvelope {
        command_id: Uuid::from_u64_pair(59, 1),
        aggregate_id: FAULTY_ROTATION.to_owned(),
        expected_version: None,
        issued_by: None,
        command: domain::Command::Rotation(Command::Create { mode: Mode::Draft }),
    };
    scene.schedule.send(std::slice::from_ref(&create));
    is_stopped(&mut scene, "one");
    // Another process takes everything over, stops at the same command, and lives.
    scene.fleet.stop("one");
    scene.fleet.start_build(FAULTY_PROCESSOR, &scene.schedule, "two");
    is_stopped(&mut scene, "two");
    scene.fleet.stop("two");
    scene.also_sent(Sent {
        records: 1,
        commands: [(create.command_id, true)].into(),
    });
    scene.processor("three");
    scene.progress(200);
    scene.finish_with_state_of("three");
}

/// Its partition stops and says where and why; the others go on.
fn is_stopped(scene: &mut Scene<'_>, name: &str) {
    let commands = &scene.schedule.topology().topics.commands.name;
    let partition = topology::partition_of(FAULTY_ROTATION.as_bytes(), PARTITIONS);
    let place = format!("commands {partition}/");
    let words = [commands, place.as_str(), FAULTY_ROTATION, "decide", "a bug on purpose"];
    let said = scene.fleet.wait_until_it_says(name, STOPPED_WITHIN, &words);
    scene.ground.tell(&said);
    let stopped = scene.fleet.program(name).metric("aerolog_partitions_stopped");
    assert!((stopped - 1.0).abs() < 0.5, "{stopped} partitions are stopped");
    let took = scene.progress(400);
    assert!(took < PROGRESS_WITHIN, "{took:?} for 400 outcomes of the other partitions");
}
