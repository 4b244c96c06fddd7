//! What was registered wrongly is corrected, and a registration is given to another airplane: what follows for legs and rotations.

use super::fixture::*;
use crate::Check::{FlightDesignator, GroundTime, RotationContinuity, UnknownReference};
use crate::ask::{self, Filter};
use crate::{Detail, Projector};
use keyvalue::Memory;

#[test]
fn with_another_zone_legs_depart_on_other_dates() {
    // In Novosibirsk, seven hours ahead, the first two are on the second; in UTC the last two are.
    let mut view = View::given([
        airport("OVB", "UTC", 0),
        created("r"),
        added("r", "a HA1 OVB OGG 01T18:00 01T18:40"),
        added("r", "b HA1 OVB KOA 02T01:00 02T01:40"),
        added("r", "c HA1 OVB KOA 02T18:00 02T18:40"),
    ]);
    view.finds(FlightDesignator, &["r/b then r/c: HA1 from OVB on day 13880, 2 legs"]);
    view.when([airport_corrected("OVB", "Tolmachevo", "Asia/Novosibirsk")]);
    view.finds(FlightDesignator, &["r/a then r/b: HA1 from OVB on day 13880, 2 legs"]);
    view.when([added("r", "d HA1 OVB KOA 02T19:00 02T19:40")]);
    assert_eq!(view.found(FlightDesignator).len(), 2);
    view.when([airport_corrected("OVB", "Tolmachevo", "UTC")]);
    view.finds(FlightDesignator, &["r/b then r/c then r/d: HA1 from OVB on day 13880, 3 legs"]);
}

#[test]
fn another_name_changes_nothing_but_the_airport() {
    let mut view = View::given([
        airport("HNL", "Pacific/Honolulu", 60),
        created("r"),
        added("r", "a HA1 OGG HNL 02T08:00 02T08:40"),
        added("r", "b HA1 HNL OGG 02T09:00 02T09:40"),
    ]);
    let before = view.violations(GroundTime, &Filter::default());
    view.when([airport_corrected("HNL", "Daniel K. Inouye", "Pacific/Honolulu")]);
    assert_eq!(view.violations(GroundTime, &Filter::default()), before);
    let airport = ask::airport(&view.memory, code("HNL")).unwrap().unwrap();
    assert_eq!(
        (airport.name.as_str(), airport.name_provenance),
        ("Daniel K. Inouye", from_event(5))
    );
    assert_eq!((airport.provenance, airport.zone_provenance), (from_event(1), from_event(1)));
}

#[test]
fn a_ground_time_comes_from_the_event_that_set_it_not_from_a_correction() {
    let mut view = View::given([
        airport("HNL", "UTC", 60),
        airport_corrected("HNL", "Honolulu", "Pacific/Honolulu"),
        created("r"),
        added("r", "a HA1 OGG HNL 02T08:00 02T08:40"),
        added("r", "b HA1 HNL OGG 02T09:00 02T09:40"),
    ]);
    let provenance = |view: &View| {
        let Detail::GroundTime { airport_provenance, .. } = view.violations(GroundTime, &Filter::default())[0].detail else {
            panic!("a ground time");
        };
        airport_provenance.sequence
    };
    assert_eq!(provenance(&view), 1);
    view.when([minimum("HNL", None, 50), airport_corrected("HNL", "Honolulu", "UTC")]);
    assert_eq!(provenance(&view), 6);
}

#[test]
fn with_another_type_an_airplane_has_other_minimum_ground_times() {
    let mut view = View::given([
        airport("HNL", "Pacific/Honolulu", 10),
        minimum("HNL", Some("763"), 60),
        airplane("N1", "717"),
        created("r"),
        assigned("r", "N1", None),
        added("r", "a HA1 OGG HNL 02T08:00 02T08:40"),
        added("r", "b HA2 HNL OGG 02T09:00 02T09:40"),
    ]);
    view.finds(GroundTime, &[]);
    view.when([airplane_corrected("N1", "763", "717")]);
    view.finds(GroundTime, &["r/a then r/b: 20 of 60 min at HNL"]);
    view.when([airplane_corrected("N1", "717", "763")]);
    view.finds(GroundTime, &[]);
}

