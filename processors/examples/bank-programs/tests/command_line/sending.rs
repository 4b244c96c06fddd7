//! Commands, their outcomes, and what is on the topics.

use crate::command_line::fixture::{Bank, OpenTransaction};
use serde_json::Value;

const ADA: &str = "account/ada";

#[test]
fn a_command_is_answered_by_its_outcome_and_a_rejection_by_its_rule_and_facts() {
    let (bank, folder) = (Bank::new("sending"), tempfile::tempdir().unwrap());
    let processor = bank.start("bank-processor", &folder.path().join("processor"));
    let opened = bank.run(&["send", ADA, r#"{"Open": {"holder": "Ada"}}"#]);
    assert_eq!(opened.status, 0, "{opened:?}");
    assert_eq!(
        (&opened.json()["status"], &opened.json()["version"]),
        (&"accepted".into(), &1.into())
    );
    let deposit = r#"{"aggregate_id": "account/ada", "expected_version": 1, "payload": {"Deposit": {"cents": 500}}}"#;
    let deposited = bank.run_with_input(&["send", "--json"], deposit.as_bytes());
    assert_eq!(deposited.status, 0, "{deposited:?}");

    let refused = bank.run(&["send", ADA, r#"{"Withdraw": {"cents": 501}}"#]);
    assert_eq!(refused.status, 3, "{refused:?}");
    let rejection = &refused.json()["rejection"];
    assert_eq!(rejection["rule"], "balance-below-zero");
    assert_eq!(rejection["facts"], serde_json::json!([{ "balance": "500" }]));

    let id = opened.json()["command_id"].as_str().unwrap().to_owned();
    let shown = bank.run(&["outcomes", &id]);
    assert!(shown.status == 0 && shown.json()["command_id"] == id, "{shown:?}");
    let unread = bank.run(&["send", ADA, r#"{"Rob": {}}"#]);
    assert!(unread.status == 1 && unread.err.contains("bank: this is no command"), "{unread:?}");
    let letters = bank.run(&["dead-letters", "list"]);
    assert!(letters.status == 0 && letters.json()["key"] == ADA, "{letters:?}");
    assert!(processor.stop().success());

    let decoded = bank.run_with_input(&["decode"], &bank.values("events"));
    let events: Vec<Value> = decoded.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(decoded.status == 0 && events.len() == 2, "{decoded:?}");
    assert!(events.iter().all(|event| event["aggregate_id"] == ADA), "{events:?}");
}

#[test]
fn what_needs_no_broker_speaks_of_the_bank() {
    let bank = Bank::new("describing");
    let described = bank.run(&["describe", "--form", "async-api"]);
    assert!(
        described.status == 0 && described.out.contains("the application bank"),
        "{described:?}"
    );
    let schemas = bank.run(&["schemas", "apply", "--registry", "http://127.0.0.1:1"]);
    assert!(schemas.status == 0 && schemas.out.contains("needs no registry"), "{schemas:?}");
    let waited = bank.run(&["wait", "--registry", "http://127.0.0.1:1", "--timeout", "30"]);
    assert_eq!(waited.status, 0, "{waited:?}");
    let half = bank.run(&["send", ADA]);
    assert_eq!(half.status, 2, "{half:?}");
    let torn = bank.run(&["send", ADA, "{"]);
    assert!(torn.status == 1 && torn.err.contains("the payload"), "{torn:?}");
}

#[test]
fn a_transaction_that_stays_open_in_the_outcomes_holds_no_command_up() {
    let bank = Bank::new("open-transaction");
    let _open = OpenTransaction::begin(&format!("{}.outcomes", bank.name()));
    let sent = bank.run(&["send", "--no-wait", ADA, r#"{"Open": {"holder": "Ada"}}"#]);
    assert!(sent.status == 0 && sent.json()["status"] == "sent", "{sent:?}");
}
