//! Fingerprints as text.

use super::*;

#[test]
fn a_fingerprint_is_written_as_sixteen_digits_and_read_back() {
    for (bits, text) in [
        (0, "0000000000000000"),
        (0x0123_4567_89ab_cdef, "0123456789abcdef"),
        (u64::MAX, "ffffffffffffffff"),
    ] {
        assert_eq!(Fingerprint(bits).to_string(), text);
        assert_eq!(text.parse(), Ok(Fingerprint(bits)));
    }
}

#[test]
fn text_in_any_other_form_is_no_fingerprint() {
    for text in [
        "",
        "1",
        "0123456789ABCDEF",
        "+123456789abcdef",
        "0123456789abcdef0",
        "0123456789abcde",
    ] {
        let error = text.parse::<Fingerprint>().unwrap_err();
        assert!(error.contains(text) && error.contains("16 hexadecimal digits"), "{error}");
    }
}
