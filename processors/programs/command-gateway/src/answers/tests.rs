//! Which status an outcome has, and what its answer says.

use super::*;
use decider::{Fingerprint, Rejection, Status};
use serde_json::Value;

fn outcome(rule: Option<&str>) -> Outcome {
    Outcome {
        command_id: Uuid::from_u128(7),
        aggregate_id: "rotation/R1".to_owned(),
        status: if rule.is_some() { Status::Rejected } else { Status::Accepted },
        version: 5,
        sequence: 12,
        event_count: 1,
        command_offset: 40,
        repeated: false,
        fingerprint: Fingerprint::default(),
        clock_ms: 0,
        rejection: rule.map(|rule| Rejection {
            rule: rule.to_owned(),
            message: "because".to_owned(),
            facts: vec![[("leg".to_owned(), "L1".to_owned())].into()],
        }),
    }
}

fn answer(rule: Option<&str>, expected: Expected) -> (u16, Value, Answer) {
    let outcome = outcome(rule);
    let answer = of_decided(&Decided::Outcome { partition: 3, outcome }, expected);
    (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap(), answer)
}

#[test]
fn the_status_follows_from_the_rule_and_from_where_the_version_stood() {
    for (rule, expected, status) in [
        (None, Expected::InCommand, 200),
        (Some("overlap"), Expected::InCommand, 422),
        (Some("command-id-reused"), Expected::InCommand, 422),
        (Some("expected-version"), Expected::InCommand, 409),
        (Some("expected-version"), Expected::InHeader, 412),
        (Some("overlap"), Expected::InHeader, 422),
    ] {
        assert_eq!(answer(rule, expected).0, status, "{rule:?}");
    }
}

#[test]
fn every_answer_says_where_the_view_has_to_be_and_which_version_there_is() {
    for rule in [None, Some("overlap"), Some("expected-version")] {
        let (_, _, answer) = answer(rule, Expected::InCommand);
        assert_eq!(answer.header(&X_POSITION).unwrap(), "3:12");
        assert_eq!(answer.header(&header::ETAG).unwrap(), "\"5\"");
    }
}

#[test]
fn a_rejection_says_rule_message_and_facts() {
    let (_, document, _) = answer(Some("overlap"), Expected::InCommand);
    assert_eq!(document["type"], "urn:aerolog:problem:rejected");
    assert_eq!((&document["rule"], &document["detail"]), (&json!("overlap"), &json!("because")));
    assert_eq!(document["facts"], json!([{ "leg": "L1" }]));
    assert_eq!(document["outcome"]["command_id"], Uuid::from_u128(7).to_string());
}

#[test]
fn a_pending_command_says_where_its_outcome_can_be_asked_for() {
    let command = Sent {
        command_id: Uuid::from_u128(7),
        aggregate_id: "rotation/R1".to_owned(),
    };
    let answer = pending(&command, Place { partition: 3, offset: 40 });
    assert_eq!(answer.status().as_u16(), 202);
    let location = "/commands/00000000-0000-0000-0000-000000000007?aggregate_id=rotation%2FR1";
    assert_eq!(answer.header(&header::LOCATION).unwrap(), location);
}
