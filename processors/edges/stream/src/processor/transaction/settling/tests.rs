//! The wait between two transactions: after an end only, longer after a refusal, shorter after none, within bounds.

use super::*;
use crate::clock;

const QUICK: Option<Duration> = Some(Duration::from_millis(3));
const REFUSED: Option<Duration> = Some(Duration::from_millis(24));

#[test]
fn the_first_transaction_does_not_wait_and_the_next_one_only_for_what_is_left() {
    let mut settling = Settling::new();
    let now = clock::now();
    assert_eq!(settling.left(now), Duration::ZERO);
    settling.ended(now, QUICK);
    let wait = settling.left(now);
    assert!(wait > Duration::from_millis(2) && wait <= WAIT_FIRST, "{wait:?}");
    assert_eq!(settling.left(now + Duration::from_millis(1)), wait - Duration::from_millis(1));
    assert_eq!(settling.left(now + WAIT_FIRST), Duration::ZERO);
}

#[test]
fn the_wait_grows_with_refusals_and_shrinks_without_within_its_bounds() {
    let mut settling = Settling::new();
    let now = clock::now();
    settling.ended(now, QUICK);
    settling.ended(now, REFUSED);
    assert!(settling.left(now) > WAIT_FIRST);
    for _ in 0..100 {
        settling.ended(now, QUICK);
        for _ in 0..4 {
            settling.ended(now, REFUSED);
        }
    }
    assert_eq!(settling.left(now), WAIT_MAX);
    for _ in 0..10_000 {
        settling.ended(now, QUICK);
    }
    assert_eq!(settling.left(now), WAIT_MIN);
}

#[test]
fn brokers_that_are_far_away_refuse_nothing() {
    let mut settling = Settling::new();
    let now = clock::now();
    for _ in 0..1000 {
        settling.ended(now, Some(Duration::from_millis(60)));
    }
    assert_eq!(settling.left(now), WAIT_MIN);
    settling.ended(now, Some(Duration::from_millis(82)));
    assert!(settling.left(now) > WAIT_MIN);
}

#[test]
fn brokers_that_have_become_slower_are_not_taken_to_refuse_for_long() {
    let mut settling = Settling::new();
    let now = clock::now();
    settling.ended(now, Some(Duration::ZERO));
    for _ in 0..2000 {
        settling.ended(now, Some(Duration::from_millis(60)));
    }
    assert_eq!(settling.left(now), WAIT_MIN);
}

#[test]
fn records_that_were_not_acknowledged_say_nothing() {
    let mut settling = Settling::new();
    let now = clock::now();
    settling.ended(now, None);
    assert_eq!(settling.left(now), WAIT_FIRST);
}
