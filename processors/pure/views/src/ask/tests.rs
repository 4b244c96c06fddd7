//! Windows of time, and cursors that are none.

use super::*;
use keyvalue::{Memory, Mutation};

fn key(number: usize) -> Vec<u8> {
    u32::try_from(number).unwrap().to_be_bytes().to_vec()
}

fn numbers(count: usize) -> Memory {
    let mut memory = Memory::default();
    let puts: Vec<Mutation> = (0..count)
        .map(|number| Mutation::Put {
            key: key(number),
            value: Vec::new(),
        })
        .collect();
    memory.apply(&puts);
    memory
}

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
    for cursor in [&[][..], &[1], &[0xFF; 8], &[0; 9], &[0xFF; 99]] {
        let span = Span {
            after: Some(cursor),
            limit: 3,
        };
        assert!(board(&numbers(3), code, Time::default(), span).unwrap().items.is_empty());
    }
}
