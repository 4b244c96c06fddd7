//! Audits of what real processes have written, and of what was written over it.

use crate::command_line::fixture::{Run, run};
use end_to_end::{History, Program, Schedule, load};
use keyvalue::Mutation;
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use store::{Sizing, Store};
use stream::writer::Outgoing;

const PARTITIONS: u32 = 2;

/// Commands of every kind, all of them answered: 60 of rotations, one twice, one in the wrong partition, one that is none.
fn history(name: &str, state: &Path) -> (Schedule, Program) {
    let schedule = Schedule::new(name, PARTITIONS);
    let mut processor = Program::processor(&schedule, state, "one");
    processor.wait_until_ready();
    let commands = load(0, 5, 11);
    schedule.send(&commands);
    let last = commands.last().unwrap();
    let value = schemas::command_to_avro(last, schedule.ids().command);
    let key = last.aggregate_id.as_bytes();
    let elsewhere = (topology::partition_of(key, PARTITIONS) + 1) % PARTITIONS;
    schedule.write(&schedule.record(Some(key), Some(&value), &[], Some(elsewhere)));
    schedule.write(&schedule.record(Some(key), Some(b"no command"), &[], None));
    schedule.send(&load(9, 1, 0));
    end_to_end::eventually("everything is answered", || {
        let history = History::read(&schedule);
        let outcomes: usize = history.outcomes.values().map(Vec::len).sum();
        outcomes == 62 && history.dead_letters.len() == 1
    });
    (schedule, processor)
}

fn audit(schedule: &Schedule, arguments: &[&str]) -> (Run, Value) {
    let run = run(
        schedule.name(),
        PARTITIONS,
        &[&["audit", "--json", "--drained"], arguments].concat(),
    );
    let summary = run.out.lines().last().and_then(|line| serde_json::from_str(line).ok());
    (run, summary.unwrap_or_default())
}

fn finds(run: &Run, invariant: &str, words: &str) -> bool {
    run.out
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .any(|line| line["invariant"] == invariant && line["what"].as_str().unwrap().contains(words))
}

#[test]
fn what_processes_write_passes_live_and_from_files_and_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let (schedule, _processor) = history("audit-clean", &folder.path().join("state"));
    let (live, summary) = audit(&schedule, &["--expect-commands", "64"]);
    assert_eq!(live.status, 0, "{live:?}");
    let counts = &summary["counts"];
    assert_eq!(
        (
            &counts["commands"],
            &counts["repeated"],
            &counts["forwarded"],
            &counts["dead_letters"]
        ),
        (&64.into(), &1.into(), &1.into(), &1.into()),
        "{summary}"
    );
    assert_eq!((&counts["redecided"], &counts["pending"]), (&64.into(), &0.into()), "{summary}");
    assert!(
        counts["rejected"].as_u64().unwrap() > 0 && counts["commits"].as_u64().unwrap() > 1,
        "{summary}"
    );
    let (few, _) = audit(&schedule, &["--expect-commands", "65"]);
    assert_eq!(few.status, 5, "{few:?}");

    let dump = folder.path().join("dump");
    std::fs::create_dir_all(&dump).unwrap();
    for topic in ["commands", "events", "outcomes", "dead-letters"] {
        kcat(&schedule, topic, "read_committed", &dump.join(topic));
        kcat(&schedule, topic, "read_uncommitted", &dump.join(format!("{topic}.uncommitted")));
    }
    let (files, from_files) = audit(&schedule, &["--dump", dump.to_str().unwrap()]);
    assert_eq!(files.status, 0, "{files:?}");
    for name in [
        "commands",
        "accepted",
        "rejected",
        "repeated",
        "forwarded",
        "dead_letters",
        "events",
        "aborted",
        "redecided",
    ] {
        assert_eq!(from_files["counts"][name], counts[name], "{name}: {from_files}");
    }
}

