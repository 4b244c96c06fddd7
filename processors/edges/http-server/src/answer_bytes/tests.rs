//! What is sent within the budget and beyond it.

use super::*;

#[test]
fn the_budget_is_given_back_when_the_last_copy_of_an_answer_is_dropped() {
    let gauge = IntGauge::new("held", "help").unwrap();
    let budget = AnswerBytes::new(100_000, gauge.clone());
    let first = budget.hold(vec![1; 60_000].into()).unwrap();
    let copy = first.clone();
    assert_eq!((gauge.get(), budget.is_short()), (60_000, true));
    assert!(budget.hold(vec![2; 60_000].into()).is_none());
    drop(first);
    assert!(budget.hold(vec![2; 60_000].into()).is_none());
    drop(copy);
    assert_eq!((gauge.get(), budget.is_short()), (0, false));
    assert!(budget.hold(vec![2; 60_000].into()).is_some());
}

#[test]
fn a_small_answer_is_sent_when_the_budget_is_spent() {
    let budget = AnswerBytes::new(100_000, IntGauge::new("held", "help").unwrap());
    let _all = budget.hold(vec![1; 100_000].into()).unwrap();
    assert!(budget.hold(vec![2; SMALL_BYTES_MAX].into()).is_some());
    assert!(budget.hold(vec![2; SMALL_BYTES_MAX + 1].into()).is_none());
}

#[test]
fn an_answer_larger_than_the_budget_is_sent_alone() {
    let budget = AnswerBytes::new(100_000, IntGauge::new("held", "help").unwrap());
    let huge = budget.hold(vec![1; 300_000].into()).unwrap();
    assert!(budget.hold(vec![1; 300_000].into()).is_none());
    drop(huge);
    assert!(budget.hold(vec![1; 300_000].into()).is_some());
}
