//! Processors that restart, are killed in mid-load, lose their state, and share partitions.

use end_to_end::{History, Program, Schedule, eventually, load};
use std::path::Path;
use uuid::Uuid;

fn ids(commands: &[decider::CommandEnvelope<domain::Command>]) -> Vec<Uuid> {
    commands.iter().map(|command| command.command_id).collect()
}

fn ready(schedule: &Schedule, state: &Path, instance_id: &str) -> Program {
    let mut processor = Program::processor(schedule, state, instance_id);
    processor.wait_until_ready();
    processor
}

#[test]
fn a_restart_with_its_state_replays_nothing_and_without_it_everything() {
    let schedule = Schedule::new("restart", 4);
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let commands = load(0, 20, 20);
    schedule.send(&commands);
    let processor = ready(&schedule, &state, "one");
    History::wait_for(&schedule, commands.len()).check(ids(&commands));
    assert!(processor.stop().success(), "SIGTERM is a clean end");

    let processor = ready(&schedule, &state, "one");
    assert!(processor.metric("aerolog_restored_records_total") < 1.0, "{}", processor.log());
    // What was sent before is answered again, and nothing happens twice.
    schedule.send(&commands[..50]);
    eventually("repeated outcomes", || {
        processor.metric("aerolog_commands_total{outcome=\"repeated\"}") >= 50.0
    });
    processor.kill();

    std::fs::remove_dir_all(&state).unwrap();
    let processor = ready(&schedule, &state, "one");
    let history = History::read(&schedule);
    let events: usize = history.events.values().map(Vec::len).sum();
    let restored = processor.metric("aerolog_restored_records_total");
    assert!(
        restored >= (events + commands.len()) as f64,
        "{events} events, restored {restored}: {}",
        processor.log()
    );
    let more = load(100, 5, 20);
    schedule.send(&commands[50..100]);
    schedule.send(&more);
    eventually("repeated outcomes", || {
        processor.metric("aerolog_commands_total{outcome=\"repeated\"}") >= 50.0
    });
    History::wait_for(&schedule, commands.len() + more.len()).check(ids(&commands).into_iter().chain(ids(&more)));
}

#[test]
fn a_processor_that_is_killed_in_mid_load_decides_every_command_once() {
    let schedule = Schedule::new("killed", 4);
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let commands = load(0, 100, 60);
    let mut processor = ready(&schedule, &state, "one");
    let mut kills_under_load = 0;
    for part in commands.chunks(commands.len() / 4) {
        schedule.send(part);
        let decided = History::read(&schedule).decided();
        kills_under_load += usize::from(decided < commands.len());
        processor.kill();
        processor = ready(&schedule, &state, "one");
    }
    assert!(kills_under_load >= 3, "the kills came when all was done");
    History::wait_for(&schedule, commands.len()).check(ids(&commands));
    drop(processor);
}

#[test]
fn two_processors_share_the_partitions_and_one_takes_over_when_the_other_dies() {
    let schedule = Schedule::new("shared", 4);
    let folder = tempfile::tempdir().unwrap();
    let one = ready(&schedule, &folder.path().join("one"), "one");
    let commands = load(0, 60, 40);
    let (before, after) = commands.split_at(commands.len() / 2);
    schedule.send(before);
    let mut two = ready(&schedule, &folder.path().join("two"), "two");
    eventually("both own partitions", || {
        let owned = [&one, &two].map(|processor| processor.metric("aerolog_partitions_owned"));
        owned.iter().all(|owned| *owned > 0.0) && owned.iter().sum::<f64>() > 3.5
    });
    schedule.send(after);
    one.kill();
    eventually("the survivor owns all partitions", || two.metric("aerolog_partitions_owned") > 3.5);
    History::wait_for(&schedule, commands.len()).check(ids(&commands));
    assert!(two.is_running());
}

#[test]
fn an_instance_that_follows_takes_over_without_a_replay() {
    let schedule = Schedule::new("followed", 4);
    let folder = tempfile::tempdir().unwrap();
    let one = ready(&schedule, &folder.path().join("one"), "one");
    let commands = load(0, 60, 30);
    schedule.send(&commands);
    let history = History::wait_for(&schedule, commands.len());
    let events: usize = history.events.values().map(Vec::len).sum();
    let follows = [("AEROLOG_INSTANCE_ID", "two"), ("AEROLOG_WARM_PARTITIONS_MAX", "1000")];
    let mut two = Program::start("command-processor", &schedule, &folder.path().join("two"), &follows);
    two.wait_until_ready();
    eventually("all events and outcomes are in its state", || {
        two.metric("aerolog_followed_records_total") >= (events + commands.len()) as f64
    });
    assert!(two.metric("aerolog_partitions_owned") > 0.0, "{}", two.log());
    assert!(
        two.metric("aerolog_restored_records_total") < 1.0,
        "it joined the group before its state was up to the log: {}",
        two.log()
    );
    // It may still be taking its partitions over.
    eventually("the other one owns the rest", || one.metric("aerolog_partitions_owned") > 0.0);
    one.kill();
    eventually("the follower owns all partitions", || two.metric("aerolog_partitions_owned") > 3.5);
    assert!(
        two.metric("aerolog_restored_records_total") < 1.0,
        "it replayed what it had: {}",
        two.log()
    );
    let more = load(1000, 20, 10);
    schedule.send(&more);
    schedule.send(&commands[..50]);
    History::wait_for(&schedule, commands.len() + more.len()).check(ids(&commands).into_iter().chain(ids(&more)));
    eventually("what was answered before is remembered", || {
        two.metric("aerolog_commands_total{outcome=\"repeated\"}") >= 50.0
    });
}
