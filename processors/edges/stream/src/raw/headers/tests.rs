//! Names and values of any bytes.

use super::*;

#[test]
fn a_name_that_is_no_text_and_a_value_that_is_null_or_empty_are_read_as_they_were_written() {
    let mut headers = NewHeaders::with_capacity(1);
    let written: [(&[u8], Option<&[u8]>); 5] = [
        (b"caf\xe9", Some(b"1")),
        (b"", Some(b"nameless")),
        (b"null", None),
        (b"empty", Some(b"")),
        (b"caf\xe9", Some(&[0xff; 300])),
    ];
    for (name, value) in written {
        headers.push(name, value);
    }
    assert_eq!(headers.read().collect::<Vec<_>>(), written);
}

#[test]
fn the_last_header_of_a_name_counts() {
    let headers = NewHeaders::with_capacity(3)
        .with("type", b"first")
        .with("type", b"last")
        .with("other", b"");
    assert_eq!(headers.read().last("type"), Some(&b"last"[..]));
    assert_eq!(headers.read().last("other"), Some(&b""[..]));
    assert_eq!(headers.read().last("missing"), None);
}

#[test]
fn a_name_with_a_zero_byte_is_written_whole_and_read_up_to_it() {
    let mut headers = NewHeaders::with_capacity(1);
    headers.push(b"a\0b", Some(b"1"));
    assert_eq!(headers.read().collect::<Vec<_>>(), [(&b"a"[..], Some(&b"1"[..]))]);
}
