//! Builds of different age on one log: side by side while an upgrade lasts, and where its order is got wrong. The old programs are those of
//! `first-build`.
// What cannot be set up ends the test.
#![allow(clippy::unwrap_used)]

use decider::{CommandEnvelope, Outcome, Status};
use domain::{AircraftType, Command, ZoneName, airplane, airport};
use end_to_end::{History, Program, Schedule, binary, eventually, load};
use schemas::Content;
use std::path::Path;
use uuid::Uuid;

const PARTITIONS: u32 = 4;
const NEEDED: &str = "needs a build that knows event AirportCorrected (event schema version 2, schema id ";

fn old_processor(schedule: &Schedule, folder: &Path, name: &str) -> Program {
    Program::start(
        "first-command-processor",
        schedule,
        &folder.join(name),
        &[("AEROLOG_INSTANCE_ID", name)],
    )
}

fn old_view(schedule: &Schedule, folder: &Path) -> Program {
    Program::start("first-materializer", schedule, &folder.join("view"), &[])
}

fn ready(mut program: Program) -> Program {
    program.wait_until_ready();
    program
}

fn of_airport(number: u64, code: &str, command: airport::Command) -> CommandEnvelope<Command> {
    envelope(number, format!("airport/{code}"), Command::Airport(command))
}

fn of_airplane(number: u64, command: airplane::Command) -> CommandEnvelope<Command> {
    envelope(number, "airplane/N1".to_owned(), Command::Airplane(command))
}

fn envelope(number: u64, aggregate_id: String, command: Command) -> CommandEnvelope<Command> {
    CommandEnvelope {
        command_id: Uuid::from_u64_pair(u64::MAX, number),
        aggregate_id,
        expected_version: None,
        issued_by: None,
        command,
    }
}

fn zone(name: &str) -> ZoneName {
    ZoneName::parse(name).unwrap()
}

fn register(number: u64, code: &str) -> CommandEnvelope<Command> {
    let register = airport::Command::Register {
        name: code.to_owned(),
        zone: zone("UTC"),
        minimum_ground_time_minutes: 30,
    };
    of_airport(number, code, register)
}

fn correct(number: u64, code: &str) -> CommandEnvelope<Command> {
    let correct = airport::Command::Correct {
        name: None,
        zone: Some(zone("Asia/Novosibirsk")),
    };
    of_airport(number, code, correct)
}

fn register_airplane(number: u64) -> CommandEnvelope<Command> {
    let aircraft_type = AircraftType::parse("763").unwrap();
    of_airplane(number, airplane::Command::Register { aircraft_type })
}

fn retire_airplane(number: u64) -> CommandEnvelope<Command> {
    of_airplane(number, airplane::Command::Retire)
}

fn answer<'h>(history: &'h History, command: &CommandEnvelope<Command>) -> &'h Outcome {
    let mut outcomes = history.outcomes.values().flatten();
    outcomes.find(|outcome| outcome.command_id == command.command_id).unwrap()
}

fn rule(outcome: &Outcome) -> &str {
    outcome.rejection.as_ref().map_or("", |rejection| &rejection.rule)
}

fn both_own_partitions(one: &Program, two: &Program) {
    eventually("both own partitions", || {
        let owned = [one, two].map(|processor| processor.metric("aerolog_partitions_owned"));
        owned.iter().all(|owned| *owned > 0.0) && owned.iter().sum::<f64>() > f64::from(PARTITIONS) - 0.5
    });
}

/// Where a view is once it holds everything.
fn end(history: &History) -> String {
    let last = history
        .events
        .iter()
        .map(|(partition, events)| format!("{partition}:{}", events.last().map_or(0, |event| event.sequence)));
    last.collect::<Vec<_>>().join(",")
}

fn audit(schedule: &Schedule) {
    let audit = std::process::Command::new(binary("aerolog"))
        .args(["audit", "--drained"])
        .env("KAFKA_BOOTSTRAP_SERVERS", &schedule.cluster().brokers)
        .env("SCHEMA_REGISTRY_URL", &schedule.cluster().registry)
        .env("AEROLOG_TOPIC_PREFIX", schedule.name())
        .env("AEROLOG_PARTITIONS", schedule.partitions().to_string())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&audit.stdout);
    assert!(audit.status.success(), "{said}{}", String::from_utf8_lossy(&audit.stderr));
}

