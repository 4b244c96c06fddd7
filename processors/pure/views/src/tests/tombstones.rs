//! What became of what is gone: tombstones name the event, its command and its time.

use super::explain::question;
use super::fixture::*;
use crate::ask;
use crate::{FormerAirplane, FormerAssignment, ScheduleGraph};
use application::View as _;

const OUT: &str = "a HA1 HNL OGG 01T08:00 01T08:40";
const BACK: &str = "b HA2 OGG HNL 01T09:10 01T09:50";

#[test]
fn a_removed_leg_is_known_as_it_last_was_with_the_event_that_removed_it() {
    let mut view = View::given([
        airport("HNL", "Pacific/Honolulu", 30),
        created("r"),
        added("r", OUT),
        rescheduled("r", OUT, "01T10:30", "01T11:10"),
    ]);
    assert_eq!(ask::removed_leg(&view.memory, &rotation_id("r"), &leg_id("a")).unwrap(), None);
    view.when([left_out("r", "a HA1 HNL OGG 01T10:30 01T11:10")]);
    let removed = ask::removed_leg(&view.memory, &rotation_id("r"), &leg_id("a")).unwrap().unwrap();
    assert_eq!(removed.removed, from_event(5));
    assert_eq!(removed.leg, leg("a HA1 HNL OGG 01T10:30 01T11:10"));
    assert_eq!((removed.provenance, removed.times_provenance), (from_event(3), from_event(4)));
    assert_eq!(ask::leg(&view.memory, &rotation_id("r"), &leg_id("a")).unwrap(), None);
}

#[test]
fn the_answer_for_a_removed_leg_has_the_leg_and_who_wrote_it() {
    let view = View::given([created("r"), added("r", OUT), left_out("r", OUT)]);
    let question = question("/graph/nodes/{+id}", ("id", "leg/r/a"), &[]).unwrap();
    let answer = String::from_utf8(ScheduleGraph::answer(&question, &view.memory).unwrap()).unwrap();
    let facts = r#""facts":{"rotation":"r","id":"a","designator":"HA1","origin":"HNL","destination":"OGG","departure":"2008-01-01T08:00:00.000Z","arrival":"2008-01-01T08:40:00.000Z","provenance":{"partition":0,"sequence":2,"#;
    assert!(answer.contains(facts), "{answer}");
}

#[test]
fn a_removed_rotation_takes_its_legs_and_its_assignment_with_it_and_all_say_so() {
    let mut view = View::given([created("r"), added("r", OUT), added("r", BACK), assigned("r", "N1", None)]);
    view.when([removed("r")]);
    let id = rotation_id("r");
    let tombstone = ask::removed_rotation(&view.memory, &id).unwrap().unwrap();
    assert_eq!((tombstone.removed, tombstone.rotation.provenance), (from_event(5), from_event(1)));
    assert_eq!(tombstone.rotation.registration(), Some(&registration("N1")));
    let legs = ask::removed_legs(&view.memory, &id, ALL).unwrap().items;
    let legs: Vec<_> = legs.iter().map(|removed| (removed.leg.id.as_str(), removed.removed)).collect();
    assert_eq!(legs, [("a", from_event(5)), ("b", from_event(5))]);
    let former = FormerAssignment {
        assigned: from_event(4),
        ended: from_event(5),
    };
    assert_eq!(
        ask::former_airplanes(&view.memory, &id, ALL).unwrap().items,
        [(registration("N1"), former)]
    );
    assert_eq!(
        ask::former_rotations(&view.memory, &registration("N1"), ALL).unwrap().items,
        [(id, former)]
    );
}

#[test]
fn each_airplane_that_a_rotation_had_remains_known_with_its_last_assignment() {
    let mut view = View::given([created("r"), assigned("r", "N1", None), assigned("r", "N2", Some("N1"))]);
    view.when([unassigned("r", "N2"), assigned("r", "N1", None), unassigned("r", "N1")]);
    let former = |assigned, ended| FormerAssignment {
        assigned: from_event(assigned),
        ended: from_event(ended),
    };
    assert_eq!(
        ask::former_airplanes(&view.memory, &rotation_id("r"), ALL).unwrap().items,
        [(registration("N1"), former(5, 6)), (registration("N2"), former(3, 4))]
    );
}

#[test]
fn an_airplane_whose_registration_was_given_away_is_known_by_its_type_and_retirement() {
    let mut view = View::given([airplane("N1", "717"), retired("N1"), reregistered("N1", "763")]);
    let stored = |view: &View| ask::airplane(&view.memory, &registration("N1")).unwrap().unwrap();
    let former = FormerAirplane {
        aircraft_type: aircraft_type("717"),
        retired: from_event(2),
    };
    assert_eq!((stored(&view).former, stored(&view).provenance), (Some(former), from_event(3)));
    view.when([airplane_corrected("N1", "764", "763"), retired("N1")]);
    let airplane = stored(&view);
    assert_eq!(
        (airplane.provenance, airplane.type_provenance, airplane.retired),
        (from_event(3), from_event(4), Some(from_event(5)))
    );
}

#[test]
fn each_minimum_ground_time_says_which_event_set_it() {
    let view = View::given([
        airport("HNL", "UTC", 30),
        minimum("HNL", Some("763"), 60),
        minimum("HNL", None, 40),
        minimum("HNL", Some("717"), 20),
    ]);
    let airport = ask::airport(&view.memory, code("HNL")).unwrap().unwrap();
    let of = |of_type: Option<&str>| {
        let minimum = airport.minimum_of(of_type.map(aircraft_type).as_ref());
        (minimum.minutes, minimum.provenance)
    };
    assert_eq!(of(None), (40, from_event(3)));
    assert_eq!(of(Some("763")), (60, from_event(2)));
    assert_eq!(of(Some("717")), (20, from_event(4)));
    assert_eq!(of(Some("320")), (40, from_event(3)));
}
