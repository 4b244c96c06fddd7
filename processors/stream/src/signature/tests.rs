//! What was signed is read back.

use super::*;

#[test]
fn what_was_signed_is_read_back() {
    assert_eq!(read(&sign("group-one", 1204)), ("group-one", 1204));
    assert_eq!(read(&sign("odd answered=7 name", 3)), ("odd answered=7 name", 3));
}

#[test]
fn a_name_alone_says_nothing_of_outcomes_and_a_tool_signs_nothing() {
    assert_eq!(read("group-one"), ("group-one", 0));
    assert_eq!(read(""), ("", 0));
    assert_eq!(read("group-one answered=many"), ("group-one answered=many", 0));
}
