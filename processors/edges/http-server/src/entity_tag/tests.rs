//! Which versions a client has.

use super::*;
use crate::body::Body;
use warp::http::header::IF_NONE_MATCH;
use warp::http::{HeaderMap, Method};

fn known(lines: &[&'static str]) -> KnownVersions {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(IF_NONE_MATCH, HeaderValue::from_static(line));
    }
    KnownVersions::of(&Request {
        method: &Method::GET,
        path: "/",
        query: "",
        headers: &headers,
        body: &Body::default(),
    })
}

#[test]
fn a_tag_is_found_among_several_weak_or_strong_and_on_several_lines() {
    let tag = EntityTag::of(0x1f);
    assert_eq!(tag.header(), "W/\"0000000000000000000000000000001f\"");
    for lines in [
        &["W/\"0000000000000000000000000000001f\""][..],
        &["\"0000000000000000000000000000001f\""],
        &["\"x\", W/\"0000000000000000000000000000001f\", \"y\""],
        &["\"x\"", "W/\"0000000000000000000000000000001f\""],
    ] {
        assert!(known(lines).have(&tag), "{lines:?}");
    }
    for lines in [&[][..], &["\"x\""], &["1f"], &["W/\"1f\""]] {
        assert!(!known(lines).have(&tag), "{lines:?}");
    }
}

#[test]
fn a_star_stands_for_any_version_but_for_none_in_particular() {
    assert!(known(&["*"]).have_any());
    assert!(!known(&["*"]).have(&EntityTag::of(1)));
    assert!(!known(&["\"x\""]).have_any());
}
