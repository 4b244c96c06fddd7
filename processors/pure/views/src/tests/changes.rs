//! The changes that followers are sent, against the violations that there are after every event.

use super::explain::envelope;
use super::fixture::ALL;
use super::random::{asked, decided};
use crate::ask::{self, Filter};
use crate::{Check, Fact, Projector, ScheduleGraph};
use application::{Change, View};
use keyvalue::{Memory, Overlay};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeSet;

/// Applies an event, and returns the changes that followers are sent for it.
fn applied(projector: &mut Projector, view: &mut Memory, fact: &Fact) -> (Change, Vec<Change>) {
    let mutations = projector.project(fact, view).unwrap();
    let event = envelope(fact);
    let change = ScheduleGraph::change(fact.partition, &event, view).unwrap();
    let mut after = Overlay::new(&*view);
    after.apply(mutations.clone());
    let consequences = ScheduleGraph::consequences(fact.partition, &event, &mutations, view, &after).unwrap();
    view.apply(&mutations);
    (change, consequences)
}

fn violation_of(change: &Change) -> String {
    let document: Value = serde_json::from_slice(&change.document).unwrap();
    document["violation"]["id"].as_str().unwrap().to_owned()
}

fn violations(view: &Memory) -> BTreeSet<String> {
    let of = |check| ask::violations(view, check, &Filter::default(), ALL).unwrap().items;
    Check::ALL
        .into_iter()
        .flat_map(of)
        .map(|violation| violation.id.to_string())
        .collect()
}

proptest! {
    #[test]
    fn violations_that_appear_and_disappear_lead_to_those_that_there_are(asked in asked()) {
        let (mut projector, mut view) = (Projector::default(), Memory::default());
        let mut known: BTreeSet<String> = BTreeSet::new();
        for fact in &decided(&asked) {
            let (change, consequences) = applied(&mut projector, &mut view, fact);
            prop_assert!(ScheduleGraph::CHANGE_KINDS.contains(&change.kind), "{}", change.kind);
            prop_assert!(change.is_about("aggregate", &[fact.aggregate_id.to_string()]));
            for change in &consequences {
                prop_assert!(ScheduleGraph::CHANGE_KINDS.contains(&change.kind), "{}", change.kind);
                let id = violation_of(change);
                let check = id.split('/').next().unwrap().to_owned();
                prop_assert!(change.is_about("check", &[check]));
                match change.kind {
                    "violation-appeared" => prop_assert!(known.insert(id), "{:?}", change),
                    "violation-disappeared" => prop_assert!(known.remove(&id), "{:?}", change),
                    other => panic!("{other}"),
                }
            }
            prop_assert_eq!(&known, &violations(&view), "{:?}", fact);
        }
    }
}

#[test]
fn an_event_is_about_the_airports_of_its_leg_and_the_airplane_of_its_rotation() {
    use super::fixture::{added, airport, assigned, created, left_out, rescheduled};
    let leg = "L1 HA11 HNL LAX 01T08:00 01T13:00";
    let events = [
        airport("HNL", "Pacific/Honolulu", 30),
        created("R1"),
        assigned("R1", "N1AA", None),
        added("R1", leg),
        rescheduled("R1", leg, "01T09:00", "01T14:00"),
        left_out("R1", "L1 HA11 HNL LAX 01T09:00 01T14:00"),
    ];
    let (mut projector, mut view) = (Projector::default(), Memory::default());
    let mut seen = Vec::new();
    for (sequence, (aggregate_id, event)) in (1..).zip(events) {
        let (change, _) = applied(&mut projector, &mut view, &super::fixture::fact(0, sequence, aggregate_id, event));
        let about: Vec<String> = change.about.iter().skip(1).map(|(name, value)| format!("{name} {value}")).collect();
        seen.push(format!("{}: {}", change.kind, about.join(", ")));
    }
    assert_eq!(
        seen,
        [
            "AirportRegistered: airport HNL",
            "RotationCreated: rotation R1",
            "AirplaneAssigned: airplane N1AA, rotation R1",
            "LegAdded: airplane N1AA, airport HNL, airport LAX, rotation R1",
            "LegRescheduled: airplane N1AA, airport HNL, airport LAX, rotation R1",
            "LegRemoved: airplane N1AA, airport HNL, airport LAX, rotation R1",
        ]
    );
}

