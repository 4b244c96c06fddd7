//! A cursor leads back to its own list, and nowhere else.

use super::*;

#[test]
fn a_cursor_gives_back_the_key_it_was_made_from() {
    let list = ListMark::new("/rotations", [("airplane", "N475HA")]);
    for key in [&b""[..], b"a", &[0, 255, 7]] {
        assert_eq!(decode(list, &encode(list, key)).as_deref(), Some(key));
    }
}

#[test]
fn a_cursor_of_another_list_is_refused() {
    let list = ListMark::new("/rotations", [("airplane", "N475HA")]);
    let cursor = encode(list, b"key");
    let others = [
        ListMark::new("/airplanes", [("airplane", "N475HA")]),
        ListMark::new("/rotations", [("airplane", "N476HA")]),
        ListMark::new("/rotations", []),
    ];
    for other in others {
        assert_eq!(decode(other, &cursor), None);
    }
}

#[test]
fn text_that_is_no_cursor_is_refused() {
    let list = ListMark::new("/rotations", []);
    let good = encode(list, b"key");
    let wrong_version = format!("ff{}", &good[2..]);
    for text in [
        "",
        "0",
        "zz",
        "01",
        "é1",
        &good[1..],
        &good[..16],
        &wrong_version,
        &"0".repeat(5000),
    ] {
        assert_eq!(decode(list, text), None, "{text:?}");
    }
}

/// A client may hold a cursor while the service is upgraded.
#[test]
fn a_cursor_is_the_same_text_in_every_build() {
    let list = ListMark::new("/rotations", [("airplane", "N475HA")]);
    assert_eq!(encode(list, b"key"), "01e5adc19fe5c38abe6b6579");
}

#[test]
fn a_cursor_has_at_most_1024_characters() {
    let list = ListMark::new("/rotations", []);
    let longest = vec![7; TEXT_MAX / 2 - HEAD_BYTES];
    let text = encode(list, &longest);
    assert_eq!((text.len(), decode(list, &text)), (TEXT_MAX, Some(longest)));
    assert_eq!(decode(list, &encode(list, &[7; TEXT_MAX / 2])), None);
}
