//! What is noted of outcomes that were lost.

use super::*;

#[test]
fn the_ends_of_the_log_are_known_once_all_commands_are_decided_again() {
    let mut lost = LostOutcomes::new(7, 12, vec![8..=9]);
    assert_eq!(lost.from(), 7);
    lost.reached(Some(40), None);
    lost.reached(Some(30), Some(20));
    assert_eq!(lost.ends_at(11), None);
    assert_eq!(lost.ends_at(12), Some((40, 20)), "no end goes back");
    lost.reached(None, Some(21));
    assert_eq!(lost.ends_at(13), Some((40, 21)));
}

#[test]
fn commands_before_the_end_were_decided_and_those_of_kept_ranges_have_their_outcomes() {
    let lost = LostOutcomes::new(7, 12, vec![8..=9]);
    let of = |offset| (lost.is_decided(offset), lost.has_outcome(offset));
    assert_eq!(
        [7, 8, 9, 10, 12].map(of),
        [(true, false), (true, true), (true, true), (true, false), (false, false)]
    );
}
