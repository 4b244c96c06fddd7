//! What is read of a dead letter, and what is sent again of it.

use super::*;

fn header(name: &str, value: &str) -> (String, Option<Vec<u8>>) {
    (name.to_owned(), Some(value.as_bytes().to_vec()))
}

/// As a processor writes it, of a record with these headers.
pub(in crate::dead_letters) fn letter(place: (u32, i64), timestamp_ms: i64, key: Option<&str>, sent: Headers, cut: &str) -> Letter {
    let value = b"{\"aggregate_id\": \"moon/base\"}".to_vec();
    let mut headers = sent;
    let count = headers.len().to_string();
    headers.extend([
        header("topic", "schedule.commands"),
        header("partition", "4"),
        header("offset", "17"),
        header("value-bytes", &value.len().to_string()),
        header("header-count", &count),
        header("cut", cut),
        header("reason", "aggregate_id is no aggregate"),
        header("command-id", "6f1d3a52-94c8-4e0b-9a57-0c4b8f62d1e3"),
        header("type", "RemoveRotation"),
        header("status", "dead-letter"),
    ]);
    let found = Found {
        offset: place.1,
        timestamp_ms,
        key: key.map(|key| key.as_bytes().to_vec()),
        value: Some(value),
        headers,
        committed: true,
    };
    Letter::read(place.0, found)
}

/// A sender's own headers of the names that the processor uses.
fn confusing() -> Headers {
    vec![
        header("content-type", "application/json"),
        header("topic", "theirs"),
        header("header-count", "99"),
        header("forwarded-from", "0/0"),
        ("null".to_owned(), None),
        header("redriven-from", "0/1"),
    ]
}

#[test]
fn the_record_is_separate_from_what_the_processor_says_of_it() {
    let letter = letter((1, 5), 0, Some("moon/base"), confusing(), "nothing");
    assert_eq!(letter.sent, confusing());
    assert_eq!(letter.obstacle(), None);
    expect_json(&letter);
    let again = letter.headers_again();
    let mut expected = confusing();
    expected.retain(|(name, _)| name != "forwarded-from" && name != "redriven-from");
    expected.push(header("redriven-from", "1/5"));
    assert_eq!(again, expected);
}

fn expect_json(letter: &Letter) {
    let expected = json!({
        "letter": "1/5", "found_at": "schedule.commands 4/17", "key": "moon/base", "command_id": "6f1d3a52-94c8-4e0b-9a57-0c4b8f62d1e3",
        "type": "RemoveRotation", "reason": "aggregate_id is no aggregate",
    });
    assert_eq!(letter.summary(), expected);
    assert_eq!(letter.whole()["value"], json!({"aggregate_id": "moon/base"}));
}

#[test]
fn what_cannot_be_sent_as_it_was_says_why() {
    let cut = letter(
        (0, 0),
        0,
        Some("k"),
        Vec::new(),
        "the value after 10 of 20 bytes; the whole record is kept",
    );
    assert!(cut.obstacle().unwrap().contains("the value after 10"));
    let no_key = letter((0, 0), 0, None, Vec::new(), "nothing");
    assert!(no_key.obstacle().unwrap().contains("no key"));
    let mut other = letter((0, 0), 0, Some("k"), Vec::new(), "nothing");
    other.value = Some(b"x".to_vec());
    assert!(other.obstacle().unwrap().contains("not the one"));
    let foreign = Letter::read(
        0,
        Found {
            offset: 0,
            timestamp_ms: 0,
            key: None,
            value: None,
            headers: vec![header("x", "y")],
            committed: true,
        },
    );
    assert_eq!((foreign.sent.len(), foreign.said.len()), (1, 0));
    assert!(foreign.obstacle().unwrap().contains("no dead letter of a command"));
}

#[test]
fn a_place_is_a_partition_and_an_offset() {
    assert_eq!(place("3/17"), Ok((3, 17)));
    for wrong in ["3", "3/", "/3", "a/b", "3/1/2", "-1/2"] {
        assert!(place(wrong).unwrap_err().contains("0/17"), "{wrong}");
    }
}
