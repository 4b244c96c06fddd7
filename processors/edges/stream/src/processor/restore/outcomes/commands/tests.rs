//! The clock before a gap, computed back from what came after it.

use super::{Gap, GapSearch};
use crate::processor::restore::outcomes::runs::{Run, Runs};
use decider::CLOCK_STEP_MS_MAX;

/// Of commands with these times at the offsets 10, 11, 12 …, the first gap where the outcomes of these runs are kept.
fn gap(times_ms: &[i64], kept: &[(i64, i64)]) -> Option<Gap> {
    let mut runs = Runs::new();
    for (from, to) in kept {
        (*from..=*to).for_each(|offset| runs.push(offset, true, || ()));
    }
    let kept: Vec<Run<()>> = runs.finish();
    let mut search = GapSearch::new(&kept);
    (10..).zip(times_ms).for_each(|(offset, time_ms)| search.push(offset, *time_ms));
    search.found
}

/// Where none is kept but the one that the anchor is of.
fn clock_before(times_ms: &[i64], anchor: (i64, i64)) -> (i64, i64) {
    gap(times_ms, &[]).unwrap().clock_before(anchor)
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

#[test]
fn only_the_commands_before_the_next_outcome_that_is_kept_count() {
    // The outcomes were deleted while they were written again: those of 13 and 14 are left, and 15 and 16 never had theirs.
    let gap = gap(&[100, 110, 120, 130, 140, 150, 160], &[(13, 14)]).unwrap();
    assert_eq!((gap.from, gap.next_kept, gap.follows_on_kept), (10, Some(13), false));
    assert_eq!(gap.clock_before((1_030, 130)), (1_000, 100));
}

#[test]
fn the_next_outcome_is_the_one_of_the_least_command_wherever_it_lies() {
    let gap = gap(&[100, 110, 120, 130, 140, 150], &[(15, 20), (12, 13), (0, 5)]).unwrap();
    assert_eq!((gap.from, gap.next_kept), (10, Some(12)));
    assert_eq!(gap.clock_before((1_020, 120)), (1_000, 100));
}

#[test]
fn outcomes_before_the_gap_tell_the_clock_where_their_commands_come_right_before_it() {
    let times_ms = [100, 110, 120, 130];
    let found = gap(&times_ms, &[(10, 11)]).unwrap();
    assert_eq!((found.from, found.follows_on_kept, found.next_kept), (12, true, None));
    // Commands between the last of these outcomes and the gap are gone.
    let found = gap(&times_ms, &[(3, 7)]).unwrap();
    assert_eq!((found.from, found.follows_on_kept, found.next_kept), (10, false, None));
    assert_eq!(gap(&times_ms, &[(3, 13)]), None);
}

#[test]
fn a_state_tells_the_clock_only_where_it_has_come_to_the_last_command() {
    let gap = gap(&[100, 110, 120], &[]).unwrap();
    assert!(gap.ends_with(120));
    assert!(!gap.ends_with(110) && !gap.ends_with(0));
}
