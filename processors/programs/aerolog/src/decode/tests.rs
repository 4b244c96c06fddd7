//! The framing that kcat writes.

use super::*;

#[test]
fn values_are_read_by_their_lengths_until_the_input_ends() {
    let mut input: &[u8] = &[0, 0, 0, 2, b'a', b'b', 255, 255, 255, 255, 0, 0, 0, 1, b'c'];
    assert_eq!(next_value(&mut input).unwrap().unwrap(), b"ab");
    assert_eq!(next_value(&mut input).unwrap().unwrap(), b"", "a null");
    assert_eq!(next_value(&mut input).unwrap().unwrap(), b"c");
    assert!(next_value(&mut input).unwrap().is_none());
}

#[test]
fn input_that_is_not_framed_says_what_was_expected() {
    let mut text: &[u8] = b"{\"this\": \"is text\"}";
    assert!(next_value(&mut text).unwrap_err().to_string().contains("%R%s"));
    let mut cut: &[u8] = &[0, 0, 0, 9, 1, 2];
    assert!(next_value(&mut cut).unwrap_err().to_string().contains("ends within"));
}