fn kcat(schedule: &Schedule, topic: &str, isolation: &str, to: &Path) {
    let status = Command::new("kcat")
        .args(["-C", "-b", &end_to_end::variable("KAFKA_BOOTSTRAP_SERVERS")])
        .args(["-t", &format!("{}.{topic}", schedule.name()), "-o", "beginning", "-e", "-q", "-J"])
        .args(["-X", &format!("isolation.level={isolation}")])
        .stdout(std::fs::File::create(to).unwrap())
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn an_event_without_a_decision_is_found_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let (schedule, _processor) = history("audit-extra", &folder.path().join("state"));
    let topics = &schedule.topology().topics;
    let dump = folder.path().join("events");
    kcat(&schedule, "events", "read_committed", &dump);
    let (partition, value) = last_event(&std::fs::read(&dump).unwrap());
    schedule.write(&Outgoing {
        topic: &topics.events.name,
        key: Some(b"rotation/R0"),
        value: Some(&value),
        headers: &[],
        tag: 0,
        partition: Some(partition),
    });
    schedule.flush();
    let (spoiled, summary) = audit(&schedule, &[]);
    assert_eq!(spoiled.status, 5, "{spoiled:?}");
    assert!(
        summary["holds"] == false && summary["by_invariant"]["I3"].as_u64().unwrap() >= 2,
        "{summary}"
    );
    assert!(
        finds(&spoiled, "I3", "should follow") && finds(&spoiled, "I5", "the log has"),
        "{spoiled:?}"
    );
    let text = run(schedule.name(), PARTITIONS, &["audit"]);
    assert!(
        text.status == 5 && text.out.contains("I3 is violated") && text.out.contains("EventEnvelope"),
        "{text:?}"
    );
}

/// Partition and value of the last line that kcat -J has written.
fn last_event(lines: &[u8]) -> (u32, Vec<u8>) {
    let line = lines.split(|byte| *byte == b'\n').rfind(|line| !line.is_empty()).unwrap();
    let text: String = line.iter().copied().map(char::from).collect();
    let json: Value = serde_json::from_str(&text).unwrap();
    let value = json["payload"]
        .as_str()
        .unwrap()
        .chars()
        .map(|character| u8::try_from(character).unwrap());
    (u32::try_from(json["partition"].as_u64().unwrap()).unwrap(), value.collect())
}

#[test]
fn a_state_and_a_view_that_differ_from_the_log_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let (state, view) = (folder.path().join("state"), folder.path().join("view"));
    let (schedule, processor) = history("audit-states", &state);
    let mut materializer = Program::materializer(&schedule, &view);
    materializer.wait_until_ready();
    processor.stop();
    let state_argument = state.to_str().unwrap();
    let url = materializer.url("");
    let (clean, summary) = audit(&schedule, &["--state", state_argument, "--views", &url]);
    assert_eq!(clean.status, 0, "{clean:?}");
    assert_eq!(
        (&summary["counts"]["states"], &summary["counts"]["views"]),
        (&2.into(), &1.into()),
        "{summary}"
    );

    materializer.stop();
    spoil(
        &state,
        decider::keys::aggregate(topology::partition_of(b"rotation/R0", PARTITIONS), "rotation/R0"),
    );
    spoil(&view.join(views::edition()), b"\x40zzz".to_vec());
    let mut materializer = Program::materializer(&schedule, &view);
    materializer.wait_until_ready();
    let (spoiled, _) = audit(&schedule, &["--state", state_argument, "--views", &materializer.url("")]);
    assert_eq!(spoiled.status, 5, "{spoiled:?}");
    assert!(
        finds(&spoiled, "I8", "rotation/R0") && finds(&spoiled, "I9", "where the log makes"),
        "{spoiled:?}"
    );
}

fn spoil(directory: &Path, key: Vec<u8>) {
    let value = 99_u64.to_be_bytes().to_vec();
    Store::open(directory, Sizing::default())
        .unwrap()
        .apply(&[Mutation::Put { key, value }])
        .unwrap();
}
