//! The header in the ways in which clients write it.

use super::*;
use http_server::{Body, HeaderMap, HeaderValue, Method};

fn read(lines: &[&str]) -> Result<Preference, Problem> {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(PREFER, HeaderValue::from_str(line).unwrap());
    }
    Preference::of(&Request {
        method: &Method::POST,
        path: "/commands",
        query: "",
        headers: &headers,
        body: &Body::default(),
    })
}

fn preference(is_async: bool, seconds: Option<u64>) -> Preference {
    Preference {
        is_async,
        wait: seconds.map(Duration::from_secs),
    }
}

#[test]
fn preferences_are_read_in_every_form_that_the_rfc_allows() {
    for (lines, expected) in [
        (&[][..], preference(false, None)),
        (&["wait=10"], preference(false, Some(10))),
        (&["Wait = \"10\""], preference(false, Some(10))),
        (&["respond-async, wait=10"], preference(true, Some(10))),
        (&["respond-async", "wait=0"], preference(true, Some(0))),
        (&["wait=5, wait=7"], preference(false, Some(5))),
        (&["return=minimal; foo=\"some\", handling=lenient"], preference(false, None)),
        (&["wait=100000"], preference(false, Some(30))),
    ] {
        assert_eq!(read(lines), Ok(expected), "{lines:?}");
    }
}

#[test]
fn a_wait_that_is_no_number_is_refused() {
    for line in ["wait", "wait=", "wait=soon", "wait=-1", "wait=1.5"] {
        assert!(read(&[line]).is_err(), "{line}");
    }
}

#[test]
fn what_was_applied_is_said() {
    assert_eq!(preference(true, Some(3)).applied().unwrap(), "respond-async, wait=3");
    assert_eq!(preference(false, None).applied(), None);
}
