//! What was signed is read back.

use super::*;

fn metadata(transactional_id: &str, answered: i64, events: Option<i64>, outcomes: Option<i64>) -> OffsetMetadata {
    OffsetMetadata {
        transactional_id: transactional_id.to_owned(),
        answered,
        last: None,
        torn: Torn { events, outcomes },
    }
}

#[test]
fn what_was_signed_is_read_back() {
    for (text, expected) in [
        ("group-one answered=1204", metadata("group-one", 1204, None, None)),
        ("odd answered=7 name answered=3", metadata("odd answered=7 name", 3, None, None)),
        ("group-one answered=4 torn=311/-", metadata("group-one", 4, Some(311), None)),
        ("group-one answered=4 torn=0/12", metadata("group-one", 4, Some(0), Some(12))),
    ] {
        assert_eq!(OffsetMetadata::read(text), expected);
        assert_eq!(expected.to_string(), text);
    }
}

#[test]
fn the_last_decided_command_is_read_back_with_the_rest() {
    for (text, torn) in [
        ("group-one answered=4 last=a/b/3/00000000000000ff", (None, None)),
        ("group-one answered=4 last=a/b/3/00000000000000ff torn=0/12", (Some(0), Some(12))),
    ] {
        let last = Some(Decided::read("a/b/3/00000000000000ff").unwrap());
        let expected = OffsetMetadata {
            last,
            ..metadata("group-one", 4, torn.0, torn.1)
        };
        assert_eq!(OffsetMetadata::read(text), expected);
        assert_eq!(expected.to_string(), text);
    }
}

#[test]
fn a_name_alone_says_nothing_more_and_a_tool_signs_nothing() {
    for text in ["group-one", "", "group-one answered=many", "group-one torn=1/2"] {
        assert_eq!(OffsetMetadata::read(text), metadata(text, 0, None, None));
    }
}
