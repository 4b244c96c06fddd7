//! The clock before a gap, computed back from what came after it.

use super::Gap;
use decider::CLOCK_STEP_MS_MAX;

/// Commands with these times, the first of which is the first of the gap; the clock before it.
fn clock_before(times_ms: &[i64], anchor: (i64, i64)) -> (i64, i64) {
    let mut gap = Gap::begin(0, times_ms[0]);
    times_ms[1..].iter().for_each(|time_ms| gap.goes_on_at(*time_ms));
    gap.clock_before(anchor)
}

#[test]
fn the_clock_is_computed_back_from_a_later_outcome() {
    assert_eq!(clock_before(&[100, 150, 170], (1_000, 200)), (900, 100));
    // The anchor is the last of the commands itself.
    assert_eq!(clock_before(&[100, 150, 200], (1_000, 200)), (900, 100));
}

#[test]
fn a_time_that_goes_back_or_jumps_counts_as_it_did_forwards() {
    assert_eq!(clock_before(&[100, 50, 60], (1_000, 70)), (1_000 - 10 - 10, 100));
    let jump = 5 * CLOCK_STEP_MS_MAX;
    assert_eq!(
        clock_before(&[0, jump], (2 * jump, jump + 7)),
        (2 * jump - CLOCK_STEP_MS_MAX - 7, 0)
    );
}
