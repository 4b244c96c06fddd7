//! The log of one application under the command line of another: refused, and nothing is registered or sent.

use crate::command_line::fixture::{Bank, Run, kcat, run};
use end_to_end::{History, Program, Schedule, load, variable};
use std::process::Command;

/// The subjects of the registry that are of topics with this prefix.
fn subjects(prefix: &str) -> usize {
    let url = format!("{}/subjects", variable("SCHEMA_REGISTRY_URL"));
    let answer = Command::new("curl").args(["-sf", "--noproxy", "*", &url]).output().unwrap();
    let subjects: Vec<String> = serde_json::from_slice(&answer.stdout).unwrap();
    subjects.iter().filter(|subject| subject.starts_with(&format!("{prefix}."))).count()
}

fn records(prefix: &str) -> usize {
    let topic = format!("{prefix}.commands");
    let form = ["-C", "-t", &topic, "-o", "beginning", "-e", "-q", "-f", "%p\n"];
    String::from_utf8(kcat(&form, b"")).unwrap().lines().count()
}

fn is_refused(run: &Run, application: &str) {
    let names_it = run.err.contains(&format!("is no record of the application {application}"));
    assert!(run.status == 1 && names_it && run.err.contains("--topic-prefix"), "{run:?}");
    assert!(!run.err.contains("schemas apply"), "{run:?}");
}

#[test]
fn a_log_of_the_bank_is_none_of_the_airline() {
    let (bank, folder) = (Bank::new("foreign"), tempfile::tempdir().unwrap());
    let processor = bank.start("bank-processor", &folder.path().join("processor"));
    assert_eq!(bank.run(&["send", "account/ada", r#"{"Open": {"holder": "Ada"}}"#]).status, 0);
    let command = br#"{"aggregate_id": "airplane/N1", "payload": {"RetireAirplane": {}}}"#;
    for arguments in [&["audit"][..], &["schemas", "apply"], &["schemas", "check"], &["send", "--json"]] {
        is_refused(&run("aerolog", bank.name(), arguments, command), "schedule");
    }
    assert_eq!((subjects(bank.name()), records(bank.name())), (0, 1));
    let dump = folder.path().join("dump");
    std::fs::create_dir(&dump).unwrap();
    for topic in ["commands", "events", "outcomes", "dead-letters"] {
        let name = format!("{}.{topic}", bank.name());
        let lines = kcat(&["-C", "-t", &name, "-o", "beginning", "-e", "-q", "-J"], b"");
        std::fs::write(dump.join(topic), lines).unwrap();
    }
    let from_files = ["audit", "--partitions", "2", "--dump", dump.to_str().unwrap()];
    is_refused(&run("aerolog", bank.name(), &from_files, b""), "schedule");
    let own = bank.run(&from_files);
    assert_eq!(own.status, 0, "{own:?}");
    assert!(processor.stop().success());
}

#[test]
fn a_log_of_the_airline_is_none_of_the_bank() {
    let (schedule, folder) = (Schedule::new("airline-foreign", 2), tempfile::tempdir().unwrap());
    let mut processor = Program::processor(&schedule, &folder.path().join("processor"), "one");
    processor.wait_until_ready();
    let commands = load(0, 1, 3);
    schedule.send(&commands);
    History::wait_for(&schedule, commands.len());
    let sent = records(schedule.name());
    for arguments in [&["audit"][..], &["send", "account/ada", r#"{"Close": {}}"#]] {
        is_refused(&run("bank", schedule.name(), arguments, b""), "bank");
    }
    assert_eq!(records(schedule.name()), sent);
    assert!(processor.stop().success());
}
