//! Histories and explanations, against a look at every event that there was.

use super::fixture::{ALL, apply};
use super::model::Model;
use super::random::{asked, decided};
use crate::ask::Filter;
use crate::graph::{NodeId, NodeKind};
use crate::questions::{self, Question};
use crate::{Check, Fact, ScheduleGraph, ViolationId, ask};
use application::{Asked, EventPlace, IssuedCommand, LoggedEvent, Refusal, Unavailable, View, Work, history};
use decider::EventEnvelope;
use domain::{Event, rotation};
use keyvalue::{Memory, Read};
use proptest::prelude::*;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeSet;
use uuid::Uuid;

/// A question as it is asked by the route of that template, with one name in its path.
pub(super) fn question(template: &str, name: (&'static str, &str), parameters: &[(&str, &str)]) -> Result<Question, Refusal> {
    let route = questions::ROUTES.iter().find(|route| route.template == template).unwrap();
    let names = [(name.0, Cow::Borrowed(name.1))];
    (route.question)(&Asked::new(route.template, &names, parameters.to_vec()))
}

fn place(fact: &Fact) -> EventPlace {
    EventPlace {
        partition: fact.partition,
        sequence: fact.sequence,
        offset: i64::try_from(fact.sequence).unwrap() * 2,
    }
}

pub(super) fn envelope(fact: &Fact) -> EventEnvelope<Event> {
    EventEnvelope {
        sequence: fact.sequence,
        aggregate_id: fact.aggregate_id.to_string(),
        version: fact.version,
        command_id: Uuid::from_bytes(fact.command_id),
        command_offset: fact.command_offset,
        decided_at_ms: fact.decided_at.0,
        event: fact.event.clone(),
    }
}

/// The view with the places of all events, as the process keeps it.
fn kept(facts: &[Fact]) -> (Memory, Model) {
    let (mut view, mut model) = (Memory::default(), Model::default());
    for fact in facts {
        apply(&mut view, fact);
        view.apply(&[history::entry(&fact.aggregate_id.to_string(), place(fact))]);
        model.apply(fact);
    }
    (view, model)
}

/// The log gives these events, and of the command of each its issuer.
fn logged(facts: &[Fact], places: &[EventPlace]) -> Vec<LoggedEvent<Event>> {
    let found = |wanted: &EventPlace| facts.iter().find(|fact| place(fact) == *wanted).map(envelope);
    let command = IssuedCommand {
        command_type: "Test",
        issued_by: Some("planner".to_owned()),
    };
    places
        .iter()
        .map(|place| LoggedEvent {
            place: *place,
            event: found(place).ok_or(Unavailable::Deleted),
            command: Ok(command.clone()),
        })
        .collect()
}

fn answered(facts: &[Fact], view: &impl Read, question: &Question) -> Value {
    assert_eq!(ScheduleGraph::work(question), Work::Log);
    let places = ScheduleGraph::log_events(question, view).unwrap();
    let answer = ScheduleGraph::answer_from_log(question, view, &logged(facts, &places)).unwrap();
    serde_json::from_slice(&answer).unwrap()
}

/// Partitions and sequences of the events that are shown, page by page.
fn history_of(facts: &[Fact], view: &impl Read, node: &str, limit: &str) -> Vec<(u64, u64)> {
    let mut shown = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut parameters = vec![("limit", limit)];
        parameters.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        parameters.sort_unstable();
        let page = answered(facts, view, &question("/explain/{+node}", ("node", node), &parameters).unwrap());
        for event in page["events"].as_array().unwrap() {
            assert_eq!(event["command"]["issued_by"], "planner", "{event}");
            assert!(event["changed"].is_array() && event["unavailable"].is_null(), "{event}");
            shown.push((event["partition"].as_u64().unwrap(), event["sequence"].as_u64().unwrap()));
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return shown,
        }
    }
}

fn names_leg(event: &rotation::Event, id: &domain::LegId) -> bool {
    if let rotation::Event::LegAdded { leg } | rotation::Event::LegRemoved { leg } = event {
        return leg.id == *id;
    }
    matches!(event, rotation::Event::LegRescheduled { leg_id, .. } if leg_id == id)
}

/// Whether an event is one of the node's, by a look at the event alone and at when the leg was there.
fn concerns(node: &NodeId, fact: &Fact, is_there: bool) -> bool {
    match (node, &fact.event) {
        (NodeId::Leg(rotation, id), Event::Rotation(event)) => {
            fact.aggregate_id.to_string() == format!("rotation/{rotation}")
                && (names_leg(event, id) || is_there && *event == rotation::Event::Removed)
        }
        (NodeId::Leg(..), _) => false,
        (node, _) => fact.aggregate_id.to_string() == node.to_string(),
    }
}

