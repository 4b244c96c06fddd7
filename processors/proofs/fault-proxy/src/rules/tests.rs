//! Conditions, and the form that rules have in JSON.

use super::*;
use bytes::Bytes;

/// An EndTxn of version 1, as librdkafka sends it.
fn end_txn(client: &str, id: &str, commit: bool) -> Request {
    let mut bytes = vec![0, 26, 0, 1, 0, 0, 0, 5];
    for text in [client, id] {
        bytes.extend_from_slice(&(text.len() as i16).to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 9, 0, 3, u8::from(commit)]);
    Request::parse(Bytes::from(bytes)).unwrap()
}

#[test]
fn all_that_is_asked_for_must_be_met() {
    let request = end_txn("processor-1", "schedule-1", true);
    let met = |when: When| when.is_met(&request, "broker:9092");
    assert!(met(When::any()));
    assert!(met(When::api(ApiKey::END_TXN).client_id("processor").commit(true)));
    assert!(met(When::any().transactional_id("schedule-1").broker("broker:9092")));
    assert!(met(When::any().contains("dule-1").predicate(|request| request.version() == 1)));
    assert!(!met(When::api(ApiKey::PRODUCE)));
    assert!(!met(When::api(ApiKey::END_TXN).commit(false)));
    assert!(!met(When::any().client_id("materializer")));
    assert!(
        !met(When::any().transactional_id("schedule")),
        "an id is compared as a whole: schedule-1 and schedule-10 are two"
    );
    assert!(!met(When::any().broker("broker:9093")));
    assert!(!met(When::any().contains("schedule-2")));
    assert!(!met(When::any().predicate(|request| request.version() == 2)));
}

#[test]
fn rules_have_a_form_in_json_that_comes_back() {
    for text in [
        r#"{"when":{},"fault":"reset"}"#,
        r#"{"when":{"api":"EndTxn","commit":true,"after":2,"times":1},"fault":{"hold":{"client":"waits","release-on":{"api":"Produce"}}}}"#,
        r#"{"when":{"client-id":"a","broker":"b:1"},"fault":{"blackhole":{"direction":"to-client"}}}"#,
        r#"{"when":{"transactional-id":"t","contains":"x"},"fault":{"throttle":{"bytes-per-s":10}}}"#,
        r#"{"when":{"api":"4711"},"fault":{"half-close":{"side":"broker"}}}"#,
        r#"{"when":{},"fault":{"drop-answer":{"client":"reset"}}}"#,
        r#"{"when":{},"fault":{"delay-answer":{"ms":5}}}"#,
    ] {
        let rule: Rule = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&rule).unwrap(), text);
    }
}

#[test]
fn a_rule_with_an_unknown_word_is_an_error_and_not_a_wider_rule() {
    for text in [
        r#"{"when":{"apis":"EndTxn"},"fault":"reset"}"#,
        r#"{"when":{"api":"EndTransaction"},"fault":"reset"}"#,
        r#"{"fault":{"delay":{"ms":1,"s":2}}}"#,
        r#"{"fault":"explode"}"#,
        r#"{"when":{}}"#,
    ] {
        assert!(serde_json::from_str::<Rule>(text).is_err(), "{text}");
    }
}

#[test]
fn only_a_rule_that_names_no_requests_is_about_all_of_a_connection() {
    assert!(When::any().client_id("a").broker("b:1").is_about_connections());
    for when in [
        When::api(ApiKey::FETCH),
        When::any().once(),
        When::any().nth(2),
        When::any().contains("a"),
        When::any().commit(true),
        When::any().predicate(|_| true),
    ] {
        assert!(!when.is_about_connections(), "{when:?}");
    }
}
