//! The wait between two transactions: after an end only, longer after a refusal, shorter after none, within bounds.

use super::*;
use crate::clock;

const REFUSED: Duration = Duration::from_millis(80);

#[test]
fn the_first_transaction_does_not_wait_and_the_next_one_only_for_what_is_left() {
    let mut settling = Settling::new(REFUSED);
    let now = clock::now();
    assert_eq!(settling.left(now), Duration::ZERO);
    settling.ended(now, Duration::ZERO);
    let wait = settling.left(now);
    assert!(wait > Duration::from_millis(2) && wait <= WAIT_FIRST, "{wait:?}");
    assert_eq!(settling.left(now + Duration::from_millis(1)), wait - Duration::from_millis(1));
    assert_eq!(settling.left(now + WAIT_FIRST), Duration::ZERO);
}

#[test]
fn the_wait_grows_with_refusals_and_shrinks_without_within_its_bounds() {
    let mut settling = Settling::new(REFUSED);
    let now = clock::now();
    settling.ended(now, REFUSED);
    assert!(settling.left(now) > WAIT_FIRST);
    for _ in 0..100 {
        settling.ended(now, REFUSED);
    }
    assert_eq!(settling.left(now), WAIT_MAX);
    for _ in 0..10_000 {
        settling.ended(now, Duration::from_millis(1));
    }
    assert_eq!(settling.left(now), WAIT_MIN);
}