fn expected(facts: &[Fact], node: &NodeId) -> Vec<(u64, u64)> {
    let mut is_there = false;
    let mut events = Vec::new();
    for fact in facts.iter().filter(|fact| concerns(node, fact, true)) {
        if concerns(node, fact, is_there) {
            events.push((u64::from(fact.partition), fact.sequence));
        }
        if let (NodeId::Leg(..), Event::Rotation(event)) = (node, &fact.event) {
            let ends = matches!(event, rotation::Event::LegRemoved { .. } | rotation::Event::Removed);
            is_there = !ends && (is_there || matches!(event, rotation::Event::LegAdded { .. }));
        }
    }
    events.reverse();
    events
}

proptest! {
    #[test]
    fn the_history_of_a_node_is_every_event_of_it_newest_first_also_after_its_end(asked in asked(), limit in 1..5_usize) {
        let facts = decided(&asked);
        let (view, model) = kept(&facts);
        let nodes: BTreeSet<NodeId> = model.edges().into_keys().map(|(node, _)| node).collect();
        for node in nodes.iter().filter(|node| node.kind() != NodeKind::DesignatorDay) {
            let shown = history_of(&facts, &view, &node.to_string(), &limit.to_string());
            prop_assert_eq!(shown, expected(&facts, node), "{}", node);
        }
    }

    #[test]
    fn a_violation_is_explained_by_events_without_which_it_would_not_be_there(asked in asked()) {
        let facts = decided(&asked);
        let (view, _) = kept(&facts);
        for check in Check::ALL {
            for violation in ask::violations(&view, check, &Filter::default(), ALL).unwrap().items {
                let id = violation.id.to_string();
                prop_assert_eq!(ViolationId::parse(&id), Some(violation.id.clone()));
                let node = format!("violation/{id}");
                let question = question("/explain/{+node}", ("node", &node), &[]).unwrap();
                let answer = answered(&facts, &view, &question);
                prop_assert_eq!(&answer["violation"]["id"], &Value::String(id));
                let of = |value: &Value| (value["partition"].as_u64().unwrap(), value["sequence"].as_u64().unwrap());
                let events: BTreeSet<_> = answer["events"].as_array().unwrap().iter().map(of).collect();
                let stated: BTreeSet<_> = answer["facts"].as_array().unwrap().iter().map(|fact| of(&fact["provenance"])).collect();
                prop_assert!(!stated.is_empty());
                prop_assert_eq!(&events, &stated, "{}", answer);
            }
        }
    }
}

#[test]
fn what_has_no_history_is_refused_with_what_would_have_one() {
    for (node, expected) in [
        ("R1", "rotation/<id>"),
        ("designator-day/HA11/HNL/2008-01-01", "its legs"),
        ("violation/overlap/R1", "<check>/<rotation>/<leg>"),
        ("violation/unknown-reference/R1/crew", "<check>/<rotation>/<leg>"),
    ] {
        match question("/explain/{+node}", ("node", node), &[]) {
            Err(Refusal::BadParameter {
                name: "node",
                expected: said,
                ..
            }) => assert!(said.contains(expected), "{said}"),
            other => panic!("{node}: {other:?}"),
        }
    }
    let unknown = question("/explain/{+node}", ("node", "rotation/R9"), &[]).unwrap();
    assert!(matches!(
        ScheduleGraph::log_events(&unknown, &Memory::default()),
        Err(Refusal::NotFound { .. })
    ));
}

#[test]
fn an_event_that_the_log_has_lost_is_shown_with_its_place_and_why_it_is_not_there() {
    let facts = decided(&[]);
    assert!(facts.is_empty());
    let fact = super::fixture::fact(
        0,
        7,
        domain::AggregateId::parse("airplane/N1AA").unwrap(),
        Event::Airplane(domain::airplane::Event::Registered {
            aircraft_type: super::fixture::aircraft_type("717"),
        }),
    );
    let (view, _) = kept(&[fact]);
    let page = answered(&[], &view, &question("/explain/{+node}", ("node", "airplane/N1AA"), &[]).unwrap());
    let event = &page["events"][0];
    assert_eq!(
        (&event["sequence"], &event["offset"], &event["type"]),
        (&7.into(), &14.into(), &Value::Null)
    );
    assert!(event["unavailable"].as_str().unwrap().contains("deleted"), "{event}");
}
