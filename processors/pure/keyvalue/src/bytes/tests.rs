//! What is written is read again, and no bytes can do harm.

use super::*;
use proptest::prelude::*;

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
        put_signed(number, &mut out);
        assert_eq!(out, bytes, "{number}");
        assert_eq!(take_signed(&mut bytes.as_slice()), Ok(number));
    }
}

#[test]
fn a_number_that_does_not_end_is_refused() {
    assert_eq!(take_number(&mut [0x80, 0x80].as_slice()), Err(Malformed::EndsEarly));
    assert_eq!(take_number(&mut [0xff; 9].as_slice()), Err(Malformed::EndsEarly));
    assert_eq!(take_number(&mut [0xff; 10].as_slice()), Err(Malformed::TooLong));
    assert_eq!(take_number(&mut [0xff; 11].as_slice()), Err(Malformed::TooLong));
    let two_to_the_64th = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02];
    assert_eq!(take_number(&mut two_to_the_64th.as_slice()), Err(Malformed::TooLong));
}

#[test]
fn what_cannot_be_taken_leaves_the_bytes_as_they_were() {
    let mut bytes = [0xc3, 0x28].as_slice();
    assert_eq!(take(&mut bytes, 3), Err(Malformed::EndsEarly));
    assert_eq!(bytes.len(), 2);
    assert!(matches!(take_text(&mut bytes, 2), Err(Malformed::NotText(_))));
}

proptest! {
    #[test]
    fn numbers_and_texts_come_back(number: u64, signed: i64, text: String) {
        let mut out = Vec::new();
        put_number(number, &mut out);
        put_signed(signed, &mut out);
        out.extend_from_slice(text.as_bytes());
        let mut bytes = out.as_slice();
        prop_assert_eq!(take_number(&mut bytes), Ok(number));
        prop_assert_eq!(take_signed(&mut bytes), Ok(signed));
        prop_assert_eq!(take_text(&mut bytes, text.len()), Ok(text.as_str()));
        prop_assert!(bytes.is_empty());
    }
}
