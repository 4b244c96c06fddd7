//! Headers of records.

use super::*;

fn record(headers: &[(&str, Option<&str>)]) -> Record {
    let header = |(name, value): &(&str, Option<&str>)| ((*name).to_owned(), value.map(|value| value.as_bytes().to_vec()));
    Record {
        place: Place {
            topic: Topic::Commands,
            partition: 0,
            offset: 0,
        },
        timestamp_ms: 0,
        key: Some(b"key".to_vec()),
        value: Some(b"value".to_vec()),
        headers: headers.iter().map(header).collect(),
    }
}

#[test]
fn the_last_header_of_a_name_counts() {
    let record = record(&[
        ("Content-Type", Some("a")),
        ("content-type", Some("b")),
        ("CONTENT-TYPE", Some("c")),
        ("type", None),
    ]);
    assert_eq!(record.header("content-type"), Some(b"b".as_slice()));
    assert_eq!(record.header_in_any_case("content-type"), Some(b"c".as_slice()));
    assert_eq!((record.header("type"), record.header_in_any_case("Type")), (None, None));
    assert_eq!(record.header_in_any_case("owner"), None);
}

#[test]
fn an_outcome_says_which_command_of_which_topic_it_answers() {
    let named = record(&[("command", Some("topic/id/17/ab"))]);
    assert_eq!((named.commands_topic(), named.command_offset()), (Some("topic/id"), Some(17)));
    for unnamed in [record(&[]), record(&[("command", Some("17/ab"))]), record(&[("command", None)])] {
        assert_eq!((unnamed.commands_topic(), unnamed.command_offset()), (None, None));
    }
}

#[test]
fn key_and_value_count_as_its_bytes() {
    let mut record = record(&[]);
    assert_eq!(record.bytes(), 8);
    record.key = None;
    assert_eq!(record.bytes(), 5);
    record.value = None;
    assert_eq!(record.bytes(), 0);
}
