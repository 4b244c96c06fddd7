//! Which log lines are wanted.

use super::filter;

fn check(variables: &[(&str, &str)], expected: &str) {
    let variable = |name: &str| Some(variables.iter().find(|(known, _)| *known == name)?.1.to_owned());
    let text = match filter(variable) {
        Ok(filter) => filter.to_string(),
        Err(error) => error.to_string(),
    };
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn without_a_wish_the_log_begins_at_info() {
    check(&[], "info");
    check(&[("AEROLOG_LOG", "")], "info");
}

#[test]
fn the_own_variable_wins_over_the_general_one() {
    check(&[("RUST_LOG", "warn")], "warn");
    check(&[("RUST_LOG", "warn"), ("AEROLOG_LOG", "debug")], "debug");
}

#[test]
fn an_impossible_filter_is_refused_by_name() {
    check(
        &[("AEROLOG_LOG", "info,x=loud")],
        "AEROLOG_LOG: \"info,x=loud\" is not a log filter",
    );
}
