//! Windows of time, and bytes that are no cursor.

use super::*;
use keyvalue::{Memory, Mutation};

#[test]
fn a_window_holds_its_beginning_and_not_its_end() {
    let time = Time {
        from: Some(Instant(10)),
        to: Some(Instant(20)),
    };
    let held: Vec<i64> = (8..23).filter(|instant| time.holds(Instant(*instant))).collect();
    assert_eq!(held, (10..20).collect::<Vec<_>>());
    assert!(Time::default().holds(Instant(i64::MIN)) && Time::default().holds(Instant(i64::MAX)));
}

#[test]
fn bytes_that_are_no_cursor_of_a_board_are_no_damage_of_the_view() {
    let code = AirportCode::parse("HNL").unwrap();
    let mut elsewhere = Memory::default();
    elsewhere.apply(&[Mutation::Put {
        key: vec![0; 4],
        value: Vec::new(),
    }]);
    for cursor in [&[][..], &[1], &[0xFF; 8], &[0; 9], &[0xFF; 99]] {
        let span = Span {
            after: Some(cursor),
            limit: 3,
        };
        assert!(board(&elsewhere, code, Time::default(), span).unwrap().items.is_empty());
    }
}
