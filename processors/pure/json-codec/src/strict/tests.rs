//! Texts that look like JSON, or that a lenient reader would take for something else.

use super::*;
use proptest::prelude::*;

#[track_caller]
fn refused(bytes: &[u8], reason: &str) {
    let said = parse(bytes).unwrap_err();
    assert!(said.contains(reason), "{said} of {:?}", String::from_utf8_lossy(bytes));
}

#[test]
fn a_key_that_occurs_twice_is_refused_wherever_it_stands() {
    let doubled = r#"{"a": 1, "a": 1}"#;
    let mut text = doubled.to_owned();
    for _level in 0..20 {
        refused(text.as_bytes(), r#"the key "a" occurs twice"#);
        text = format!(r#"{{"x": [null, {text}], "y": 1}}"#);
    }
    // The same key, written otherwise.
    refused(br#"{"payload": {}, "p\u0061yload": {}}"#, r#"the key "payload" occurs twice"#);
    assert!(parse(br#"{"a": {"a": {"a": 1}}, "b": [{"a": 1}, {"a": 2}]}"#).is_ok());
}

#[test]
fn what_is_not_json_is_refused_with_its_place() {
    for (text, reason) in [
        ("", "EOF"),
        ("{} {}", "trailing characters"),
        ("{}\0", "trailing characters"),
        (r#"{"a": NaN}"#, "expected value"),
        (r#"{"a": Infinity}"#, "expected value"),
        (r#"{"a": 1e400}"#, "number out of range"),
        (r#"{"a": 01}"#, "invalid number"),
        (r#"{"a": 1.}"#, "invalid number"),
        (r#"{"a": +1}"#, "expected value"),
        (r#"{"a": 0x10}"#, "expected `,` or `}`"),
        (r#"{"a": 1,}"#, "trailing comma"),
        (r#"{a: 1}"#, "key must be a string"),
        (r"{'a': 1}", "key must be a string"),
        ("{\"a\": \"\n\"}", "control character"),
        (r#"{"a": "\ud800"}"#, "at line 1 column"),
        (r#"{"a": "\udc00"}"#, "at line 1 column"),
        (r#"{"a": "\ud800\u0041"}"#, "at line 1 column"),
        (r#"{"a": "\x41"}"#, "invalid escape"),
        ("// comment\n{}", "expected value"),
    ] {
        refused(text.as_bytes(), reason);
    }
}

#[test]
fn every_kind_of_value_is_read_as_it_is() {
    let text =
        r#"{"null":null,"yes":true,"no":false,"below":-7,"above":18446744073709551615,"half":0.5,"text":"a","list":[1,[]],"map":{}}"#;
    let lenient: Value = serde_json::from_str(text).unwrap();
    assert_eq!(parse(text.as_bytes()), Ok(lenient));
}

#[test]
fn deep_nesting_is_refused_and_does_not_end_the_process() {
    for depth in [200, 100_000] {
        refused("[".repeat(depth).as_bytes(), "recursion limit");
        refused(r#"{"a":"#.repeat(depth).as_bytes(), "recursion limit");
    }
}

#[test]
fn other_encodings_are_refused_by_their_name() {
    refused(b"\xEF\xBB\xBF{}", "the byte order mark of UTF-8");
    refused(b"\xFF\xFE{\0}\0", "the byte order mark of UTF-16");
    refused(b"\xFE\xFF\0{\0}", "the byte order mark of UTF-16");
    refused(b"{\"a\": \"\xE9\"}", "not UTF-8 from byte 8 on");
    refused(b"{\"a\": \"\xED\xA0\x80\"}", "not UTF-8 from byte 8 on");
}

#[test]
fn a_number_beyond_64_bits_is_read_as_it_was_written() {
    let once = parse(b"900000000000000000000000000000000000000000002E0").unwrap();
    assert_eq!(parse(once.to_string().as_bytes()), Ok(once));
}

proptest! {
    /// Within the last binary digit is not enough: an event with such a number would be another one after each take-over.
    #[test]
    fn a_float_is_read_to_its_last_digit(bits: u64) {
        let number = f64::from_bits(bits);
        prop_assume!(number.is_finite());
        let read = parse(serde_json::to_string(&number).unwrap().as_bytes()).unwrap();
        prop_assert_eq!(read.as_f64().map(f64::to_bits), Some(bits));
    }
}