#[test]
fn rotations_of_a_retired_airplane_are_reported_until_they_are_assigned_again_whatever_has_the_registration() {
    let mut view = View::given([
        airport("HNL", "Pacific/Honolulu", 10),
        minimum("HNL", Some("763"), 60),
        airplane("N1", "717"),
        created("before"),
        assigned("before", "N1", None),
        added("before", "a HA1 OGG HNL 02T08:00 02T08:40"),
        added("before", "b HA2 HNL OGG 02T09:00 02T09:40"),
        retired("N1"),
        created("between"),
        assigned("between", "N1", None),
    ]);
    view.finds(
        UnknownReference,
        &[
            "before/b: airport OGG",
            "before/a: airport OGG",
            "before: airplane N1, retired true",
            "between: airplane N1, retired true",
        ],
    );
    view.when([airport("OGG", "Pacific/Honolulu", 0), reregistered("N1", "763")]);
    view.finds(UnknownReference, &["before: airplane N1, retired true"]);
    view.finds(GroundTime, &[]);
    view.when([unassigned("before", "N1"), assigned("before", "N1", None)]);
    view.finds(UnknownReference, &[]);
    view.finds(GroundTime, &["before/a then before/b: 20 of 60 min at HNL"]);
    view.when([retired("N1")]);
    assert_eq!(view.found(UnknownReference).len(), 2);
    view.when([reregistered("N1", "717")]);
    assert_eq!(view.found(UnknownReference).len(), 2);
}

#[test]
fn a_leg_back_to_its_airport_is_checked_as_any_other() {
    let training = "t HA9 HNL HNL 02T08:50 02T09:30";
    let mut view = View::given([
        created("r"),
        added("r", "a HA1 OGG HNL 02T08:00 02T08:40"),
        added("r", training),
        added("r", "b HA2 HNL OGG 02T10:00 02T10:40"),
    ]);
    view.finds(RotationContinuity, &[]);
    assert_eq!(view.found(UnknownReference).len(), 6);
    view.when([airport("HNL", "UTC", 20), airport("OGG", "UTC", 0)]);
    view.finds(UnknownReference, &[]);
    view.finds(GroundTime, &["r/a then r/t: 10 of 20 min at HNL"]);
    view.when([minimum("HNL", None, 40)]);
    view.finds(
        GroundTime,
        &["r/a then r/t: 10 of 40 min at HNL", "r/t then r/b: 30 of 40 min at HNL"],
    );
    // A return to the stand: the same designator departs twice.
    view.when([added("r", "u HA2 HNL HNL 02T09:35 02T09:50")]);
    view.finds(FlightDesignator, &["r/u then r/b: HA2 from HNL on day 13880, 2 legs"]);
    let legs = |found: ask::Page<(domain::RotationId, crate::Leg)>| found.items.len();
    let time = ask::Time::default;
    assert_eq!(legs(ask::departures(&view.memory, code("HNL"), time(), ALL).unwrap()), 3);
    assert_eq!(legs(ask::arrivals(&view.memory, code("HNL"), time(), ALL).unwrap()), 3);
    view.when([left_out("r", training), removed("r")]);
    assert_eq!(ask::counts(&view.memory).unwrap().violations, [0; 6]);
}

/// Many departures of one airport, one a minute, each under its own designator or all of one designator.
fn departures(legs: usize, designators: usize) -> Memory {
    let mut memory = Memory::default();
    let mut projector = Projector::default();
    let events = [airport("HNL", "UTC", 0), created("r")].into_iter().chain((0..legs).map(|number| {
        let time = |minute: usize| format!("{:02}T{:02}:{:02}", minute / 1440 + 1, minute / 60 % 24, minute % 60);
        let text = format!(
            "l{number} HA{} HNL OGG {} {}",
            number % designators + 1,
            time(number),
            time(number + 1)
        );
        added("r", &text)
    }));
    for (index, (aggregate_id, event)) in events.enumerate() {
        let mutations = projector.project(&fact(0, index as u64 + 1, aggregate_id, event), &memory).unwrap();
        memory.apply(&mutations);
    }
    memory
}

#[test]
fn a_zone_writes_only_what_moves_to_another_date() {
    for designators in [1, 9999] {
        let memory = departures(10 * 1440, designators);
        let (aggregate_id, event) = airport_corrected("HNL", "x", "Africa/Lagos");
        let mutations = crate::project(&fact(0, 1_000_000, aggregate_id, event), &memory).unwrap();
        // One of 24 hours moves; each leg of it is written, has an edge to its new day and one less to its old one, a day and a share.
        let moved = 10 * 60;
        assert!(
            mutations.len() < 6 * moved,
            "{} mutations for {moved} legs that move",
            mutations.len()
        );
        let (aggregate_id, event) = airport_corrected("HNL", "x", "UTC");
        let mutations = crate::project(&fact(0, 1_000_000, aggregate_id, event), &memory).unwrap();
        assert_eq!(mutations.len(), 1);
    }
}
