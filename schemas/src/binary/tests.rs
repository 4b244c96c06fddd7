//! What is written is read again, and no bytes can do harm.

use super::*;
use proptest::prelude::*;

fn long(bytes: &[u8]) -> Result<i64, String> {
    Reader::new(bytes).long().map_err(|problem| problem.to_string())
}

#[test]
fn numbers_are_written_as_avro_says() {
    for (number, bytes) in [
        (0, vec![0]),
        (-1, vec![1]),
        (1, vec![2]),
        (-64, vec![0x7f]),
        (64, vec![0x80, 0x01]),
        (i64::MAX, vec![0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
        (i64::MIN, vec![0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
    ] {
        let mut out = Vec::new();
        put_long(number, &mut out);
        assert_eq!(out, bytes, "{number}");
        assert_eq!(long(&bytes), Ok(number));
    }
}

#[test]
fn a_number_that_does_not_end_is_refused() {
    assert_eq!(long(&[0x80, 0x80]).unwrap_err(), "the value ends before it should");
    assert_eq!(long(&[0xff; 10]).unwrap_err(), "the value has a number of more than 64 bits");
    assert_eq!(long(&[0xff; 11]).unwrap_err(), "the value has a number of more than 64 bits");
}

#[test]
fn a_declared_length_beyond_the_end_is_refused_without_allocating() {
    let mut declared = Vec::new();
    put_long(i64::MAX, &mut declared);
    declared.extend_from_slice(&[2, b'a', 2, b'b']);
    assert_eq!(
        Reader::new(&declared).text().unwrap_err().to_string(),
        "the value ends before it should"
    );
    let list = Reader::new(&declared).list(|reader| reader.text().map(str::to_owned));
    assert_eq!(list.unwrap_err().to_string(), "[2] ends before it should");
}

#[test]
fn items_without_bytes_are_bounded() {
    let mut declared = Vec::new();
    put_long(i64::MAX, &mut declared);
    let mut calls = 0_usize;
    let read = Reader::new(&declared).items(|_, _| {
        calls += 1;
        Ok(())
    });
    assert_eq!(read.unwrap_err().reason, "has more than 10000 items without bytes");
    assert_eq!(calls, ITEMS_WITHOUT_BYTES_MAX + 1);
}

#[test]
fn blocks_that_say_their_size_are_read() {
    // Two blocks: -2 items in 2 bytes, then 1 item; as the Java writer may do it.
    let bytes = [3, 4, 10, 12, 2, 14, 0];
    let list = Reader::new(&bytes).list(Reader::long);
    assert_eq!(list, Ok(vec![5, 6, 7]));
    let least = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0];
    assert!(Reader::new(&least).list(Reader::long).is_err());
}

#[test]
fn what_is_no_frame_is_recognized() {
    let reason = |value: &[u8]| unframe(value).unwrap_err().reason;
    assert_eq!(reason(b""), "is empty");
    assert_eq!(
        reason(&[0, 1]),
        "has 2 bytes, too few for a schema id; an Avro value begins with byte 0 and four bytes of schema id"
    );
    assert_eq!(
        reason(b"{}"),
        "begins with '{' where Avro begins with byte 0; JSON needs the record header content-type: application/json"
    );
    assert_eq!(
        reason(&[9, 9, 9]),
        "begins with byte 9 where an Avro value begins with byte 0 and four bytes of schema id"
    );
    assert_eq!(unframe(&[0, 0, 0, 1, 2, 77]), Ok((258, [77].as_slice())));
}

proptest! {
    #[test]
    fn numbers_and_texts_come_back(number: i64, text: String) {
        let mut out = Vec::new();
        put_long(number, &mut out);
        put_text(&text, &mut out);
        let mut reader = Reader::new(&out);
        prop_assert_eq!(reader.long(), Ok(number));
        prop_assert_eq!(reader.text(), Ok(text.as_str()));
        prop_assert_eq!(reader.end(), Ok(()));
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes: Vec<u8>) {
        let mut reader = Reader::new(&bytes);
        let _ = reader.clone().list(|reader| Ok((reader.int()?, reader.boolean()?)));
        let _ = reader.clone().list(|reader| reader.text().map(str::len));
        while reader.long().is_ok() {}
        prop_assert!(reader.rest.len() <= bytes.len());
    }
}