#[test]
fn followers_are_sent_a_thousand_violations_of_one_event_and_then_that_there_are_more() {
    use super::fixture::{airport, created, fact, leg, rotation};
    use domain::rotation::Event::LegAdded;
    for (legs, sent, is_cut) in [(1000, 1000, false), (1001, 1001, true)] {
        let (mut projector, mut view) = (Projector::default(), Memory::default());
        let added = (0..legs).map(|number| {
            let mut leg = leg("a HA1 HNL OGG 01T08:00 01T08:40");
            leg.id = super::fixture::leg_id(&format!("L{number}"));
            leg.departure.0 += number * 86_400_000;
            leg.arrival.0 += number * 86_400_000;
            rotation("r1", LegAdded { leg })
        });
        let mut sequence = 0;
        for (aggregate_id, event) in std::iter::once(created("r1")).chain(added) {
            sequence += 1;
            let mutations = projector.project(&fact(0, sequence, aggregate_id, event), &view).unwrap();
            view.apply(&mutations);
        }
        let (aggregate_id, event) = airport("HNL", "UTC", 30);
        let (_, consequences) = applied(&mut projector, &mut view, &fact(0, sequence + 1, aggregate_id, event));
        assert_eq!(consequences.len(), sent);
        let disappeared = consequences.iter().filter(|change| change.kind == "violation-disappeared").count();
        assert_eq!(disappeared, 1000);
        let last = consequences.last().unwrap();
        assert_eq!(last.kind == "violations-untold", is_cut);
        if is_cut {
            assert!(Check::ALL.iter().all(|check| last.is_about("check", &[check.name().to_owned()])));
            let document: Value = serde_json::from_slice(&last.document).unwrap();
            assert_eq!((&document["partition"], &document["sequence"]), (&0.into(), &(sequence + 1).into()));
        }
    }
}

#[test]
fn followers_choose_among_all_types_of_events_and_three_kinds_of_violations() {
    assert_eq!(
        ScheduleGraph::CHANGE_KINDS,
        [
            "AirportRegistered",
            "MinimumGroundTimeSet",
            "AirportCorrected",
            "AirplaneRegistered",
            "AirplaneRetired",
            "AirplaneCorrected",
            "AirplaneReregistered",
            "RotationCreated",
            "LegAdded",
            "LegRemoved",
            "LegRescheduled",
            "AirplaneAssigned",
            "AirplaneUnassigned",
            "RotationActivated",
            "RotationRemoved",
            "violation-appeared",
            "violation-disappeared",
            "violations-untold",
        ]
    );
    let check = |name: &str, text: &str| {
        let filter = ScheduleGraph::CHANGE_FILTERS.iter().find(|filter| filter.name == name).unwrap();
        (filter.check)(text).is_ok()
    };
    for (name, good, bad) in [
        ("airport", "HNL", "Honolulu"),
        ("airplane", "N475HA", "n475ha"),
        ("rotation", "R1", "R/1"),
        ("check", "overlap", "crew"),
    ] {
        assert!(check(name, good) && !check(name, bad), "{name}");
    }
}

