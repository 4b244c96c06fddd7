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
