//! Who is waited for.

use super::*;

fn member(instance_id: &str) -> String {
    format!("{instance_id}-00000000-0000-0000-0000-000000000000")
}

#[test]
fn an_instance_catches_up_where_others_decide() {
    assert!(are_others(&[member("two"), member("three")], "one"));
}

#[test]
fn the_first_of_a_group_joins_at_once() {
    assert!(!are_others(&[], "one"));
}

#[test]
fn one_whose_place_is_kept_comes_back_at_once() {
    assert!(!are_others(&[member("two"), member("one")], "one"));
    assert!(
        are_others(&[member("one-more")], "one"),
        "another one whose name begins in the same way"
    );
}