#[test]
fn two_builds_run_side_by_side_and_are_upgraded_one_by_one_under_load() {
    let schedule = Schedule::new("upgrade", PARTITIONS);
    let folder = tempfile::tempdir().unwrap();
    let one = ready(old_processor(&schedule, folder.path(), "one"));
    let two = ready(old_processor(&schedule, folder.path(), "two"));
    let old_view = ready(old_view(&schedule, folder.path()));
    both_own_partitions(&one, &two);

    let load = load(0, 40, 20);
    let mut parts = load.chunks(load.len() / 4);
    let mut sent = Vec::new();
    let mut send = |commands: &[CommandEnvelope<Command>]| {
        schedule.send(commands);
        sent.extend(commands.iter().map(|command| command.command_id));
        sent.len()
    };
    send(parts.next().unwrap());
    // What the old build decides by its own rules, and what it does not know: each has its answer.
    let (too_early, by_old_rules) = (correct(1, "OVB"), register_airplane(4));
    let answered = send(&[
        register(0, "OVB"),
        too_early.clone(),
        register_airplane(2),
        retire_airplane(3),
        by_old_rules.clone(),
    ]);
    let history = History::wait_for(&schedule, answered);
    assert_eq!(rule(answer(&history, &too_early)), "unknown-command");
    assert_eq!(rule(answer(&history, &by_old_rules)), "retired");

    // Readers first.
    let new_view = ready(Program::materializer(&schedule, &folder.path().join("new-view")));
    send(parts.next().unwrap());
    // Then the processors, each with its own state.
    assert!(one.stop().success());
    let one = ready(Program::processor(&schedule, &folder.path().join("one"), "one"));
    both_own_partitions(&one, &two);
    send(parts.next().unwrap());
    assert!(two.stop().success());
    let two = ready(Program::processor(&schedule, &folder.path().join("two"), "two"));
    both_own_partitions(&one, &two);
    // Clients last.
    send(parts.next().unwrap());
    for part in parts {
        send(part);
    }
    let answered = send(&[correct(5, "OVB"), register_airplane(6)]);
    let history = History::wait_for(&schedule, answered);
    for number in [5, 6] {
        let id = Uuid::from_u64_pair(u64::MAX, number);
        let outcome = history
            .outcomes
            .values()
            .flatten()
            .find(|outcome| outcome.command_id == id)
            .unwrap();
        assert_eq!(outcome.status, Status::Accepted, "{outcome:?}");
    }
    history.check(sent.iter().copied());
    let question = format!("/position?content_hash=true&at_least={}", end(&history));
    eventually("the new view has everything", || {
        new_view.ask(&question)["content_hash"].is_string()
    });
    assert_eq!(new_view.ask("/airports/OVB")["zone"], "Asia/Novosibirsk");

    // The old view stops where it does not know the event, and says which build does.
    eventually("the old view says what it needs", || old_view.not_ready_because().contains(NEEDED));
    assert_eq!(old_view.ask("/airports/OVB")["zone"], "UTC");
    assert!(old_view.stop().success());
    let upgraded = ready(Program::materializer(&schedule, &folder.path().join("view")));
    assert_eq!(upgraded.ask(&question)["content_hash"], new_view.ask(&question)["content_hash"]);
    audit(&schedule);
}

