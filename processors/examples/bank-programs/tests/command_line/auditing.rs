//! Audits of what the bank's programs have written, and of what was written over it.

use crate::command_line::fixture::{Bank, kcat};

const COMMANDS: [(&str, &str); 5] = [
    ("account/ada", r#"{"Open": {"holder": "Ada"}}"#),
    ("account/ada", r#"{"Deposit": {"cents": 500}}"#),
    ("account/bob", r#"{"Open": {"holder": "Bob"}}"#),
    ("account/bob", r#"{"Withdraw": {"cents": 1}}"#),
    ("account/ada", r#"{"Withdraw": {"cents": 100}}"#),
];

#[test]
fn log_states_and_views_of_the_bank_hold_and_each_is_compared() {
    let (bank, folder) = (Bank::new("audit"), tempfile::tempdir().unwrap());
    let state = folder.path().join("processor");
    let processor = bank.start("bank-processor", &state);
    let materializer = bank.start("bank-materializer", &folder.path().join("materializer"));
    for (aggregate_id, payload) in COMMANDS {
        let sent = bank.run(&["send", aggregate_id, payload]);
        assert!([0, 3].contains(&sent.status), "{sent:?}");
    }
    assert!(processor.stop().success());
    let audit = bank.run(&[
        "audit",
        "--json",
        "--drained",
        "--expect-commands",
        "5",
        "--views",
        &materializer.url(""),
        "--state",
        state.to_str().unwrap(),
    ]);
    assert_eq!(audit.status, 0, "{audit:?}");
    let counts = &audit.json()["counts"];
    for (name, count) in [("commands", 5), ("accepted", 4), ("rejected", 1), ("redecided", 5), ("views", 1)] {
        assert_eq!(counts[name], count, "{name}: {audit:?}");
    }
    assert_eq!(counts["states"], 2, "{audit:?}");

    // The state of another bank.
    let other = Bank::new("audit-other");
    let other_state = folder.path().join("other");
    let processor = other.start("bank-processor", &other_state);
    assert_eq!(other.run(&["send", "account/ada", r#"{"Open": {"holder": "Eve"}}"#]).status, 0);
    assert!(processor.stop().success());
    let differs = bank.run(&["audit", "--json", "--state", other_state.to_str().unwrap()]);
    assert!(differs.status == 5 && differs.out.contains("\"I8\""), "{differs:?}");
}

#[test]
fn an_event_that_no_command_led_to_is_found() {
    let (bank, folder) = (Bank::new("audit-extra"), tempfile::tempdir().unwrap());
    let processor = bank.start("bank-processor", &folder.path().join("processor"));
    for (aggregate_id, payload) in &COMMANDS[..2] {
        assert_eq!(bank.run(&["send", aggregate_id, payload]).status, 0);
    }
    assert!(processor.stop().success());
    let topic = format!("{}.events", bank.name());
    let form = ["-C", "-t", &topic, "-o", "beginning", "-e", "-q", "-f", "%p %s\n"];
    let events = String::from_utf8(kcat(&form, b"")).unwrap();
    let (partition, last) = events.lines().last().unwrap().split_once(' ').unwrap();
    kcat(&["-P", "-t", &topic, "-p", partition, "-k", "account/ada"], last.as_bytes());
    let spoiled = bank.run(&["audit"]);
    assert!(spoiled.status == 5 && spoiled.out.contains("I3 is violated"), "{spoiled:?}");
}
