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