#[test]
fn an_old_processor_stops_only_the_partitions_with_an_event_that_it_does_not_know_and_a_new_one_goes_on() {
    let schedule = Schedule::new("upgraded-too-late", PARTITIONS);
    let folder = tempfile::tempdir().unwrap();
    let new = ready(Program::processor(&schedule, &folder.path().join("one"), "one"));
    let before = load(0, 40, 5);
    schedule.send(&before);
    schedule.send(&[register(0, "OVB"), correct(1, "OVB")]);
    let history = History::wait_for(&schedule, before.len() + 2);
    let holds = |events: &[decider::EventEnvelope<domain::Event>]| events.iter().any(|event| event.aggregate_id == "airport/OVB");
    let (stopped, _) = history.events.iter().find(|(_, events)| holds(events)).unwrap();
    assert!(new.stop().success());

    let mut old = old_processor(&schedule, folder.path(), "one-before");
    let after = load(100, 40, 5);
    schedule.send(&after);
    eventually("the old processor says what it needs", || old.not_ready_because().contains(NEEDED));
    let others = || {
        let history = History::read(&schedule);
        let decided = history.outcomes.iter().filter(|(partition, _)| *partition != stopped);
        decided.map(|(_, outcomes)| outcomes.len()).sum::<usize>()
    };
    let decided_before: usize = history
        .outcomes
        .iter()
        .filter(|(partition, _)| *partition != stopped)
        .map(|(_, outcomes)| outcomes.len())
        .sum();
    eventually("it goes on with the others", || others() > decided_before + after.len() / 2);
    assert!(old.is_running());
    let held = |history: &History| history.outcomes[stopped].len();
    assert_eq!(
        held(&History::read(&schedule)),
        held(&history),
        "nothing is decided on a state without the event"
    );
    assert!(old.stop().success());

    let _new = ready(Program::processor(&schedule, &folder.path().join("one"), "one"));
    let ids = before.iter().chain(&after).map(|command| command.command_id);
    History::wait_for(&schedule, before.len() + after.len() + 2).check(ids);
    audit(&schedule);
}

/// The present build is the old one of the next: a version of the events that is still to come, with one more of them.
#[test]
fn the_present_build_stops_at_an_event_of_a_version_that_is_still_to_come() {
    let schedule = Schedule::new("still-to-come", PARTITIONS);
    let folder = tempfile::tempdir().unwrap();
    let processor = ready(Program::processor(&schedule, &folder.path().join("one"), "one"));
    let commands = load(0, 20, 5);
    schedule.send(&commands);
    let history = History::wait_for(&schedule, commands.len());
    assert!(processor.stop().success());

    let mut later: serde_json::Value = serde_json::from_str(Content::Event.latest().json()).unwrap();
    let version = Content::Event.latest().version + 1;
    later["schema_version"] = version.into();
    let fields = later["fields"].as_array_mut().unwrap();
    let payload = fields.iter_mut().find(|field| field["name"] == "payload").unwrap();
    let branches = payload["type"].as_array_mut().unwrap();
    branches.push(serde_json::json!({"type": "record", "name": "RotationFrozen", "fields": []}));
    let branch = branches.len() - 1;
    let schema_id = schedule.register_events(&later.to_string());

    let (partition, events) = history.events.iter().next().unwrap();
    let last = events.last().unwrap();
    // The latest event of the partition's last aggregate, and with it the next sequence and version: only the payload is another.
    let mut value = vec![0];
    value.extend(schema_id.to_be_bytes());
    value.extend(later_event(last, branch));
    let topic = &schedule.topology().topics.events.name;
    schedule.write(&stream::writer::Outgoing {
        topic,
        key: Some(last.aggregate_id.as_bytes()),
        value: Some(&value),
        headers: &[],
        tag: 0,
        partition: Some(*partition),
    });
    schedule.flush();

    let needed = format!("needs a build that knows event RotationFrozen (event schema version {version}, schema id {schema_id})");
    let view = Program::materializer(&schedule, &folder.path().join("view"));
    eventually("the view says what it needs", || view.not_ready_because().contains(&needed));
    let processor = Program::processor(&schedule, &folder.path().join("two"), "two");
    eventually("the processor says what it needs", || {
        processor.not_ready_because().contains(&needed)
    });
}

/// The bytes of the event that would follow, with a payload without fields at this branch.
fn later_event(last: &decider::EventEnvelope<domain::Event>, branch: usize) -> Vec<u8> {
    fn long(value: i64, out: &mut Vec<u8>) {
        let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
        while rest >= 0x80 {
            out.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        out.push(rest as u8);
    }
    fn text(text: &str, out: &mut Vec<u8>) {
        long(i64::try_from(text.len()).unwrap(), out);
        out.extend_from_slice(text.as_bytes());
    }
    let mut out = Vec::new();
    long(i64::try_from(last.sequence + 1).unwrap(), &mut out);
    text(&last.aggregate_id, &mut out);
    long(i64::try_from(last.version + 1).unwrap(), &mut out);
    text(&Uuid::from_u128(7).to_string(), &mut out);
    long(last.command_offset + 1, &mut out);
    long(last.decided_at_ms, &mut out);
    long(i64::try_from(branch).unwrap(), &mut out);
    out
}
