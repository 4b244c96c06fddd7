//! A representation with a bug, and one without.

use super::*;
use crate::planted::{FORGETS, Meter, NONE, any_command, failure};

#[test]
fn what_comes_back_passes() {
    check_stored::<Meter<NONE>>(3, any_command);
}

#[test]
fn a_part_that_is_not_stored_is_found_by_the_first_event_that_needs_it() {
    let text = failure(|| check_stored::<Meter<FORGETS>>(3, any_command));
    assert!(
        text.starts_with("a state does not come back from its stored parts\ngiven\n    Added"),
        "{text}"
    );
    assert!(text.contains("of aggregate meter/") && text.contains("+     total: 0,"), "{text}");
}
