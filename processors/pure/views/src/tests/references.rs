//! References to what is not registered.

use super::fixture::*;
use crate::Check::UnknownReference;

const OUT: &str = "a HA1 HNL OGG 01T08:00 01T08:40";

#[test]
fn a_leg_between_unregistered_airports_is_reported_for_each_until_they_are_registered() {
    let mut view = View::given([created("r"), added("r", OUT)]);
    view.finds(UnknownReference, &["r/a: airport OGG", "r/a: airport HNL"]);
    view.when([airport("HNL", "Pacific/Honolulu", 30)]);
    view.finds(UnknownReference, &["r/a: airport OGG"]);
    view.when([airport("OGG", "Pacific/Honolulu", 30)]);
    view.finds(UnknownReference, &[]);
}

#[test]
fn an_airplane_is_unknown_before_it_is_registered_and_after_it_has_retired() {
    let mut view = View::given([created("r"), assigned("r", "N1", None)]);
    view.finds(UnknownReference, &["r: airplane N1, retired false"]);
    view.when([airplane("N1", "717")]);
    view.finds(UnknownReference, &[]);
    view.when([retired("N1")]);
    view.finds(UnknownReference, &["r: airplane N1, retired true"]);
    view.when([airplane("N2", "717"), assigned("r", "N2", Some("N1"))]);
    view.finds(UnknownReference, &[]);
}

#[test]
fn an_unknown_airplane_is_no_matter_once_it_is_unassigned() {
    let mut view = View::given([created("r"), assigned("r", "N1", None), unassigned("r", "N1")]);
    view.finds(UnknownReference, &[]);
    view.when([created("s"), assigned("s", "N1", None), removed("s")]);
    view.finds(UnknownReference, &[]);
}
