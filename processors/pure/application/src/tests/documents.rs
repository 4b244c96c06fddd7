//! Documents that answer, and changes as followers ask for them.

use crate::cursor::{self, ListMark};
use crate::*;
use std::borrow::Cow;
use std::collections::BTreeMap;

#[test]
fn a_document_is_json_on_a_line_of_its_own() {
    assert_eq!(document(&BTreeMap::from([("id", "b1")])), Ok(b"{\"id\":\"b1\"}\n".to_vec()));
}

#[test]
fn a_document_that_json_cannot_say_is_a_bug_and_no_answer() {
    let keys_that_are_no_text = BTreeMap::from([((1, 2), 3)]);
    let refused = document(&keys_that_are_no_text).unwrap_err();
    let said = "an answer could not be written as JSON: key must be a string";
    assert_eq!(refused, Refusal::Internal(said.to_owned()));
    let refused = Change::new(EVENT, Vec::new(), &keys_that_are_no_text).unwrap_err();
    assert_eq!(refused, "a change could not be written as JSON: key must be a string");
}

#[test]
fn a_list_is_its_items_under_their_name_and_the_cursor_of_the_next_page_if_there_is_one() {
    let names: [(&str, Cow<'_, str>); 0] = [];
    let paging = Asked::new("/bells", &names, Vec::new()).paging().unwrap();
    let page = |next| Page { items: vec![1, 2], next };
    let shown = |page: &Page<u32>| String::from_utf8(list("bells", page, &paging, |number| number * 10).unwrap()).unwrap();
    let next = cursor::encode(ListMark::new("/bells", []), b"b2");
    assert_eq!(
        shown(&page(Some(b"b2".to_vec()))),
        format!("{{\"bells\":[10,20],\"next_cursor\":\"{next}\"}}\n")
    );
    assert_eq!(shown(&page(None)), "{\"bells\":[10,20],\"next_cursor\":null}\n");
}

#[test]
fn a_change_is_about_the_values_that_it_has_under_a_name_and_about_nothing_else() {
    let about = vec![("aggregate", "bell/1".to_owned()), ("tower", "north".to_owned())];
    let change = Change::new(EVENT, about, &1).unwrap();
    let is_about = |name: &str, values: &[&str]| change.is_about(name, &values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>());
    assert!(is_about("aggregate", &["bell/1"]));
    assert!(is_about("tower", &["south", "north"]));
    assert!(!is_about("tower", &["bell/1"]));
    assert!(!is_about("tower", &["south"]));
    assert!(!is_about("tower", &[]));
    assert!(!is_about("city", &["north"]));
}

#[test]
fn changes_are_asked_for_by_the_id_of_an_aggregate_which_is_not_empty() {
    assert_eq!((AGGREGATE.check)("bell/1"), Ok(()));
    assert_eq!((AGGREGATE.check)(""), Err("the id of an aggregate"));
}
