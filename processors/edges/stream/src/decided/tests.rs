//! What was written is read back, and records are distinguished.

use super::*;

fn decided(topic_id: &str, offset: i64, fingerprint: Option<u64>) -> Decided {
    Decided {
        topic_id: topic_id.to_owned(),
        offset,
        fingerprint,
    }
}

#[test]
fn what_was_decided_last_is_read_back() {
    for (text, expected) in [
        ("7Kb3xw/41/00000000000000ff", decided("7Kb3xw", 41, Some(255))),
        ("a/b+c==/0/ffffffffffffffff", decided("a/b+c==", 0, Some(u64::MAX))),
        ("7Kb3xw/-1/-", decided("7Kb3xw", -1, None)),
    ] {
        assert_eq!(Decided::read(text), Some(expected.clone()));
        assert_eq!(expected.to_string(), text);
    }
    for text in ["", "7Kb3xw", "7Kb3xw/41", "7Kb3xw/many/ff", "7Kb3xw/41/none"] {
        assert_eq!(Decided::read(text), None, "{text}");
    }
}

#[test]
fn a_record_that_differs_in_anything_has_another_fingerprint() {
    let of =
        |timestamp_ms, key: Option<&str>, value: Option<&str>| fingerprint(timestamp_ms, key.map(str::as_bytes), value.map(str::as_bytes));
    let all = [
        of(1, Some("key"), Some("value")),
        of(2, Some("key"), Some("value")),
        of(1, Some("keyv"), Some("alue")),
        of(1, None, Some("value")),
        of(1, Some(""), Some("value")),
        of(1, Some("key"), None),
        of(1, Some("key"), Some("")),
    ];
    for (index, one) in all.iter().enumerate() {
        assert!(!all[index + 1..].contains(one), "{index}");
    }
    assert_eq!(all[0], of(1, Some("key"), Some("value")));
}

/// It is kept on disk and in Kafka.
#[test]
fn the_fingerprint_of_a_record_is_the_same_in_every_version() {
    assert_eq!(fingerprint(1, Some(b"key"), Some(b"value")), EXPECTED);
}

const EXPECTED: u64 = 13_781_691_526_415_600_677;
