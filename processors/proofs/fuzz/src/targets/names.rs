//! Names and places as clients write them in paths, parameters and headers: what is read is written again, and read as the same.

use application::{Asked, Page};
use http_server::{Position, percent_decode, percent_encode};
use query_service::AsOf;
use views::ViolationId;
use views::graph::NodeId;

/// The longest name of a directory that a place in the past may become, beyond the name of the view.
const LABEL_BYTES_MAX: usize = 120;

pub(super) fn names(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else {
        return false;
    };
    assert_eq!(percent_decode(&percent_encode(text)).as_deref(), Some(text));
    // Each reads all that it is given, whatever the others make of it.
    let taken = [
        position(text),
        as_of(text),
        node(text),
        violation(text),
        cursor(text),
        percent_decode(text).is_some_and(|read| read != text),
    ];
    taken.contains(&true)
}

fn position(text: &str) -> bool {
    let Some(position) = Position::parse(text) else {
        return false;
    };
    assert_eq!(Position::parse(&position.to_string()), Some(position));
    true
}

/// What it becomes in a path and in the name of a directory is safe there.
fn as_of(text: &str) -> bool {
    let Ok(as_of) = AsOf::read(text) else {
        return false;
    };
    let shown = as_of.to_string();
    assert_eq!(AsOf::read(&shown).map(|again| again.to_string()).as_deref(), Ok(shown.as_str()));
    let edition = as_of.edition("view-1");
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    assert!(edition.bytes().all(is_safe) && edition.len() <= LABEL_BYTES_MAX, "{edition}");
    true
}

fn node(text: &str) -> bool {
    let Ok(node) = NodeId::parse(text) else {
        return false;
    };
    assert_eq!(NodeId::parse(&node.to_string()), Ok(node));
    true
}

fn violation(text: &str) -> bool {
    let Some(violation) = ViolationId::parse(text) else {
        return false;
    };
    assert_eq!(ViolationId::parse(&violation.to_string()), Some(violation));
    true
}

/// A cursor that is taken leads to the key that it was made of.
fn cursor(text: &str) -> bool {
    let read = |text: &str| Asked::new("/rotations", &[], vec![("cursor", text)]).paging();
    let Ok(paging) = read(text) else {
        return false;
    };
    let page = Page::<()> {
        items: Vec::new(),
        next: paging.span().after.map(<[u8]>::to_vec),
    };
    let again = paging.next(&page).unwrap_or_default();
    assert!(again.eq_ignore_ascii_case(text), "{again}");
    true
}
