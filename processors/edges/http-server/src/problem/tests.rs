//! What a document holds of the client's own text.

use super::*;

#[test]
fn a_long_text_is_given_back_by_its_beginning_only() {
    let long = "é".repeat(30_000);
    for problem in [
        Problem::bad_parameter("rotation", &long, "something short"),
        Problem::no_such_route(&long, &["/rotations"]),
        Problem::unknown_parameter(&long, &["limit"]),
        Problem::method_not_allowed(&long),
    ] {
        let body = String::from_utf8(problem.body()).unwrap();
        assert!(body.len() < 2000, "{}", body.len());
        assert!(body.contains("(60000 bytes)"), "{body}");
    }
}

#[test]
fn only_a_problem_that_may_pass_asks_to_be_asked_again() {
    assert_eq!(Problem::busy("").retry_after_seconds(), Some(1));
    assert_eq!(Problem::not_ready("").retry_after_seconds(), Some(1));
    assert_eq!(Problem::no_request().retry_after_seconds(), None);
}
