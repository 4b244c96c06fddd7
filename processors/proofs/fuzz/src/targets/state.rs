//! What stores hold: a processor's state, and a view.

use crate::fields::split;
use crate::seeds::{self, IDS, LIMITS};
use airline::Airline;
use application::{Asked, Refusal, Route, View, Work, offsets};
use decider::{Cursor, Incoming, Machine};
use domain::{AirportCode, FlightDesignator, LegId, Registration, RotationId};
use http_server::{Parameters, names_in_path};
use keyvalue::{Memory, Mutation};
use schemas::AvroCodec;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use views::ask::{self, Filter, Span, Time};
use views::graph::{EdgeKind, NodeId, edges_of};
use views::{Check, DesignatorDay, ScheduleGraph, recompute};

const LEGS_MAX: u64 = 10_000;
type Question = <ScheduleGraph as View>::Question;

/// Parameters that are the service's own.
const OF_SERVICE: [&str; 2] = ["at_least", "as_of"];
const FIRST_PAGE: Span<'_> = Span { after: None, limit: 100 };

/// Fields: key and value of each entry.
fn memory_of(input: &[u8]) -> Memory {
    let mut memory = Memory::default();
    let mut fields = split(input);
    while let (Some(key), Some(value)) = (fields.next(), fields.next()) {
        memory.apply(&[Mutation::Put {
            key: key.to_vec(),
            value: value.to_vec(),
        }]);
    }
    memory
}

pub(super) fn state(input: &[u8]) -> bool {
    let memory = memory_of(input);
    let Ok(cursor) = Cursor::load(&memory, 0) else {
        return false;
    };
    let cursor = cursor.unwrap_or_default();
    let mut codec = AvroCodec::new(IDS);
    let mut machine = Machine::<Airline>::new(LIMITS);
    machine.open(0, cursor);
    let mut decided = 0;
    for (key, value) in seeds::commands() {
        let incoming = Incoming {
            partition: 0,
            offset: machine.cursor(0).unwrap_or_default().next_command_offset,
            timestamp_ms: seeds::NOW_MS,
            key: Some(key.as_bytes()),
            value: Some(value),
            content_type: None,
            command_type: None,
        };
        if incoming.offset < i64::MAX
            && let Ok(batch) = machine.decide(&memory, &mut codec, &[incoming], &BTreeMap::new())
        {
            machine.aborted(batch);
            decided += 1;
        }
    }
    decided > 0
}

pub(super) fn view(input: &[u8]) -> bool {
    ask_everything(&memory_of(input))
}

/// Whether every question of a view is answered.
pub(super) fn ask_everything(view: &Memory) -> bool {
    let (Ok(rotation), Ok(registration)) = (RotationId::parse("r1"), Registration::parse("N475HA")) else {
        return false;
    };
    let (Ok(code), Ok(leg), Ok(designator)) = (AirportCode::parse("HNL"), LegId::parse("a"), FlightDesignator::parse("HA11")) else {
        return false;
    };
    let (time, span) = (Time::default(), FIRST_PAGE);
    let mut all = vec![
        views::content_hash(view).is_ok(),
        ask::rotation(view, &rotation).is_ok(),
        ask::airplane(view, &registration).is_ok(),
        ask::airport(view, code).is_ok(),
        ask::leg(view, &rotation, &leg).is_ok(),
        ask::rotations(view, span).is_ok(),
        ask::airplanes(view, span).is_ok(),
        ask::airports(view, span).is_ok(),
        ask::legs_of(view, &rotation, time, span).is_ok(),
        ask::rotations_of(view, &registration, time, span).is_ok(),
        ask::legs(view, time, span).is_ok(),
        ask::legs_of_designator(view, designator, time, span).is_ok(),
        ask::departures(view, code, time, span).is_ok(),
        ask::arrivals(view, code, time, span).is_ok(),
        ask::removed_rotation(view, &rotation).is_ok(),
        offsets::at_or_before(view, 0, u64::MAX).is_ok(),
        ask::counts(view).is_ok(),
        recompute(view, None, LEGS_MAX).is_ok(),
    ];
    for check in Check::ALL {
        all.push(ask::violations(view, check, &Filter::default(), span).is_ok());
        all.push(ask::count(view, check, &Filter::default()).is_ok());
    }
    let nodes = [
        NodeId::Airport(code),
        NodeId::Airplane(registration),
        NodeId::Rotation(rotation.clone()),
        NodeId::Leg(rotation, leg),
        NodeId::DesignatorDay(DesignatorDay {
            designator,
            airport: code,
            date: 0,
        }),
    ];
    for (node, kind) in nodes.iter().flat_map(|node| EdgeKind::ALL.map(|kind| (node, kind))) {
        all.push(edges_of(view, node, kind, time, span).is_ok());
    }
    all.push(is_every_route_answered(view));
    all.into_iter().all(|is_answered| is_answered)
}

/// The questions of the seeds of the target `query`, which are of every route.
static QUESTIONS: LazyLock<Vec<Question>> = LazyLock::new(|| {
    let seeds = seeds::seeds_of("query");
    seeds.iter().filter_map(|seed| question(std::str::from_utf8(seed).ok()?)).collect()
});

/// The question of a request, as the service reads it; `None` where it is not one of the view.
fn question(request: &str) -> Option<Question> {
    let target = request.lines().next()?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let found = |route: &'static Route<Question>| Some((route, names_in_path(route.template, path)?));
    let (route, names) = ScheduleGraph::ROUTES.iter().find_map(found)?;
    let known: Vec<&'static str> = route.parameters.iter().copied().chain(OF_SERVICE).collect();
    let parameters = Parameters::parse(query, &known).ok()?;
    let asked = Asked::new(route.template, &names, parameters.sorted_without(&OF_SERVICE));
    (route.question)(&asked).ok()
}

/// Whether a view answers the questions of every route with a document, if only that there is no such thing.
fn is_every_route_answered(view: &Memory) -> bool {
    let mut answered = true;
    for question in QUESTIONS.iter() {
        let answer = match ScheduleGraph::work(question) {
            Work::Log => ScheduleGraph::log_events(question, view).and_then(|places| {
                let events: Vec<_> = places.into_iter().map(super::http::logged).collect();
                ScheduleGraph::answer_from_log(question, view, &events)
            }),
            Work::Point | Work::Page | Work::Search | Work::Traversal | Work::FullScan => ScheduleGraph::answer(question, view),
        };
        answered &= match answer {
            Ok(_) | Err(Refusal::NotFound { .. } | Refusal::BudgetExceeded(_)) => true,
            Err(Refusal::Unreadable(_)) => false,
            Err(refusal) => panic!("{question:?}: {refusal:?}"),
        };
    }
    answered
}
