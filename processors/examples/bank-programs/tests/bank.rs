//! The bank on a real broker, which KAFKA_BOOTSTRAP_SERVERS names: from commands on a topic to answers over HTTP.

use bank_example::{Bank, Codec, Command};
use decider::{CommandEnvelope, Outcome, Status};
use end_to_end::{Log, Program};
use serde_json::json;
use std::path::Path;
use uuid::Uuid;

const ADA: &str = "account/ada";

fn start(log: &Log<Bank>, state: &Path) -> (Program, Program) {
    let mut programs = ["bank-processor", "bank-materializer"].map(|name| Program::start_on(name, log.name(), &state.join(name), &[]));
    programs.iter_mut().for_each(Program::wait_until_ready);
    let [processor, materializer] = programs;
    (processor, materializer)
}

fn send(log: &mut Log<Bank>, number: u128, command: Command) -> (Outcome, String) {
    let envelope = CommandEnvelope {
        command_id: Uuid::from_u128(number),
        aggregate_id: ADA.to_owned(),
        expected_version: None,
        issued_by: None,
        command,
    };
    log.send(ADA, envelope.command_id, &Codec::command(&envelope))
}

#[test]
fn an_answer_at_the_position_of_an_outcome_shows_what_the_command_did_over_a_kill_of_both_programs() {
    let (mut log, state) = (Log::<Bank>::new(2), tempfile::tempdir().unwrap());
    let (processor, materializer) = start(&log, state.path());
    send(&mut log, 1, Command::Open { holder: "Ada".to_owned() });
    let (outcome, position) = send(&mut log, 2, Command::Deposit { cents: 500 });
    assert_eq!((outcome.status, outcome.version), (Status::Accepted, 2));
    let ada = |cents: u64| json!({ "id": ADA, "account": { "Open": { "holder": "Ada", "cents": cents } } });
    let account = materializer
        .answer(&format!("/accounts/account%2Fada?at_least={position}"))
        .unwrap();
    assert_eq!((account.status, account.body), (200, ada(500)));
    processor.kill();
    materializer.kill();
    let (processor, materializer) = start(&log, state.path());
    let (refused, _) = send(&mut log, 3, Command::Withdraw { cents: 501 });
    assert_eq!(refused.rejection.unwrap().rule, "balance-below-zero");
    let (_, position) = send(&mut log, 4, Command::Withdraw { cents: 200 });
    let accounts = materializer.answer(&format!("/accounts?at_least={position}")).unwrap();
    assert_eq!(accounts.body, json!({ "accounts": [ada(300)], "next_cursor": null }));
    assert_eq!(materializer.answer("/accounts/bob").unwrap().status, 404);
    assert!(processor.stop().success() && materializer.stop().success());
}