/// The type of an event and what it has changed.
fn changed((aggregate_id, event): super::fixture::AggregateEvent) -> String {
    let event = envelope(&super::fixture::fact(0, 1, aggregate_id, event));
    let change = ScheduleGraph::change(0, &event, &Memory::default()).unwrap();
    let document = String::from_utf8(change.document).unwrap();
    let (_, changed) = document.split_once(r#""changed":"#).unwrap();
    format!("{} {}", change.kind, changed.strip_suffix('}').unwrap())
}

#[test]
fn an_event_says_what_it_has_changed_and_nothing_that_stays_the_same() {
    use super::fixture::*;
    use domain::rotation::Event::Activated;
    let leg = "L1 HA11 HNL LAX 01T08:00 01T13:00";
    let all = [
        airport("HNL", "Pacific/Honolulu", 30),
        minimum("HNL", None, 40),
        minimum("HNL", Some("717"), 20),
        airport_corrected("HNL", "Honolulu", "Pacific/Honolulu"),
        airport_corrected("HNL", "before", "Pacific/Honolulu"),
        airport_corrected("HNL", "Honolulu", "UTC"),
        airplane("N1", "717"),
        retired("N1"),
        airplane_corrected("N1", "763", "717"),
        reregistered("N1", "763"),
        created("R1"),
        added("R1", leg),
        left_out("R1", leg),
        rescheduled("R1", leg, "01T09:00", "01T14:00"),
        rescheduled("R1", leg, "01T08:00", "01T14:00"),
        rescheduled("R1", leg, "01T09:00", "01T13:00"),
        assigned("R1", "N1", None),
        assigned("R1", "N1", Some("N2")),
        unassigned("R1", "N1"),
        rotation("R1", Activated),
        removed("R1"),
    ];
    expect_test::expect![[r#"
        AirportRegistered [{"what":"name","from":null,"to":"HNL airport"},{"what":"zone","from":null,"to":"Pacific/Honolulu"},{"what":"minimum_ground_time_minutes","from":null,"to":30}]
        MinimumGroundTimeSet [{"what":"minimum_ground_time_minutes","to":40}]
        MinimumGroundTimeSet [{"what":"minimum_ground_time_minutes of 717","to":20}]
        AirportCorrected [{"what":"name","from":"before","to":"Honolulu"},{"what":"zone","from":"UTC","to":"Pacific/Honolulu"}]
        AirportCorrected [{"what":"zone","from":"UTC","to":"Pacific/Honolulu"}]
        AirportCorrected [{"what":"name","from":"before","to":"Honolulu"}]
        AirplaneRegistered [{"what":"aircraft_type","from":null,"to":"717"}]
        AirplaneRetired [{"what":"retired","from":false,"to":true}]
        AirplaneCorrected [{"what":"aircraft_type","from":"717","to":"763"}]
        AirplaneReregistered [{"what":"retired","from":true,"to":false},{"what":"aircraft_type","to":"763"}]
        RotationCreated [{"what":"mode","from":null,"to":"draft"}]
        LegAdded [{"what":"leg","from":null,"to":{"id":"L1","designator":"HA11","origin":"HNL","destination":"LAX","departure":"2008-01-01T08:00:00.000Z","arrival":"2008-01-01T13:00:00.000Z"}}]
        LegRemoved [{"what":"leg","from":{"id":"L1","designator":"HA11","origin":"HNL","destination":"LAX","departure":"2008-01-01T08:00:00.000Z","arrival":"2008-01-01T13:00:00.000Z"},"to":null}]
        LegRescheduled [{"what":"departure of L1","from":"2008-01-01T08:00:00.000Z","to":"2008-01-01T09:00:00.000Z"},{"what":"arrival of L1","from":"2008-01-01T13:00:00.000Z","to":"2008-01-01T14:00:00.000Z"}]
        LegRescheduled [{"what":"arrival of L1","from":"2008-01-01T13:00:00.000Z","to":"2008-01-01T14:00:00.000Z"}]
        LegRescheduled [{"what":"departure of L1","from":"2008-01-01T08:00:00.000Z","to":"2008-01-01T09:00:00.000Z"}]
        AirplaneAssigned [{"what":"airplane","from":null,"to":"N1"}]
        AirplaneAssigned [{"what":"airplane","from":"N2","to":"N1"}]
        AirplaneUnassigned [{"what":"airplane","from":"N1","to":null}]
        RotationActivated [{"what":"mode","from":"draft","to":"active"}]
        RotationRemoved [{"what":"removed","from":false,"to":true}]"#]].assert_eq(&all.map(changed).join("\n"));
}

#[test]
fn a_view_of_events_and_settled_counts_is_the_same_as_one_of_facts() {
    use super::fixture::*;
    let leg = "L1 HA11 HNL LAX 01T08:00 01T13:00";
    let events = [
        airport("HNL", "Pacific/Honolulu", 30),
        created("R1"),
        added("R1", leg),
        assigned("R1", "N1", None),
    ];
    let (mut graph, mut view, mut expected) = (ScheduleGraph::default(), Memory::default(), Memory::default());
    for (sequence, (aggregate_id, event)) in (1..).zip(events) {
        let fact = fact(3, sequence, aggregate_id, event);
        apply(&mut expected, &fact);
        let mutations = graph.project(fact.partition, &envelope(&fact), &view).unwrap();
        view.apply(&mutations);
    }
    assert_eq!(ask::counts(&view).unwrap().legs, 0);
    view.apply(&graph.settle());
    assert!(view.iter().eq(expected.iter()));
    assert!(graph.settle().is_empty());
    let mut nameless = envelope(&fact(3, 9, created("R1").0, created("R1").1));
    nameless.aggregate_id = "R1".to_owned();
    assert!(matches!(graph.project(3, &nameless, &view), Err(crate::ProjectError::Unfit { .. })));
}

#[test]
fn a_violation_is_about_its_rotations_their_airplanes_and_the_airports_where_it_is() {
    use super::fixture::*;
    let events = [
        airport("HNL", "UTC", 30),
        airport("OGG", "UTC", 45),
        airport("KOA", "UTC", 45),
        airplane("N1", "717"),
        created("r1"),
        added("r1", "a HA1 HNL OGG 01T18:00 01T18:40"),
        added("r1", "b HA2 OGG HNL 01T19:10 01T19:50"),
        created("r2"),
        added("r2", "c HA3 KOA OGG 01T20:30 01T21:00"),
        assigned("r1", "N1", None),
        assigned("r2", "N1", None),
        unassigned("r2", "N1"),
    ];
    let (mut projector, mut view) = (Projector::default(), Memory::default());
    let mut seen = Vec::new();
    for (sequence, (aggregate_id, event)) in (1..).zip(events) {
        let (_, consequences) = applied(&mut projector, &mut view, &fact(0, sequence, aggregate_id, event));
        for change in consequences {
            let about: Vec<String> = change.about.iter().map(|(name, value)| format!("{name} {value}")).collect();
            seen.push(format!("{sequence} {}: {}", change.kind, about.join(", ")));
        }
    }
    assert_eq!(
        seen,
        [
            "7 violation-appeared: airport OGG, check ground-time, rotation r1",
            "11 violation-appeared: airplane N1, airport HNL, airport KOA, check rotation-seam, rotation r1, rotation r2",
            "12 violation-disappeared: airplane N1, airport HNL, airport KOA, check rotation-seam, rotation r1, rotation r2",
        ]
    );
}
