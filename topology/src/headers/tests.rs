//! Places in text.

use super::*;

#[test]
fn a_place_is_a_partition_and_an_offset() {
    assert_eq!(parse_place("3/41"), Some((3, 41)));
    assert_eq!(parse_place("0/0"), Some((0, 0)));
    assert_eq!(parse_place(&format!("{}/{}", u32::MAX, i64::MAX)), Some((u32::MAX, i64::MAX)));
}

#[test]
fn anything_else_is_no_place() {
    for text in [
        "",
        "/",
        "3",
        "3/",
        "/41",
        "3/41/7",
        "3/-1",
        "-1/3",
        "3/x",
        "x/3",
        " 3/41",
        "3/9223372036854775808",
        "4294967296/0",
    ] {
        assert_eq!(parse_place(text), None, "{text:?}");
    }
}
