//! Continuity, overlap and ground time between legs that follow one another.

use super::fixture::*;
use crate::Check::{GroundTime, Overlap, RotationContinuity};
use crate::Detail;
use crate::ask::Filter;

const OUT: &str = "a HA1 HNL OGG 01T08:00 01T08:40";
const BACK: &str = "b HA2 OGG HNL 01T09:10 01T09:50";
const ELSEWHERE: &str = "c HA3 KOA HNL 01T12:00 01T12:40";

#[test]
fn a_leg_from_another_airport_is_discontinuous_until_a_leg_joins_them() {
    let mut view = View::given([created("r"), added("r", OUT), added("r", ELSEWHERE)]);
    view.finds(RotationContinuity, &["r/a then r/c"]);
    view.when([added("r", "x HA9 OGG KOA 01T10:00 01T10:30")]);
    view.finds(RotationContinuity, &[]);
}

#[test]
fn a_leg_taken_from_the_middle_makes_its_neighbours_meet() {
    let middle = "x HA9 OGG KOA 01T10:00 01T10:30";
    let mut view = View::given([created("r"), added("r", OUT), added("r", middle), added("r", ELSEWHERE)]);
    view.finds(RotationContinuity, &[]);
    view.when([left_out("r", middle)]);
    view.finds(RotationContinuity, &["r/a then r/c"]);
}

#[test]
fn a_departure_before_the_arrival_overlaps_and_one_at_the_arrival_does_not() {
    let mut view = View::given([created("r"), added("r", OUT), added("r", BACK)]);
    view.finds(Overlap, &[]);
    view.when([rescheduled("r", BACK, "01T08:39", "01T09:20")]);
    view.finds(Overlap, &["r/a then r/b"]);
    view.when([rescheduled("r", "b HA2 OGG HNL 01T08:39 01T09:20", "01T08:40", "01T09:20")]);
    view.finds(Overlap, &[]);
}

#[test]
fn a_leg_that_moves_past_another_changes_who_follows_whom() {
    let mut view = View::given([created("r"), added("r", OUT), added("r", BACK)]);
    view.finds(RotationContinuity, &[]);
    view.when([rescheduled("r", OUT, "01T11:00", "01T11:40")]);
    view.finds(RotationContinuity, &[]);
    view.when([added("r", ELSEWHERE)]);
    view.finds(RotationContinuity, &["r/a then r/c"]);
    view.when([rescheduled("r", "a HA1 HNL OGG 01T11:00 01T11:40", "01T13:00", "01T13:40")]);
    view.finds(RotationContinuity, &["r/b then r/c"]);
}

#[test]
fn a_ground_time_of_exactly_the_minimum_is_legal_and_a_minute_less_is_not() {
    let mut view = View::given([
        airport("OGG", "Pacific/Honolulu", 30),
        created("r"),
        added("r", OUT),
        added("r", BACK),
    ]);
    view.finds(GroundTime, &[]);
    view.when([rescheduled("r", BACK, "01T09:09", "01T09:50")]);
    view.finds(GroundTime, &["r/a then r/b: 29 of 30 min at OGG"]);
}

#[test]
fn a_changed_minimum_is_applied_to_the_legs_that_are_there() {
    let mut view = View::given([
        airport("OGG", "Pacific/Honolulu", 30),
        created("r"),
        added("r", OUT),
        added("r", BACK),
    ]);
    view.when([minimum("OGG", None, 31)]);
    view.finds(GroundTime, &["r/a then r/b: 30 of 31 min at OGG"]);
    view.when([minimum("OGG", None, 30)]);
    view.finds(GroundTime, &[]);
}

#[test]
fn an_airport_has_no_minimum_until_it_is_registered() {
    let mut view = View::given([created("r"), added("r", OUT), added("r", BACK)]);
    view.finds(GroundTime, &[]);
    view.when([airport("OGG", "Pacific/Honolulu", 45)]);
    view.finds(GroundTime, &["r/a then r/b: 30 of 45 min at OGG"]);
}

#[test]
fn an_overlap_at_one_airport_is_less_than_any_minimum_and_at_two_airports_it_has_none() {
    let view = View::given([
        airport("OGG", "Pacific/Honolulu", 0),
        created("one"),
        added("one", OUT),
        added("one", "b HA2 OGG HNL 01T08:30 01T09:10"),
        created("two"),
        added("two", OUT),
        added("two", "c HA3 KOA HNL 01T08:30 01T09:10"),
    ]);
    view.finds(Overlap, &["one/a then one/b", "two/a then two/c"]);
    view.finds(GroundTime, &["one/a then one/b: -10 of 0 min at OGG"]);
    view.finds(RotationContinuity, &["two/a then two/c"]);
}

#[test]
fn the_minimum_of_an_aircraft_type_counts_while_an_airplane_of_that_type_is_assigned() {
    let mut view = View::given([
        airport("OGG", "Pacific/Honolulu", 20),
        minimum("OGG", Some("767"), 60),
        created("r"),
        added("r", OUT),
        added("r", BACK),
        assigned("r", "N1", None),
    ]);
    view.finds(GroundTime, &[]);
    view.when([airplane("N1", "767")]);
    view.finds(GroundTime, &["r/a then r/b: 30 of 60 min at OGG"]);
    view.when([airplane("N2", "717"), assigned("r", "N2", Some("N1"))]);
    view.finds(GroundTime, &[]);
    view.when([assigned("r", "N1", Some("N2"))]);
    view.finds(GroundTime, &["r/a then r/b: 30 of 60 min at OGG"]);
    view.when([unassigned("r", "N1")]);
    view.finds(GroundTime, &[]);
}

#[test]
fn a_violation_names_the_events_it_follows_from() {
    let view = View::given([
        created("r"),
        added("r", OUT),
        added("r", BACK),
        airport("OGG", "Pacific/Honolulu", 45),
    ]);
    let violations = view.violations(GroundTime, &Filter::default());
    let [violation] = &violations[..] else {
        panic!("{violations:?}");
    };
    let legs: Vec<_> = violation.legs.iter().map(|(_, leg)| leg.provenance).collect();
    assert_eq!(legs, [from_event(2), from_event(3)]);
    assert!(matches!(violation.detail, Detail::GroundTime { airport_provenance, .. } if airport_provenance == from_event(4)));
}
