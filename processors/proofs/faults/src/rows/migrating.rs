//! A log that is carried to more partitions, with everything that may go wrong on the way.

use super::{Needs, Row};
use crate::{Fleet, Ground, QUICK, Scene, Shape};
use decider::CommandEnvelope;
use end_to_end::{Cluster, History, Schedule, binary, eventually, load};
use serde_json::Value;
use service::clock;
use std::process::{Command, Stdio};
use std::time::Duration;

pub(super) const ROWS: &[Row] = &[Row {
    number: 63,
    name: "migrate-to-more-partitions",
    what: "a log of 8 partitions is carried to 12 under load, with an interruption and a try to give it up: nothing is lost, repeated ids are \
           recognised, views are equal, old processors refuse",
    needs: Needs::Broker,
    run: migrate,
}];

const BEFORE: u32 = 8;
const AFTER: u32 = 12;
const SOME: u64 = 600;
/// Rotations of the load, and of commands that are sent by hand.
const ROTATIONS: u32 = 40;
const BY_HAND: u32 = 1000;
/// A migration is killed so soon after its start.
const INTERRUPTIONS_MS: [u64; 3] = [300, 900, 1500];

/// What a run of the command line has come to.
pub(super) struct Run {
    pub(super) status: i32,
    pub(super) said: String,
}

/// Runs the command line, with no other variables than those of the cluster and the schedule's name.
pub(super) fn aerolog(cluster: &Cluster, schedule: &str, arguments: &[&str]) -> Run {
    let output = command(cluster, schedule, arguments).output().unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Run {
        status: output.status.code().unwrap_or(-1),
        said,
    }
}

/// Nothing says how many partitions there are but the log.
fn command(cluster: &Cluster, schedule: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary("aerolog"));
    command
        .args(arguments)
        .env("KAFKA_BOOTSTRAP_SERVERS", &cluster.brokers)
        .env("SCHEMA_REGISTRY_URL", &cluster.registry)
        .env("AEROLOG_TOPIC_PREFIX", schedule)
        .env_remove("AEROLOG_PARTITIONS");
    command
}

fn check(run: &Run, status: i32, part: &str) {
    assert!(
        run.status == status && run.said.contains(part),
        "status {}: {}",
        run.status,
        run.said
    );
}

fn migrate(ground: &Ground) {
    let cluster = ground.cluster();
    let mut scene = Scene::begin(ground, "migrate", BEFORE);
    scene.load(Shape {
        rotations: ROTATIONS,
        ..Shape::default()
    });
    scene.processor("one");
    scene.materializer("view");
    scene.progress(SOME);
    scene.drain();
    let old = scene.schedule.name().to_owned();
    let (given_up, new) = (format!("{old}-a"), format!("{old}-b"));
    let migrate = |to: &str, more: &[&str]| {
        let partitions = AFTER.to_string();
        let arguments = [&["migrate", "--to", to, "--to-partitions", &partitions], more].concat();
        aerolog(cluster, &old, &arguments)
    };

    check(&migrate(&new, &[]), 1, "are running");
    scene.fleet.stop("one");
    eventually("the stopped processor's session is over", || {
        !migrate(&new, &["--dry-run"]).said.contains("are running")
    });
    let undecided = load(BY_HAND, 5, 10);
    scene.schedule.send(&undecided);
    check(&migrate(&new, &[]), 1, "commands of");
    check(&migrate(&new, &["--dry-run"]), 0, "would carry");

    // One that is given up leaves the old log as it was.
    interrupted(cluster, &old, &given_up, INTERRUPTIONS_MS[1]);
    let abandoned = aerolog(cluster, &old, &["migrate", "--to", &given_up, "--abandon"]);
    if abandoned.said.contains("is not closed") {
        ground.tell("the first migration was interrupted before it had closed the old log");
    } else {
        check(&abandoned, 0, "is open again");
    }
    for after_ms in INTERRUPTIONS_MS {
        interrupted(cluster, &old, &new, after_ms);
    }
    let done = migrate(&new, &["--move-undecided"]);
    check(&done, 0, "commands were moved");
    ground.tell(&done.said);

    scene.start_processor("late", &[]);
    let status = scene.fleet.program("late").wait();
    let said = scene.fleet.program("late").log();
    assert!(!status.success() && said.contains("was migrated to"), "{status}:\n{said}");
    scene.fleet.forget("late");
    check(
        &aerolog(cluster, &old, &["send", "create-rotation", "TooLate"]),
        1,
        "was migrated to",
    );

    go_on(ground, &mut scene, new, &undecided);
    scene.fleet.stop("view");
}

