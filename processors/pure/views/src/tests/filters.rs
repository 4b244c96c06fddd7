//! Which violations are listed under conditions, and under which rotation.

use super::fixture::*;
use crate::Check::{FlightDesignator, GroundTime, RotationSeam, UnknownReference};
use crate::ask::{self, Filter, Time, Total};
use crate::{Check, Violation};
use domain::RotationId;
use keyvalue::Memory;

/// Every entry of a check, also where it is not counted.
fn entries(view: &Memory, check: Check) -> Vec<Violation> {
    let rotations = ask::rotations(view, ALL).unwrap().items;
    let of = |(rotation, _)| {
        let filter = Filter {
            rotation: Some(rotation),
            ..Filter::default()
        };
        ask::violations(view, check, &filter, ALL).unwrap().items
    };
    rotations.into_iter().flat_map(of).collect()
}

/// A filter lists the entries of the rotations that it names: of a violation between rotations that which counts, if its rotation is named,
/// and otherwise those of the others. One rotation shows all of its entries.
pub(super) fn holds_what_it_says(view: &Memory, filter: &Filter) {
    let flown: Option<Vec<RotationId>> = filter.airplane.as_ref().map(|airplane| {
        let flown = ask::rotations_of(view, airplane, Time::default(), ALL).unwrap().items;
        flown.into_iter().map(|flown| flown.rotation).collect()
    });
    let is_named = |id: &RotationId| {
        let of_airplane = match &flown {
            Some(flown) => flown.contains(id),
            None => true,
        };
        let begins_so = match &filter.rotation_prefix {
            Some(prefix) => id.as_str().starts_with(prefix.as_str()),
            None => true,
        };
        of_airplane && begins_so && (filter.rotation.is_none() || filter.rotation.as_ref() == Some(id))
    };
    for check in Check::ALL {
        let mut expected = entries(view, check);
        expected.retain(|entry| {
            let shown_elsewhere = filter.rotation.is_none() && !entry.counted && is_named(&entry.legs[0].0);
            is_named(&entry.rotation) && !shown_elsewhere
        });
        if let Some(code) = filter.airport {
            expected.retain(|entry| entry.concerns_airport(code));
        }
        if filter.time != Time::default() {
            let departs_then = |entry: &Violation| entry.legs.iter().take(1).any(|(_, leg)| filter.time.holds(leg.departure));
            expected.retain(departs_then);
        }
        let found = ask::violations(view, check, filter, ALL).unwrap();
        assert_eq!((found.items, found.next), (expected.clone(), None), "{} {filter:?}", check.name());
        assert_eq!(
            ask::count(view, check, filter).unwrap(),
            Total::Exactly(expected.len() as u64),
            "{} {filter:?}",
            check.name()
        );
    }
}

/// Two rotations of one airplane that do not meet, with a designator in common, and one of another airplane.
fn view() -> View {
    View::given([
        airport("OGG", "UTC", 30),
        created("a1"),
        added("a1", "x HA1 HNL OGG 01T08:00 01T08:40"),
        added("a1", "y HA2 OGG KOA 01T09:00 01T09:40"),
        assigned("a1", "N1", None),
        created("b1"),
        added("b1", "x HA1 HNL LIH 01T18:00 01T18:40"),
        assigned("b1", "N1", None),
        created("b2"),
        added("b2", "x HA3 LIH OGG 01T12:00 01T12:40"),
        assigned("b2", "N2", None),
    ])
}

fn under(view: &View, check: Check, filter: &Filter) -> Vec<String> {
    holds_what_it_says(&view.memory, filter);
    view.violations(check, filter)
        .iter()
        .map(|violation| violation.rotation.to_string())
        .collect()
}

#[test]
fn what_lies_between_rotations_is_listed_once_unless_only_the_other_one_is_asked_for() {
    let view = view();
    let by_prefix = |prefix: &str| Filter {
        rotation_prefix: Some(prefix.to_owned()),
        ..Filter::default()
    };
    for check in [RotationSeam, FlightDesignator] {
        assert_eq!(under(&view, check, &Filter::default()), ["a1"]);
        assert_eq!(under(&view, check, &by_prefix("a")), ["a1"]);
        assert_eq!(under(&view, check, &by_prefix("b")), ["b1"]);
        assert!(under(&view, check, &by_prefix("b2")).is_empty());
        for (airplane, expected) in [("N1", vec!["a1"]), ("N2", vec![])] {
            let filter = Filter {
                airplane: Some(registration(airplane)),
                ..Filter::default()
            };
            assert_eq!(under(&view, check, &filter), expected);
        }
    }
}

#[test]
fn conditions_of_airport_and_time_hold_together_with_those_of_rotations() {
    let view = view();
    let at_airport = |text: &str| Filter {
        airport: Some(code(text)),
        ..Filter::default()
    };
    assert_eq!(under(&view, GroundTime, &at_airport("OGG")), ["a1"]);
    assert!(under(&view, GroundTime, &at_airport("KOA")).is_empty());
    assert_eq!(under(&view, RotationSeam, &at_airport("KOA")), ["a1"]);
    assert_eq!(under(&view, RotationSeam, &at_airport("HNL")), ["a1"]);
    assert!(under(&view, RotationSeam, &at_airport("LIH")).is_empty());
    let within = |from: &str, to: &str| Time {
        from: Some(at(from)),
        to: Some(at(to)),
    };
    for (time, count) in [
        (within("01T12:00", "01T12:01"), 1),
        (within("01T11:00", "01T12:00"), 0),
        (within("01T09:00", "01T12:01"), 2),
    ] {
        let filter = Filter {
            airport: Some(code("LIH")),
            time,
            ..Filter::default()
        };
        let without_airport = Filter { time, ..Filter::default() };
        assert_eq!(under(&view, UnknownReference, &filter).len(), count.min(1), "{time:?}");
        assert_eq!(under(&view, UnknownReference, &without_airport).len(), count, "{time:?}");
    }
}

#[test]
fn counting_under_a_filter_looks_at_so_many_keys_and_says_when_there_are_more() {
    let view = view();
    let by_prefix = Filter {
        rotation_prefix: Some("a".to_owned()),
        ..Filter::default()
    };
    let count = |filter: &Filter, scanned_max| ask::count_within(&view.memory, UnknownReference, filter, scanned_max).unwrap();
    let Total::Exactly(all) = count(&by_prefix, ask::SCANNED_MAX) else {
        panic!("these are few");
    };
    assert!(all > 2);
    let keys = usize::try_from(all).unwrap();
    assert_eq!(count(&by_prefix, keys), Total::Exactly(all));
    assert_eq!(count(&by_prefix, keys - 1), Total::AtLeast(all - 1));
    assert_eq!(count(&by_prefix, 1), Total::AtLeast(1));
    // Without a filter nothing is scanned.
    assert!(matches!(count(&Filter::default(), 0), Total::Exactly(all) if all > 0));
}
