//! Heads that can be understood in two ways, and lists over several lines.

use super::*;
use crate::{Position, X_MIN_POSITION};
use std::sync::LazyLock;

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn request<'r>(method: &'r Method, headers: &'r HeaderMap) -> Request<'r> {
    static NONE: LazyLock<Body> = LazyLock::new(Body::default);
    Request {
        method,
        path: "/",
        query: "",
        headers,
        body: &NONE,
    }
}

fn refusal(method: &Method, lines: &[(&'static str, &str)]) -> Option<String> {
    let headers = headers(lines);
    let problem = request(method, &headers).check(|| true).err()?;
    Some(String::from_utf8(problem.body()).unwrap())
}

#[test]
fn a_header_that_has_one_value_is_refused_when_it_is_doubled() {
    for name in [
        "host",
        "content-length",
        "content-type",
        "transfer-encoding",
        "expect",
        "authorization",
        "content-encoding",
    ] {
        let refusal = refusal(&Method::POST, &[(name, "1"), (name, "1")]).unwrap();
        assert!(refusal.contains(&format!("the header {name} is given more than once")), "{refusal}");
    }
    assert_eq!(refusal(&Method::GET, &[("accept", "a"), ("accept", "b"), ("host", "x")]), None);
}

#[test]
fn a_body_that_would_be_ignored_is_refused() {
    for (name, value) in [
        ("content-length", "2"),
        ("transfer-encoding", "chunked"),
        ("content-length", "18446744073709551615"),
    ] {
        for method in [Method::GET, Method::HEAD] {
            assert!(refusal(&method, &[(name, value)]).unwrap().contains("body-not-taken"));
        }
        assert_eq!(refusal(&Method::POST, &[(name, value)]), None);
    }
    assert_eq!(refusal(&Method::GET, &[("content-length", "0")]), None);
}

#[test]
fn a_coding_that_would_be_ignored_is_refused() {
    for (name, value) in [
        ("transfer-encoding", "gzip, chunked"),
        ("transfer-encoding", "identity"),
        ("content-encoding", "gzip"),
        ("content-encoding", "identity, gzip"),
        ("expect", "200-ok"),
    ] {
        let refusal = refusal(&Method::POST, &[(name, value)]).unwrap();
        assert!(refusal.contains("not-supported") && refusal.contains(value), "{refusal}");
    }
    for (name, value) in [
        ("transfer-encoding", "Chunked"),
        ("content-encoding", "identity"),
        ("expect", "100-Continue"),
    ] {
        assert_eq!(refusal(&Method::POST, &[(name, value)]), None);
    }
}

#[test]
fn lines_of_a_minimum_position_are_one_position_and_none_is_ignored() {
    let minimum = |values: &[&str]| {
        let lines: Vec<_> = values.iter().map(|value| ("x-min-position", *value)).collect();
        let headers = headers(&lines);
        Position::minimum(&request(&Method::GET, &headers)).map(|position| position.map(|position| position.to_string()))
    };
    assert_eq!(minimum(&[]), Ok(None));
    assert_eq!(minimum(&["0:12"]), Ok(Some("0:12".into())));
    assert_eq!(minimum(&["0:12", "1:7"]), Ok(Some("0:12,1:7".into())));
    for refused in [
        &["0:12", "0:13"][..],
        &["0:12", "0:12"],
        &["0:12", "soon"],
        &["", "0:12"],
        &["0:12", ""],
        &[""],
    ] {
        assert!(minimum(refused).is_err(), "{refused:?}");
    }
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let mut headers = HeaderMap::new();
    headers.append(X_MIN_POSITION, HeaderValue::from_bytes(b"0:1\xe9").unwrap());
    assert!(Position::minimum(&request(&Method::GET, &headers)).is_err());
}

#[test]
fn a_body_on_a_path_that_answers_no_questions_is_left_to_the_refusal_of_the_method() {
    let headers = headers(&[("content-length", "4")]);
    for (method, is_refused) in [(Method::GET, false), (Method::HEAD, false), (Method::OPTIONS, true)] {
        assert_eq!(request(&method, &headers).check(|| false).is_err(), is_refused, "{method}");
    }
}
