//! What is written is read, and nothing else is.

use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn numbers_and_texts_come_back_as_they_were(number: u64, signed: i64, text: String) {
        let mut out = Vec::new();
        put_number(&mut out, number);
        put_signed(&mut out, signed);
        put_text(&mut out, &text);
        let mut bytes = Bytes::new(&out);
        prop_assert_eq!(bytes.number().unwrap(), number);
        prop_assert_eq!(bytes.signed().unwrap(), signed);
        prop_assert_eq!(bytes.text().unwrap(), text);
        prop_assert!(bytes.take(1).is_err());
    }

    #[test]
    fn no_bytes_make_the_reader_panic(noise: Vec<u8>) {
        let _number = Bytes::new(&noise).number();
        let _text = Bytes::new(&noise).text();
        let _key = Bytes::new(&noise).terminated();
    }
}

#[test]
fn instants_and_dates_that_no_calendar_shows_are_damage() {
    let (first, last) = (Timestamp::MIN.as_second() * 1000, Timestamp::MAX.as_second() * 1000);
    let signed = |number| {
        let mut out = Vec::new();
        put_signed(&mut out, number);
        out
    };
    for milliseconds in [first, 0, last] {
        assert_eq!(Bytes::new(&signed(milliseconds)).instant(), Ok(Instant(milliseconds)));
        assert_eq!(
            Bytes::new(&signed(milliseconds)).instant_after(Instant(0)),
            Ok(Instant(milliseconds))
        );
    }
    for milliseconds in [i64::MIN, first - 1000, last + 1000, i64::MAX] {
        assert!(Bytes::new(&signed(milliseconds)).instant().is_err(), "{milliseconds}");
        assert!(
            Bytes::new(&signed(milliseconds)).instant_after(Instant(0)).is_err(),
            "{milliseconds}"
        );
    }
    assert!(Bytes::new(&signed(1000)).instant_after(Instant(last)).is_err());
    assert_eq!(Bytes::new(&signed(-1)).date(), Ok(-1));
    for days in [i64::MIN, i64::from(i32::MIN), 3_000_000, 1 << 32, i64::MAX] {
        assert!(Bytes::new(&signed(days)).date().is_err(), "{days}");
    }
}
