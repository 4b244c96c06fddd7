//! What the variable may say, and when a point acts.

use super::*;
use crate::clock;

const POINTS: &[&str] = &["before", "after"];

fn parsed(text: &str) -> Result<Failpoints, String> {
    Failpoints::parse(text, POINTS, &Registry::new()).map_err(|error| error.to_string())
}

#[test]
fn without_the_variable_nothing_happens() {
    let none = parsed("").unwrap();
    none.reached("before");
    assert!(none.points.is_empty());
}

#[test]
fn a_point_acts_once_at_the_time_that_was_asked_for() {
    let failpoints = parsed("before:sleep-30:2, after:kill").unwrap();
    assert_eq!(failpoints.points[1].action, Action::Kill);
    let took = |failpoints: &Failpoints| {
        let began = clock::monotonic();
        failpoints.reached("before");
        began.elapsed() >= Duration::from_millis(30)
    };
    assert!(!took(&failpoints));
    assert!(took(&failpoints));
    assert!(!took(&failpoints));
    assert_eq!(failpoints.hits.with_label_values(&["before"]).get(), 1);
}

#[test]
fn what_is_no_failpoint_is_refused_with_what_is_possible() {
    for (text, reason) in [
        ("nowhere:kill", "\"nowhere\" is no point"),
        ("before", "the action is missing"),
        ("before:explode", "\"explode\" is no action"),
        ("before:sleep-x", "\"sleep-x\" is no action"),
        ("before:kill:0", "the number of times is none"),
        ("before:kill:1:2", "\"2\" is too much"),
    ] {
        let error = parsed(text).unwrap_err();
        assert!(error.contains(reason) && error.contains("before"), "{error}");
    }
}
