//! What a failing test prints.

use super::*;
use crate::planted::{Command, Event, FORGETS, Meter, NONE, failure};

fn add(number: u64) -> Command {
    Command::Add { number }
}

fn added(number: u64) -> Event {
    Event::Added { number }
}

#[test]
fn what_is_as_it_should_be_passes_and_gives_the_state() {
    let state = given::<Meter<NONE>>([added(5)]).when(&add(6)).then([added(6)]);
    assert_eq!((state.count, state.total), (2, 11));
    given::<Meter<NONE>>([added(5)])
        .when(&add(91))
        .then_rejected("too-much", &[("total", "5")]);
}

#[test]
fn other_events_are_shown_with_history_state_and_difference() {
    let text = failure(|| {
        given::<Meter<NONE>>([added(5)]).when(&add(6)).then([added(7)]);
    });
    assert_eq!(
        text,
        "given
    Added { number: 5 }
state
    State {
        count: 1,
        total: 5,
    }
when
    Add { number: 6 }
then should follow
    Added { number: 7 }
but followed
    Added { number: 6 }
difference (- expected, + found)
      [
          Added {
    -         number: 7,
    +         number: 6,
          },
      ]"
    );
}

#[test]
fn a_rejection_that_was_not_expected_is_shown_with_its_facts() {
    let text = failure(|| {
        given::<Meter<NONE>>([added(5)]).when(&add(91)).then_nothing();
    });
    let end = "then should follow\n    nothing\nbut it was rejected\n    rule too-much: more than 90\n    fact total: 5";
    assert!(text.ends_with(end), "{text}");
}

#[test]
fn events_in_the_place_of_a_rejection_are_shown() {
    let text = failure(|| given::<Meter<NONE>>([]).when(&add(1)).then_rejected("too-much", &[("total", "0")]));
    let end = "then should be rejected\n    rule too-much\n    fact total: 0\nbut was accepted, with\n    Added { number: 1 }";
    assert!(text.starts_with("given\n    nothing\nstate") && text.ends_with(end), "{text}");
}

#[test]
fn another_rule_and_other_facts_are_shown() {
    let text = failure(|| given::<Meter<NONE>>([]).when(&add(91)).then_rejected("too-little", &[]));
    assert!(
        text.ends_with("but by another rule\n    rule too-much: more than 90\n    fact total: 0"),
        "{text}"
    );
    let text = failure(|| given::<Meter<NONE>>([]).when(&add(91)).then_rejected("too-much", &[("total", "1")]));
    assert!(
        text.ends_with("difference (- expected, + found)\n    - total: 1\n    + total: 0"),
        "{text}"
    );
}

#[test]
fn a_state_that_does_not_come_back_from_its_parts_fails_every_test_that_meets_it() {
    let text = failure(|| {
        given::<Meter<FORGETS>>([]).when(&add(5)).then([added(5)]);
    });
    let end = "    -     total: 5,\n    +     total: 0,\n      }";
    assert!(
        text.starts_with("a state does not come back from its stored parts\ngiven\n    Added { number: 5 }") && text.ends_with(end),
        "{text}"
    );
}
