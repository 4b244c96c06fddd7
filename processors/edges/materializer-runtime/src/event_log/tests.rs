//! In which order events are read.

use super::*;

fn at(partition: u32, sequence: u64, offset: i64) -> EventPlace {
    EventPlace {
        partition,
        sequence,
        offset,
    }
}

#[test]
fn events_that_lie_close_together_are_one_run_and_later_runs_come_first() {
    let places = [
        at(0, 300, 900),
        at(0, 299, 899),
        at(0, 2, 5),
        at(0, 1, 4),
        at(1, 400, 6),
        at(0, 300, 900),
    ];
    let expected = vec![
        vec![at(1, 400, 6)],
        vec![at(0, 299, 899), at(0, 300, 900)],
        vec![at(0, 1, 4), at(0, 2, 5)],
    ];
    assert_eq!(runs(&places), expected);
    assert_eq!(runs(&[]), Vec::<Vec<EventPlace>>::new());
}
