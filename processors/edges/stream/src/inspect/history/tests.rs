//! Records of a group's history of offsets, as the broker keeps them.

use super::{committed_in, partition_in, place_of};

fn text(text: &str) -> Vec<u8> {
    let mut bytes = i16::try_from(text.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

#[test]
fn a_group_lies_where_the_brokers_put_it() {
    // "console-consumer".hashCode() and "".hashCode() of Java.
    assert_eq!(place_of("", 50), 0);
    assert_eq!(place_of("a", 50), 97 % 50);
    assert_eq!(place_of("ab", 50), (97 * 31 + 98) % 50);
    // Its hash is the least number, which has no absolute value.
    assert_eq!(place_of("polygenelubricants", 50), 0);
}

#[test]
fn keys_of_other_groups_topics_and_kinds_are_left_out() {
    let key =
        |version: i16, group: &str, topic: &str| [&version.to_be_bytes()[..], &text(group), &text(topic), &7_i32.to_be_bytes()].concat();
    assert_eq!(partition_in(&key(1, "g", "t"), "g", "t"), Some(7));
    assert_eq!(partition_in(&key(1, "g", "u"), "g", "t"), None);
    assert_eq!(partition_in(&key(1, "h", "t"), "g", "t"), None);
    assert_eq!(partition_in(&key(2, "g", "t"), "g", "t"), None);
    assert_eq!(partition_in(&key(1, "g", "t")[..5], "g", "t"), None);
}

#[test]
fn every_form_of_an_offset_is_read_and_an_unknown_one_is_none() {
    let offset = 42_i64.to_be_bytes();
    let form = |version: i16, rest: &[&[u8]]| [&version.to_be_bytes()[..], &offset, &rest.concat()].concat();
    let found = Some((42, "owner".to_owned()));
    assert_eq!(committed_in(&form(0, &[&text("owner"), &[0; 8]])), found);
    assert_eq!(committed_in(&form(1, &[&text("owner"), &[0; 16]])), found);
    assert_eq!(committed_in(&form(3, &[&[0; 4], &text("owner"), &[0; 8]])), found);
    assert_eq!(committed_in(&form(4, &[&[0; 4], &[6], b"owner", &[0; 9]])), found);
    assert_eq!(committed_in(&form(5, &[&[0; 4], &[6], b"owner", &[0; 9]])), None);
}
