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
    // Each page but the last reads an event at least, if it is of the node or not.
    for _ in 0..=facts.len() {
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
            None => {
                let is_whole = shown.is_empty() || page["events"].as_array().is_some_and(|events| !events.is_empty());
                assert!(is_whole, "nothing is older than what has made {node}, and yet it was looked for");
                return shown;
            }
        }
    }
    panic!("more pages than events: {shown:?}");
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

/// The history of an airplane with three events, of which the log gives what is said of each from the newest on.
fn history_from(newest_first: [Result<(), Unavailable>; 3]) -> Result<Value, Refusal> {
    use super::fixture::{airplane, airplane_corrected, retired};
    let events = [airplane("N1", "717"), airplane_corrected("N1", "763", "717"), retired("N1")];
    let facts: Vec<Fact> = (1..)
        .zip(events)
        .map(|(sequence, (aggregate_id, event))| super::fixture::fact(0, sequence, aggregate_id, event))
        .collect();
    let (view, _) = kept(&facts);
    let question = question("/explain/{+node}", ("node", "airplane/N1"), &[]).unwrap();
    let places = ScheduleGraph::log_events(&question, &view).unwrap();
    let mut logged = logged(&facts, &places);
    assert_eq!(logged.len(), 3);
    for (logged, given) in logged.iter_mut().zip(newest_first) {
        if let Err(why) = given {
            logged.event = Err(why.clone());
            logged.command = Err(why);
        }
    }
    let answer = ScheduleGraph::answer_from_log(&question, &view, &logged)?;
    Ok(serde_json::from_slice(&answer).unwrap())
}

#[test]
fn a_history_ends_before_the_first_event_that_was_not_read_in_time_and_goes_on_there() {
    let sequences = |page: &Value| {
        let events = page["events"].as_array().unwrap().iter();
        events.map(|event| event["sequence"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let whole = history_from([Ok(()), Ok(()), Ok(())]).unwrap();
    assert_eq!((sequences(&whole), &whole["next_cursor"]), (vec![3, 2, 1], &Value::Null));
    let part = history_from([Ok(()), Err(Unavailable::NotRead), Ok(())]).unwrap();
    assert_eq!(sequences(&part), [3]);
    assert!(part["next_cursor"].is_string(), "{part}");
    let none = history_from([Err(Unavailable::NotRead), Ok(()), Ok(())]);
    assert!(matches!(none, Err(Refusal::LogUnavailable(_))), "{none:?}");
}

#[test]
fn an_event_that_cannot_be_read_is_shown_with_the_reason() {
    let page = history_from([
        Ok(()),
        Err(Unavailable::Unreadable("no schema 7".to_owned())),
        Err(Unavailable::Deleted),
    ])
    .unwrap();
    let why = |index: usize| page["events"][index]["unavailable"].clone();
    assert_eq!(why(0), Value::Null);
    assert_eq!(why(1), "the record of this event cannot be read: no schema 7");
    assert!(why(2).as_str().unwrap().contains("deleted"), "{page}");
}

#[test]
fn a_command_that_cannot_be_read_leaves_its_event_with_the_reason() {
    use super::fixture::{airplane, fact};
    let (aggregate_id, event) = airplane("N1", "717");
    let facts = [fact(0, 1, aggregate_id, event)];
    let (view, _) = kept(&facts);
    let question = question("/explain/{+node}", ("node", "airplane/N1"), &[]).unwrap();
    let places = ScheduleGraph::log_events(&question, &view).unwrap();
    let mut logged = logged(&facts, &places);
    logged[0].command = Err(Unavailable::NotRead);
    let answer = ScheduleGraph::answer_from_log(&question, &view, &logged).unwrap();
    let page: Value = serde_json::from_slice(&answer).unwrap();
    let event = &page["events"][0];
    assert_eq!(
        (&event["type"], &event["unavailable"]),
        (&"AirplaneRegistered".into(), &Value::Null)
    );
    assert_eq!(event["command"]["unavailable"], "this command was not read in time");
}

#[test]
fn a_violation_names_every_fact_that_it_follows_from() {
    use super::fixture::*;
    let second = "b HA2 OGG HNL 01T19:10 01T19:50";
    let view = View::given([
        airport("HNL", "UTC", 30),
        airport("OGG", "UTC", 45),
        airplane("N1", "717"),
        created("r1"),
        assigned("r1", "N1", None),
        added("r1", "a HA1 HNL OGG 01T18:00 01T18:40"),
        added("r1", second),
        rescheduled("r1", second, "01T19:10", "01T19:55"),
        created("r2"),
        assigned("r2", "N1", None),
        added("r2", "c HA3 OGG LIH 01T20:30 01T21:00"),
        retired("N1"),
    ]);
    let facts = |id: &str| {
        let node = format!("violation/{id}");
        let question = question("/explain/{+node}", ("node", &node), &[]).unwrap();
        let answer: Value = serde_json::from_slice(&ScheduleGraph::answer(&question, &view.memory).unwrap()).unwrap();
        let of = |fact: &Value| {
            let (node, attribute) = (fact["node"].as_str().unwrap(), fact["attribute"].as_str().unwrap());
            format!("{node} {attribute} {}", fact["provenance"]["sequence"])
        };
        answer["facts"].as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    let airplane = ["airplane/N1 aircraft_type 3", "airplane/N1 retired 12"];
    let ground_time = [
        "leg/r1/a leg 6",
        "leg/r1/b leg 7",
        "leg/r1/b times 8",
        "airport/OGG minimum_ground_time 2",
        "rotation/r1 airplane 5",
    ];
    assert_eq!(facts("ground-time/r1/a"), [&ground_time[..], &airplane].concat());
    let seam = [
        &["leg/r1/b leg 7", "leg/r1/b times 8", "leg/r2/c leg 11", "rotation/r1 airplane 5"][..],
        &airplane,
        &["rotation/r2 airplane 10"],
        &airplane,
    ];
    assert_eq!(facts("rotation-seam/r1/r2"), seam.concat());
    assert_eq!(
        facts("unknown-reference/r2/airplane"),
        [&["rotation/r2 airplane 10"][..], &airplane].concat()
    );
    assert_eq!(facts("unknown-reference/r2/c/destination"), ["leg/r2/c leg 11"]);
}
