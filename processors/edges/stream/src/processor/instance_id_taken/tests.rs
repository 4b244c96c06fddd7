//! Which members are of which instance, and since when.

use super::{Seen, TIMES_SEEN_MAX, is_of};
use crate::clock;
use std::time::Duration;

#[test]
fn a_member_is_of_the_instance_whose_id_stands_before_the_uuid() {
    let member = "aerolog-1-0f8fad5b-d9cb-469f-a165-70867728950e";
    assert!(is_of(member, "aerolog-1"));
    for other in ["aerolog", "aerolog-", "aerolog-10", "aerolog-1-0f8fad5b", ""] {
        assert!(!is_of(member, other), "{other}");
    }
}

#[test]
fn a_member_stays_that_is_seen_for_longer_than_a_silent_one_is_kept() {
    let mut seen = Seen::new(Duration::from_millis(20));
    assert!(!seen.again(true));
    clock::rest(Duration::from_millis(30));
    assert!(seen.again(true));
}

#[test]
fn while_the_coordinator_is_away_no_other_instance_is_seen() {
    let mut seen = Seen::new(Duration::from_millis(20));
    assert!(!seen.again(true));
    seen.interrupted();
    clock::rest(Duration::from_millis(30));
    assert!(!seen.again(true), "the wait starts again");
}

#[test]
fn while_the_group_rebalances_no_other_instance_is_seen_but_not_for_ever() {
    let mut seen = Seen::new(Duration::ZERO);
    assert!(seen.again(true), "there is nothing to wait for");
    let mut seen = Seen::new(Duration::from_secs(3600));
    let times = (1..).find(|_| seen.again(false));
    assert_eq!(times, Some(TIMES_SEEN_MAX));
}
