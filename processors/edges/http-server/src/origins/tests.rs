//! Which texts are origins, and what a browser learns.

use super::*;

fn asked(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let pair = |(name, value): &(&'static str, &'static str)| (HeaderName::from_static(name), HeaderValue::from_static(value));
    pairs.iter().map(pair).collect()
}

#[test]
fn origins_stand_in_a_list_with_blanks() {
    let origins = Origins::parse(" https://plan.example  http://localhost:3000 ").unwrap();
    for (origin, is_allowed) in [
        ("https://plan.example", true),
        ("http://localhost:3000", true),
        ("http://plan.example", false),
        ("https://plan.example:8443", false),
        ("https://plan.example.evil.example", false),
        ("null", false),
    ] {
        assert_eq!(origins.allow(&HeaderValue::from_static(origin)), is_allowed, "{origin}");
    }
}

#[test]
fn what_is_no_origin_is_refused() {
    for text in [
        "*",
        "https://*.example",
        "plan.example",
        "https://plan.example/",
        "https://plan.example/page",
        "https://Plan.example",
        "ftp://plan.example",
        "https://user@plan.example",
        "null",
        "https://plan.example,https://other.example",
    ] {
        assert!(Origins::parse(text).is_err(), "{text}");
    }
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_may_read_and_another_may_not() {
    let origins = Origins::parse("https://plan.example").unwrap();
    let headers = origins.headers(&Method::GET, &asked(&[("origin", "https://plan.example")])).await;
    assert_eq!(headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "https://plan.example");
    let shown = headers[header::ACCESS_CONTROL_EXPOSE_HEADERS].to_str().unwrap();
    assert!(shown.contains("x-position") && shown.contains("etag"), "{shown}");
    assert!(headers.contains_key(header::VARY));

    let headers = origins.headers(&Method::GET, &asked(&[("origin", "https://other.example")])).await;
    assert!(!headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
    assert!(
        headers.contains_key(header::VARY),
        "a cache may not give this answer to the other page"
    );
}

#[tokio::test]
async fn a_preflight_learns_which_methods_and_headers_are_taken() {
    let origins = Origins::parse("https://plan.example").unwrap();
    let preflight = [
        ("origin", "https://plan.example"),
        ("access-control-request-method", "PATCH"),
        ("access-control-request-headers", "authorization,if-match"),
    ];
    let headers = origins.headers(&Method::OPTIONS, &asked(&preflight)).await;
    let text = |name| headers.get(name).map_or("", |value| value.to_str().unwrap());
    assert_eq!(text(header::ACCESS_CONTROL_ALLOW_ORIGIN), "https://plan.example");
    assert!(text(header::ACCESS_CONTROL_ALLOW_METHODS).contains("PATCH"));
    for name in ["authorization", "if-match", "idempotency-key", "last-event-id", "x-min-position"] {
        assert!(text(header::ACCESS_CONTROL_ALLOW_HEADERS).contains(name), "{name}");
    }
    assert_eq!(text(header::ACCESS_CONTROL_MAX_AGE), "600");
    assert_eq!(text(header::ACCESS_CONTROL_ALLOW_CREDENTIALS), "", "cookies mean nothing here");
}

#[tokio::test]
async fn without_a_list_nothing_is_said() {
    let headers = Origins::default()
        .headers(&Method::OPTIONS, &asked(&[("origin", "https://plan.example")]))
        .await;
    assert!(headers.is_empty());
}
