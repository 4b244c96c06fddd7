//! What is made of JSON, before anything is sent.

use super::*;

#[test]
fn json_gets_an_id_where_it_has_none_and_keeps_the_one_that_it_has() {
    let text = r#"{"aggregate_id": "account/a", "payload": {"Open": {}}}"#;
    let made = from_json(text.as_bytes(), None).unwrap();
    assert_eq!((made.aggregate_id.as_str(), made.type_name.as_str()), ("account/a", "Open"));
    assert!(String::from_utf8(made.value).unwrap().contains(&made.command_id.to_string()));
    let id = "6f1d3a52-94c8-4e0b-9a57-0c4b8f62d1e3";
    let text = format!(r#"{{"command_id": "{id}", "aggregate_id": "account/a"}}"#);
    assert_eq!(from_json(text.as_bytes(), None).unwrap().command_id.to_string(), id);
}

#[test]
fn json_that_cannot_be_sent_says_why() {
    for (text, reason) in [
        ("nonsense", "not JSON"),
        ("", "not JSON"),
        ("{\"aggregate_id\": \"account/a\"} x", "trailing characters"),
        ("\u{feff}{}", "byte order mark"),
        ("[]", "not a JSON object"),
        ("{}", "aggregate_id is missing"),
        (r#"{"command_id": 1}"#, "not a UUID"),
    ] {
        let error = format!("{:#}", from_json(text.as_bytes(), None).err().unwrap());
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn a_command_without_an_outcome_in_time_says_where_it_lies() {
    let place = Place { partition: 3, offset: 14 };
    let text = late(Uuid::from_u128(7), Some(place), Duration::from_secs(2));
    assert!(
        text.contains("within 2 s. It is written to partition 3 at offset 14") && text.contains("/health/ready"),
        "{text}"
    );
    let text = late(Uuid::from_u128(7), None, Duration::from_secs(2));
    assert!(text.contains("not known whether it was written"), "{text}");
}

#[test]
fn a_doubled_key_is_refused_before_anything_is_sent() {
    for text in [
        r#"{"aggregate_id": "account/a", "payload": {"Open": {}}, "payload": {"Close": {}}}"#,
        r#"{"aggregate_id": "account/a", "payload": {"Close": {}, "Close": {}}}"#,
        r#"{"aggregate_id": "account/a", "payload": {"Deposit": {"parts": [{"id": "p1", "id": "p2"}]}}}"#,
        r#"{"aggregate_id": "account/a", "aggregate_id": "account/b", "payload": {"Close": {}}}"#,
    ] {
        let error = format!("{:#}", from_json(text.as_bytes(), None).err().unwrap());
        assert!(error.contains("occurs twice"), "{error}");
    }
}

#[test]
fn an_id_in_the_json_is_not_replaced_by_the_one_of_the_flag() {
    let id = "6f1d3a52-94c8-4e0b-9a57-0c4b8f62d1e3";
    let text = format!(r#"{{"command_id": "{id}", "aggregate_id": "account/a"}}"#);
    let error = from_json(text.as_bytes(), Some(Uuid::from_u128(7))).err().unwrap();
    let error = format!("{error:#}");
    assert!(error.contains("give one of them"), "{error}");
}

#[test]
fn an_input_without_an_end_is_refused() {
    let error = from_json(std::io::repeat(b' '), None).unwrap_err();
    assert!(error.to_string().contains("more than 1048576 bytes"), "{error}");
}
