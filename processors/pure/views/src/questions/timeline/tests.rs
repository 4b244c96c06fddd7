//! Where a page of rows ends.

use super::*;
use crate::tests::fixture::{View, added, airplane, assigned, at, created, retired};
use application::View as _;
use std::borrow::Cow;

/// N1 flies two legs, N2 one, N3 and N4 have retired without any, N5 flies one.
fn view() -> View {
    View::given([
        airplane("N1", "717"),
        airplane("N2", "717"),
        airplane("N3", "717"),
        retired("N3"),
        airplane("N4", "717"),
        retired("N4"),
        airplane("N5", "717"),
        created("r1"),
        added("r1", "a HA1 HNL OGG 01T08:00 01T08:40"),
        added("r1", "b HA2 OGG HNL 01T09:10 01T09:50"),
        assigned("r1", "N1", None),
        created("r2"),
        added("r2", "c HA3 HNL OGG 01T08:00 01T08:40"),
        assigned("r2", "N2", None),
        created("r5"),
        added("r5", "d HA5 HNL OGG 01T08:00 01T08:40"),
        assigned("r5", "N5", None),
    ])
}

/// The airplanes of a page, how many bars it has, and the airplane after which the next page begins.
fn page(limit: &str, bars_max: usize, airplanes_max: usize) -> Result<(String, usize, Option<String>), TimelineError> {
    let names: [(&'static str, Cow<'_, str>); 0] = [];
    let asked = Asked::new(ROUTE.template, &names, vec![("limit", limit)]);
    let question = TimelineQuestion {
        window: Window {
            from: at("01T00:00"),
            to: at("02T00:00"),
        },
        airplanes: Airplanes::All,
        after: None,
        paging: asked.paging().unwrap(),
    };
    let budget = Budget { bars_max, airplanes_max };
    let Rows { rows, more_after } = rows(&view().memory, &question, budget)?;
    let airplanes: Vec<_> = rows.iter().map(|row| row.airplane.as_str()).collect();
    let bars = rows.iter().map(|row| row.bars.len()).sum();
    Ok((airplanes.join(" "), bars, more_after.map(|last| last.to_string())))
}

fn ends(airplanes: &str, bars: usize, after: Option<&str>) -> Result<(String, usize, Option<String>), TimelineError> {
    Ok((airplanes.to_owned(), bars, after.map(str::to_owned)))
}

#[test]
fn a_page_ends_with_as_many_rows_as_are_asked_for() {
    assert_eq!(page("1", 99, 99), ends("N1", 2, Some("N1")));
    assert_eq!(page("2", 99, 99), ends("N1 N2", 3, Some("N2")));
    assert_eq!(page("3", 99, 99), ends("N1 N2 N5", 4, None));
    assert_eq!(page("9", 99, 99), ends("N1 N2 N5", 4, None));
}

#[test]
fn a_page_ends_where_enough_airplanes_were_looked_at_also_those_without_a_row() {
    assert_eq!(page("9", 99, 1), ends("N1", 2, Some("N1")));
    assert_eq!(page("9", 99, 3), ends("N1 N2", 3, Some("N3")));
    assert_eq!(page("9", 99, 4), ends("N1 N2", 3, Some("N4")));
    assert_eq!(page("9", 99, 5), ends("N1 N2 N5", 4, None));
}

#[test]
fn a_page_holds_as_many_bars_as_it_may_and_a_row_with_more_is_too_much() {
    assert_eq!(page("9", 2, 99), ends("N1", 2, Some("N1")));
    assert_eq!(page("9", 3, 99), ends("N1 N2", 3, Some("N4")));
    assert_eq!(page("9", 4, 99), ends("N1 N2 N5", 4, None));
    assert_eq!(page("9", 1, 99), Err(TimelineError::TooManyLegs));
}

#[test]
fn a_cursor_that_names_no_airplane_is_refused() {
    let view = view();
    let names: [(&'static str, Cow<'_, str>); 0] = [];
    let parameters = vec![("from", "2008-01-01T00:00:00Z"), ("limit", "1"), ("to", "2008-01-02T00:00:00Z")];
    let asked = Asked::new(ROUTE.template, &names, parameters.clone());
    let paging = asked.paging().unwrap();
    let nothing = Page::<()> {
        items: Vec::new(),
        next: Some(b"no airplane".to_vec()),
    };
    let cursor = paging.next(&nothing).unwrap();
    let with_cursor = [vec![("cursor", cursor.as_str())], parameters].concat();
    match (ROUTE.question)(&Asked::new(ROUTE.template, &names, with_cursor)) {
        Err(Refusal::BadParameter { name: "cursor", given, .. }) => assert_eq!(given, cursor),
        other => panic!("{other:?}"),
    }
    let first = (ROUTE.question)(&asked).unwrap();
    assert!(crate::ScheduleGraph::answer(&first, &view.memory).is_ok());
}
