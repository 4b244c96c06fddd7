//! Questions as they were asked: names in the path, parameters, and which part of a list.

use crate::*;
use std::borrow::Cow;

type Names = [(&'static str, Cow<'static, str>); 2];

const TEMPLATE: &str = "/towers/{tower}/bells/{year}";

fn names(tower: &'static str, year: &'static str) -> Names {
    [("tower", tower.into()), ("year", year.into())]
}

fn year(text: &str) -> Result<u32, &'static str> {
    text.parse().map_err(|_| "a year")
}

/// The paging of a question with these parameters.
fn paging(template: &'static str, names: &Names, parameters: &[(&str, &str)]) -> Result<Paging, Refusal> {
    Asked::new(template, names, parameters.to_vec()).paging()
}

fn limit(text: &str) -> Result<usize, Refusal> {
    paging(TEMPLATE, &names("north", "2008"), &[("limit", text)]).map(|paging| paging.span().limit)
}

#[test]
fn names_in_the_path_and_parameters_are_found_by_their_names() {
    let names = names("north", "2008");
    let asked = Asked::new(TEMPLATE, &names, vec![("from", "3"), ("to", "9")]);
    assert_eq!((asked.text("tower"), asked.text("year"), asked.text("city")), ("north", "2008", ""));
    assert_eq!(
        (asked.given("from"), asked.given("to"), asked.given("by")),
        (Some("3"), Some("9"), None)
    );
}

#[test]
fn what_cannot_be_read_is_refused_with_its_name_and_what_was_expected() {
    let names = names("north", "2008");
    let asked = Asked::new(TEMPLATE, &names, vec![("from", "3"), ("to", "late")]);
    assert_eq!(asked.name("year", year), Ok(2008));
    assert_eq!(asked.name("tower", year), Err(Refusal::bad_parameter("tower", "north", "a year")));
    assert_eq!(asked.parameter("from", year), Ok(Some(3)));
    assert_eq!(asked.parameter("to", year), Err(Refusal::bad_parameter("to", "late", "a year")));
    assert_eq!(asked.parameter("by", year), Ok(None));
}

#[test]
fn a_flag_is_true_or_false_and_false_where_it_is_not_given() {
    let names = names("north", "2008");
    let asked = Asked::new(TEMPLATE, &names, vec![("loud", "true"), ("old", "false"), ("tuned", "yes")]);
    assert_eq!(
        (asked.flag("loud"), asked.flag("old"), asked.flag("cast")),
        (Ok(true), Ok(false), Ok(false))
    );
    assert_eq!(asked.flag("tuned"), Err(Refusal::bad_parameter("tuned", "yes", "true or false")));
}

#[test]
fn a_page_has_1_to_1000_items_and_500_where_no_limit_is_given() {
    let unlimited = paging(TEMPLATE, &names("north", "2008"), &[]).unwrap();
    assert_eq!(unlimited.span().limit, 500);
    assert_eq!((limit("1"), limit("1000")), (Ok(1), Ok(1000)));
    for text in ["0", "1001", "-1", "ten", ""] {
        assert_eq!(limit(text), Err(Refusal::bad_parameter("limit", text, "a number from 1 to 1000")));
    }
}

#[test]
fn the_next_page_goes_on_after_the_last_key_of_the_one_before_and_the_last_page_has_no_next() {
    let names = names("north", "2008");
    let page = |next: Option<&[u8]>| Page::<u32> {
        items: vec![1],
        next: next.map(<[u8]>::to_vec),
    };
    let first = paging(TEMPLATE, &names, &[("loud", "true")]).unwrap();
    assert!(first.is_first() && first.span().after.is_none());
    assert_eq!(first.next(&page(None)), None);
    let cursor = first.next(&page(Some(b"key"))).unwrap();
    // Another limit is still the same list.
    let next = paging(TEMPLATE, &names, &[("cursor", &cursor), ("limit", "7"), ("loud", "true")]).unwrap();
    assert!(!next.is_first());
    assert_eq!((next.span().after, next.span().limit), (Some(&b"key"[..]), 7));
}

#[test]
fn a_cursor_of_another_list_is_refused_whether_its_route_its_names_or_its_filters_differ() {
    let asked = names("north", "2008");
    let first = paging(TEMPLATE, &asked, &[("loud", "true")]).unwrap();
    let page = Page::<u32> {
        items: Vec::new(),
        next: Some(b"key".to_vec()),
    };
    let cursor = first.next(&page).unwrap();
    let refused = Refusal::bad_parameter("cursor", &cursor, "the next_cursor of an answer to the same question");
    for (template, names, filter) in [
        ("/towers/{tower}/years/{year}", &asked, ("loud", "true")),
        (TEMPLATE, &names("south", "2008"), ("loud", "true")),
        (TEMPLATE, &names("north", "2009"), ("loud", "true")),
        (TEMPLATE, &asked, ("loud", "false")),
        (TEMPLATE, &asked, ("old", "true")),
    ] {
        assert_eq!(paging(template, names, &[("cursor", &cursor), filter]), Err(refused.clone()));
    }
}
