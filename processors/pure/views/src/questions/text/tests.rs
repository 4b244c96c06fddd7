//! Texts that fit and texts that do not.

use super::*;

#[test]
fn a_value_is_written_as_its_text_however_long_that_is() {
    for length in [0, 1, 63, 64, 65, 66, 200] {
        let text = "é\"".repeat(length);
        for text in [&text, &text[..text.len() / 3 * 3], &"a".repeat(length)] {
            assert_eq!(serde_json::to_string(&Text(text)).unwrap(), serde_json::to_string(text).unwrap());
        }
    }
}

#[test]
fn a_text_in_pieces_is_one_text() {
    for pieces in [1, 12, 13, 40] {
        let numbers: Vec<usize> = (1..=pieces).collect();
        let text = Text(format_args!("{numbers:?}")).0.to_string();
        assert_eq!(
            serde_json::to_string(&Text(format_args!("{numbers:?}"))).unwrap(),
            serde_json::to_string(&text).unwrap()
        );
    }
}
