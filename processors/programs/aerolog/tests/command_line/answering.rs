//! Commands sent, and what became of them.

use crate::command_line::fixture::{Run, Running, command, run};
use end_to_end::Schedule;
use serde_json::Value;
use std::process::Stdio;

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {run:?}"))
}

const ID: &str = "6f1d3a52-94c8-4e0b-9a57-0c4b8f62d1e3";

#[test]
fn a_command_is_answered_with_its_outcome_and_its_status() {
    let running = Running::new("line-send");
    let created = running.run(&format!("send create-rotation R1 --active --command-id {ID}"));
    assert_eq!(created.status, 0, "{created:?}");
    let outcome = json(&created);
    assert_eq!((&outcome["status"], &outcome["command_id"]), (&"accepted".into(), &ID.into()));
    assert!(outcome["position"].as_str().unwrap().ends_with(":1"), "{outcome}");

    let repeated = running.run(&format!("send create-rotation R1 --active --command-id {ID}"));
    assert!(repeated.status == 0 && json(&repeated)["repeated"] == true, "{repeated:?}");
    let unchanged = [
        "send register-airplane N1AB --aircraft-type 717",
        "send register-airplane N1AB --aircraft-type 717",
    ]
    .map(|line| running.run(line));
    assert_eq!(unchanged.each_ref().map(|run| run.status), [0, 0], "{unchanged:?}");
    assert_eq!(json(&unchanged[1])["rejection"]["rule"], "nothing-to-change");
    let other = running.run("send register-airplane N1AB --aircraft-type 763");
    assert!(other.status == 3 && other.out.contains("as a 717"), "{other:?}");
    let rejected = running.run("send add-legs R1 --expected-version 9 --leg L1,HA11,HNL,LAX,2008-01-01T10:00Z,2008-01-01T15:00Z");
    assert!(
        rejected.status == 3 && json(&rejected)["rejection"]["rule"].is_string(),
        "{rejected:?}"
    );
    let typed = r#"{"aggregate_id": "rotation/R1", "payload": {"RemoveRotation": {}}}"#;
    let accepted = running.run_with_input("send --json", typed.as_bytes());
    assert_eq!(accepted.status, 0, "{accepted:?}");

    let found = running.run(&format!("outcomes {ID}"));
    assert!(found.status == 0 && json(&found)["repeated"] == false, "{found:?}");
    let none = running.run("outcomes 00000000-0000-0000-0000-000000000001");
    assert!(none.status == 4 && none.err.contains("there is no outcome"), "{none:?}");
    let all = running.run("outcomes --from-beginning --exit-at-end");
    assert_eq!((all.status, all.out.lines().count()), (0, 7), "{all:?}");
}

#[test]
fn an_id_belongs_to_one_command_of_one_aggregate() {
    let running = Running::new("line-ids");
    // Eight rotations in two partitions, all under one id.
    let rotations: Vec<String> = (0..8).map(|number| format!("R{number}")).collect();
    for rotation in &rotations {
        let created = running.run(&format!("send create-rotation {rotation} --active --command-id {ID}"));
        let outcome = json(&created);
        assert!(
            created.status == 0 && outcome["repeated"] == false && outcome["version"] == 1,
            "{created:?}"
        );
    }
    // The same command in the other encoding is the same command.
    let repeated = running.run(&format!("send create-rotation R3 --active --command-id {ID} --format json"));
    assert!(repeated.status == 0 && json(&repeated)["repeated"] == true, "{repeated:?}");
    let reused = running.run(&format!("send create-rotation R3 --command-id {ID}"));
    let outcome = json(&reused);
    assert_eq!(
        (reused.status, &outcome["rejection"]["rule"]),
        (3, &"command-id-reused".into()),
        "{reused:?}"
    );
    assert!(outcome["rejection"]["facts"][0]["first_command_offset"].is_string(), "{reused:?}");
    let found = running.run(&format!("outcomes {ID} --aggregate-id rotation/R3"));
    assert_eq!(
        (found.status, &json(&found)["aggregate_id"]),
        (0, &"rotation/R3".into()),
        "{found:?}"
    );
    for id in ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"] {
        let refused = running.run(&format!("send create-rotation R9 --command-id {id}"));
        assert!(refused.status != 0 && refused.err.contains("stands for no id"), "{refused:?}");
    }
    let audit = running.run("audit --drained");
    assert_eq!(audit.status, 0, "{audit:?}");
}

#[test]
fn a_malformed_command_is_refused_with_the_reason() {
    let running = Running::new("line-mistake");
    let typed = r#"{"aggregate_id": "rotation/R1", "payload": {"CreateRotation": {"mood": "draft"}}}"#;
    let mistaken = running.run_with_input("send --json --timeout 60", typed.as_bytes());
    assert_eq!(mistaken.status, 1, "{mistaken:?}");
    assert!(
        mistaken.err.contains("this is no command") && mistaken.err.contains("mood"),
        "{mistaken:?}"
    );
}

#[test]
fn a_command_without_a_running_processor_is_a_status_of_its_own() {
    let schedule = Schedule::new("line-alone", 2);
    let line = ["send", "retire-airplane", "N475HA", "--timeout", "1"];
    let waited = run(schedule.name(), 2, &line);
    assert!(waited.status == 4 && waited.err.contains("/health/ready"), "{waited:?}");
    let sent = run(schedule.name(), 2, &["send", "retire-airplane", "N475HA", "--no-wait"]);
    assert!(sent.status == 0 && json(&sent)["status"] == "sent", "{sent:?}");
}

#[test]
fn a_reader_that_has_had_enough_is_no_error() {
    let running = Running::new("line-pipe");
    for rotation in 0..3 {
        assert_eq!(running.run(&format!("send create-rotation R{rotation}")).status, 0);
    }
    let mut child = command(running.schedule.name(), 2, &["outcomes", "--from-beginning", "--exit-at-end"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = Run::from(child.wait_with_output().unwrap());
    assert_eq!((ended.status, ended.err.as_str()), (0, ""));
}