/// Views and processors on the new log: it has all that the old one had, and what clients still send to the old one.
fn go_on(ground: &Ground, scene: &mut Scene<'_>, new: String, undecided: &[CommandEnvelope<domain::Command>]) {
    let (cluster, old) = (ground.cluster(), scene.schedule.name().to_owned());
    let schedule = Schedule::named(cluster, new, AFTER);
    let move_on = || {
        let partitions = AFTER.to_string();
        aerolog(cluster, &old, &["migrate", "--to", schedule.name(), "--to-partitions", &partitions])
    };
    let mut fleet = Fleet::new(ground.folder(), QUICK);
    fleet.start_materializer(&schedule, "new-view", &[]);
    fleet.wait_until_ready("new-view");
    same_content(scene.fleet.program("view"), fleet.program("new-view"));
    for name in ["new-one", "new-two"] {
        fleet.start_processor(&schedule, name, &[("AEROLOG_PARTITIONS", "0")]);
    }
    fleet.wait_until_ready("new-one");
    let sent = scene.sent().commands.len();
    let history = History::wait_for(&schedule, sent + undecided.len());
    history_has(&history, undecided);

    // Every command that was ever decided is sent again, to the new topic and to the old one.
    let again = load(0, ROTATIONS, 5);
    schedule.send(&again);
    scene.schedule.send(&again);
    check(&move_on(), 0, "commands were moved");
    check(&move_on(), 0, "0 commands were moved");
    eventually("each resent command has the outcome of before", || {
        let repeated = History::read(&schedule)
            .outcomes
            .into_values()
            .flatten()
            .filter(|outcome| outcome.repeated);
        repeated.count() == 2 * again.len()
    });
    let history = History::read(&schedule);
    assert_eq!(history.decided(), sent + undecided.len(), "nothing was decided twice");
    let view = fleet.program("new-view").url("");
    let audit = aerolog(cluster, schedule.name(), &["audit", "--drained", "--views", &view]);
    check(&audit, 0, "");
    ground.tell(&audit.said);
    for name in ["new-one", "new-two", "new-view"] {
        fleet.stop(name);
    }
}

/// Begins a migration, and kills it after a while.
fn interrupted(cluster: &Cluster, old: &str, new: &str, after_ms: u64) {
    let partitions = AFTER.to_string();
    let arguments = ["migrate", "--to", new, "--to-partitions", &partitions, "--move-undecided"];
    let mut child = command(cluster, old, &arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    clock::rest(Duration::from_millis(after_ms));
    child.kill().unwrap();
    child.wait().unwrap();
}

fn history_has(history: &History, commands: &[CommandEnvelope<domain::Command>]) {
    for command in commands {
        let mut outcomes = history.outcomes.values().flatten();
        assert!(
            outcomes.any(|outcome| outcome.command_id == command.command_id),
            "{command:?} is lost"
        );
    }
}

/// Both views answer the same about every rotation, but for positions.
fn same_content(old: &end_to_end::Program, new: &end_to_end::Program) {
    for rotation in 0..ROTATIONS {
        let path = format!("/rotations/R{rotation}");
        let (mut before, mut after) = (old.ask(&path), new.ask(&path));
        without_positions(&mut before);
        without_positions(&mut after);
        assert!(
            before
                .get("legs")
                .is_some_and(|legs| legs.as_array().is_some_and(|legs| !legs.is_empty())),
            "{before}"
        );
        assert_eq!(before, after, "{path}");
    }
}

/// What depends on the number of partitions.
fn without_positions(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !["position", "partition", "sequence", "command_offset"].contains(&name.as_str()));
            fields.values_mut().for_each(without_positions);
        }
        Value::Array(items) => items.iter_mut().for_each(without_positions),
        _ => {}
    }
}
