//! Events that contradict the view, and a view that contradicts itself.

use super::fixture::*;
use crate::keys::{Key, Prefix};
use crate::{BudgetExceeded, Check, ProjectError, content_hash, project, recompute};
use domain::AggregateId;
use keyvalue::Mutation;

const OUT: &str = "a HA1 HNL OGG 01T08:00 01T08:40";
const ELSEWHERE: &str = "b HA2 KOA HNL 01T09:10 01T09:50";

fn discontinuous() -> View {
    View::given([created("r"), added("r", OUT), added("r", ELSEWHERE)])
}

#[test]
fn an_event_that_does_not_fit_is_an_error_that_says_why() {
    let view = View::given([created("r"), airport("HNL", "Pacific/Honolulu", 30), airplane("N1", "717")]);
    let wrong_kind = (AggregateId::Airport(code("HNL")), created("r").1);
    for ((aggregate_id, event), reason) in [
        (wrong_kind, "an event of another kind than airport/HNL"),
        (created("r"), "the rotation exists already"),
        (added("s", OUT), "there is no rotation s"),
        (left_out("r", OUT), "there is no leg a"),
        (rescheduled("r", OUT, "01T09:00", "01T10:00"), "there is no leg a"),
        (airport("HNL", "Pacific/Honolulu", 30), "the airport is registered already"),
        (minimum("OGG", None, 30), "the airport is not registered"),
        (airplane("N1", "717"), "the airplane is registered already"),
        (retired("N2"), "the airplane is not registered"),
    ] {
        let error = project(&fact(0, 9, aggregate_id, event), &view.memory).unwrap_err();
        assert!(matches!(error, ProjectError::Unfit { .. }), "{error}");
        assert!(error.to_string().ends_with(reason), "{error}");
    }
}

#[test]
fn a_recomputation_notices_an_entry_that_is_missing_left_over_or_other_than_it_should_be() {
    let (from, to) = Key::new(Prefix::Violation).byte(Check::RotationContinuity.number()).range();
    let view = discontinuous();
    let (key, value) = view.memory.iter().find(|(key, _)| (&from[..]..&to[..]).contains(key)).unwrap();
    let (key, value) = (key.to_vec(), value.to_vec());
    let altered = [value.clone(), vec![0]].concat();
    for change in [
        Mutation::Delete { key: key.clone() },
        Mutation::Put {
            key: [key.clone(), vec![1]].concat(),
            value,
        },
        Mutation::Put { key, value: altered },
    ] {
        let mut view = discontinuous();
        let hash = content_hash(&view.memory).unwrap();
        view.memory.apply(&[change]);
        let recomputed = recompute(&view.memory, Some(Check::RotationContinuity), 2).unwrap();
        assert_eq!((recomputed.total, recomputed.differing), (1, 1));
        assert_eq!(recompute(&view.memory, Some(Check::Overlap), 2).unwrap().differing, 0);
        assert_ne!(content_hash(&view.memory).unwrap(), hash);
    }
}

#[test]
fn a_recomputation_is_given_up_beyond_its_budget() {
    let view = discontinuous();
    assert_eq!(recompute(&view.memory, None, 1), Err(BudgetExceeded::Legs { legs_max: 1 }));
}

#[test]
fn bytes_that_cannot_be_right_are_an_error() {
    let mut view = discontinuous();
    let key = crate::keys::rotation(&rotation_id("r")).0;
    view.memory.apply(&[Mutation::Put { key, value: vec![0xFF] }]);
    let (aggregate_id, event) = assigned("r", "N1", None);
    let error = project(&fact(0, 9, aggregate_id, event), &view.memory).unwrap_err();
    assert!(matches!(error, ProjectError::Read(_)), "{error}");
}

/// The view without one key of a kind, and with another value there.
fn damaged(prefix: Prefix) -> [keyvalue::Memory; 2] {
    let view = || {
        View::given([
            airport("OGG", "UTC", 0),
            created("r"),
            added("r", OUT),
            added("r", "b HA2 OGG HNL 01T09:10 01T09:50"),
            created("s"),
            added("s", OUT),
        ])
        .memory
    };
    let key = view()
        .iter()
        .map(|(key, _)| key.to_vec())
        .find(|key| key[0] == prefix as u8)
        .unwrap();
    let (mut without, mut other) = (view(), view());
    without.apply(&[Mutation::Delete { key: key.clone() }]);
    other.apply(&[Mutation::Put { key, value: vec![9] }]);
    [without, other]
}

#[test]
fn a_recomputation_compares_what_ground_times_and_designators_are_counted_by() {
    for (prefix, check) in [
        (Prefix::Stays, Check::GroundTime),
        (Prefix::DesignatorDayLegs, Check::FlightDesignator),
    ] {
        for view in damaged(prefix) {
            let differing = |check| recompute(&view, check, 99).unwrap().differing;
            assert_eq!(
                (differing(None), differing(Some(check)), differing(Some(Check::Overlap))),
                (1, 1, 0),
                "{prefix:?}"
            );
        }
    }
}

#[test]
fn a_recomputation_looks_at_as_many_legs_as_it_may_and_gives_up_at_one_more() {
    let [_, view] = damaged(Prefix::Count);
    assert_eq!(recompute(&view, None, 3).unwrap().differing, 0);
    assert_eq!(recompute(&view, None, 2), Err(BudgetExceeded::Legs { legs_max: 2 }));
}

#[test]
fn a_count_that_would_fall_below_zero_is_an_error_and_zero_is_none() {
    let given = || View::given([created("r")]).memory;
    let (aggregate_id, event) = removed("r");
    let gone = fact(0, 9, aggregate_id, event);
    let mut view = given();
    view.apply(&project(&gone, &view).unwrap());
    assert_eq!(crate::ask::counts(&view).unwrap().rotations, 0);
    let mut view = given();
    let key = crate::keys::count(0).0;
    view.apply(&[Mutation::Delete { key }]);
    let error = project(&gone, &view).unwrap_err();
    assert!(error.to_string().contains("a count is below zero"), "{error}");
}

#[test]
fn an_airplane_that_has_retired_is_registered_again_before_anything_else() {
    let view = View::given([airplane("N1", "717"), retired("N1"), airplane("N2", "717")]);
    for ((aggregate_id, event), reason) in [
        (retired("N1"), "the airplane has retired"),
        (airplane_corrected("N1", "763", "717"), "the airplane has retired"),
        (airplane("N1", "717"), "the airplane is registered already"),
        (reregistered("N2", "717"), "the airplane has not retired"),
        (reregistered("N3", "717"), "the airplane is not registered"),
        (airplane_corrected("N3", "763", "717"), "the airplane is not registered"),
        (airport_corrected("HNL", "Honolulu", "UTC"), "the airport is not registered"),
    ] {
        let error = project(&fact(0, 9, aggregate_id, event), &view.memory).unwrap_err();
        assert!(
            matches!(error, ProjectError::Unfit { .. }) && error.to_string().ends_with(reason),
            "{error}"
        );
    }
}
