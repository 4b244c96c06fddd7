//! Waits before and after the wish to stop.

use super::{STOPPING_WAIT_MAX, Stopping};
use crate::clock::Deadline;
use std::cell::Cell;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(600);

#[test]
fn a_wait_is_cut_short_once_there_is_the_wish_to_stop() {
    let wish = Cell::new(false);
    let stop = |_| wish.get();
    let stopping = Stopping::new(&stop);
    let (long, over) = (Deadline::after(LONG), Deadline::after(Duration::ZERO));
    assert!(stopping.left(long) > LONG / 2);
    assert!(stopping.is_over(over));
    wish.set(true);
    let left = stopping.left(long);
    assert!(!left.is_zero() && left <= STOPPING_WAIT_MAX, "{left:?}");
    assert!(stopping.is_over(over));
    // One end for all waits, however often they are looked at.
    let end = stopping.end.get().map(Deadline::left);
    assert!(stopping.left(long) <= end.unwrap());
}
