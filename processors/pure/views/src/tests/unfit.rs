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
