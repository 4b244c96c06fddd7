//! What a client and an operator may write, and what of it goes into names.

use super::*;

fn read(text: &str) -> AsOf {
    AsOf::read(text).unwrap()
}

#[test]
fn a_time_is_the_same_however_it_is_written() {
    assert_eq!(read("2026-03-01T12:00:00Z"), read("2026-03-01T13:00:00+01:00"));
    assert_eq!(read("2026-03-01T12:00:00Z").to_string(), "2026-03-01T12:00:00.000Z");
    for text in ["", "now", "2026-03-01", "0:1,", "1", "2026-13-01T00:00:00Z"] {
        assert_eq!(AsOf::read(text), Err(EXPECTED), "{text:?}");
    }
}

#[test]
fn a_label_can_stand_in_a_path_and_in_the_name_of_a_directory() {
    assert_eq!(read("2026-03-01T12:00:00Z").label(), "2026-03-01T120000.000Z");
    assert_eq!(read("0:12,1:7").label(), "0.12_1.7");
    assert_ne!(read("0:12,1:7").label(), read("0:1,1:27").label());
    let long = Position::new((0..100).map(|partition| (partition, 1_000_000)));
    assert_eq!(AsOf::Position(long).label().len(), 16);
}

#[test]
fn what_comes_after_a_place_is_not_before_it() {
    let time = read("1970-01-01T00:00:01Z");
    assert!(!time.is_before(0, 99, 1000) && time.is_before(0, 1, 1001));
    let position = read("0:12,1:0");
    assert!(!position.is_before(0, 12, i64::MAX) && position.is_before(0, 13, 0));
    assert!(position.is_before(1, 1, 0) && position.is_before(2, 1, 0));
}
