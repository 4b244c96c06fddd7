//! Primitive types at their limits.

use super::*;

#[test]
fn compact_strings_of_every_length_come_back() {
    for length in [0, 1, 126, 127, 128, 16_383, 16_384] {
        let text = "a".repeat(length);
        for flexible in [false, true] {
            let mut out = Vec::new();
            put_string(&mut out, &text, flexible);
            let mut cursor = Cursor::new(&out, 0, flexible);
            assert_eq!(cursor.string().unwrap(), Some(text.as_str()));
            assert_eq!(cursor.at(), out.len());
        }
    }
}

#[test]
fn null_is_no_string_and_no_elements() {
    assert_eq!(Cursor::new(&[0xff, 0xff], 0, false).string().unwrap(), None);
    assert_eq!(Cursor::new(&[0], 0, true).string().unwrap(), None);
    assert_eq!(Cursor::new(&[0xff, 0xff, 0xff, 0xff], 0, false).count().unwrap(), 0);
    assert_eq!(Cursor::new(&[0], 0, true).count().unwrap(), 0);
}

#[test]
fn bytes_that_end_too_early_or_run_over_are_malformed() {
    assert!(Cursor::new(&[0, 4, b'a'], 0, false).string().is_err());
    assert!(Cursor::new(&[0xff, 0xfe], 0, false).string().is_err(), "a length of -2");
    assert!(Cursor::new(&[0xff; 6], 0, true).count().is_err(), "a varint of six bytes");
    assert!(
        Cursor::new(&[0xff, 0xff, 0xff, 0xff, 0x7f], 0, true).count().is_err(),
        "more than 32 bits"
    );
    assert!(Cursor::new(&[0, 0], 0, true).skip(usize::MAX).is_err());
}

#[test]
fn tagged_fields_are_stepped_over() {
    // Two: tag 0 with three bytes, tag 5 with none.
    let mut cursor = Cursor::new(&[2, 0, 3, 9, 9, 9, 5, 0, 77], 0, true);
    cursor.tagged_fields().unwrap();
    assert_eq!(cursor.int8().unwrap(), 77);
}

#[test]
fn a_splice_changes_its_ranges_and_nothing_else() {
    let mut splice = Splice::new(b"one two three");
    splice.replace(0..3, b"1");
    splice.replace(8..8, b"and ");
    assert_eq!(splice.finish(), b"1 two and three");
}
