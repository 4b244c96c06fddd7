//! The questions that the graph answers: routes, the questions that they lead to, and the documents that answer them.

pub(crate) mod changes;
mod connections;
mod documents;
pub(crate) mod events;
mod explain;
mod graph_node;
mod graph_traverse;
mod impact;
mod reading;
mod shapes;
mod summary;
mod text;
mod timeline;

pub(crate) use documents::answer;
#[cfg(test)]
pub(crate) use graph_traverse::traversed;
use timeline::TimelineQuestion;

use crate::Check;
use crate::ask::{ConnectionSearch, Delay, Filter, Time};
use crate::graph::Traversal;
use application::{Asked, EventPlace, LoggedEvent, Paging, Refusal, Route, Work};
use domain::{AirportCode, Event, FlightDesignator, LegId, Registration, RotationId};
use keyvalue::Read;

/// A question with everything it names read and checked.
#[derive(Debug)]
pub enum Question {
    Rotations(Paging),
    Rotation {
        id: RotationId,
        /// Of the legs that are listed.
        time: Time,
        paging: Paging,
    },
    Leg {
        rotation: RotationId,
        id: LegId,
    },
    Airplanes(Paging),
    Airplane {
        registration: Registration,
        /// Of the rotations that are listed.
        time: Time,
        paging: Paging,
    },
    Airports(Paging),
    Airport(AirportCode),
    Departures {
        code: AirportCode,
        time: Time,
        paging: Paging,
    },
    Arrivals {
        code: AirportCode,
        time: Time,
        paging: Paging,
    },
    Board {
        code: AirportCode,
        time: Time,
        paging: Paging,
    },
    Legs {
        designator: Option<FlightDesignator>,
        time: Time,
        paging: Paging,
    },
    Check {
        check: Check,
        filter: Box<Filter>,
        paging: Paging,
        recompute: bool,
    },
    Connections(Box<ConnectionSearch>),
    Impact(Box<Delay>),
    Timeline(Box<TimelineQuestion>),
    GraphNode(Box<graph_node::GraphNode>),
    GraphTraverse(Box<Traversal>),
    Explain(Box<explain::Explain>),
}

/// What is documented of the routes.
pub(crate) const DESCRIBED: &str = include_str!("questions/described.json");

const PAGED: &[&str] = &["limit", "cursor"];
const PAGED_BY_TIME: &[&str] = &["from", "to", "limit", "cursor"];

pub(crate) const ROUTES: &[Route<Question>] = &[
    Route {
        template: "/rotations",
        parameters: PAGED,
        question: |asked| Ok(Question::Rotations(asked.paging()?)),
    },
    Route {
        template: "/rotations/{id}",
        parameters: PAGED_BY_TIME,
        question: |asked| {
            Ok(Question::Rotation {
                id: reading::name(asked, "id", RotationId::parse)?,
                time: reading::time(asked)?,
                paging: asked.paging()?,
            })
        },
    },
    Route {
        template: "/rotations/{id}/legs/{leg}",
        parameters: &[],
        question: |asked| {
            Ok(Question::Leg {
                rotation: reading::name(asked, "id", RotationId::parse)?,
                id: reading::name(asked, "leg", LegId::parse)?,
            })
        },
    },
    Route {
        template: "/airplanes",
        parameters: PAGED,
        question: |asked| Ok(Question::Airplanes(asked.paging()?)),
    },
    Route {
        template: "/airplanes/{id}",
        parameters: PAGED_BY_TIME,
        question: |asked| {
            Ok(Question::Airplane {
                registration: reading::name(asked, "id", Registration::parse)?,
                time: reading::time(asked)?,
                paging: asked.paging()?,
            })
        },
    },
    Route {
        template: "/airports",
        parameters: PAGED,
        question: |asked| Ok(Question::Airports(asked.paging()?)),
    },
    Route {
        template: "/airports/{code}",
        parameters: &[],
        question: |asked| Ok(Question::Airport(airport(asked)?)),
    },
    Route {
        template: "/airports/{code}/departures",
        parameters: PAGED_BY_TIME,
        question: |asked| {
            Ok(Question::Departures {
                code: airport(asked)?,
                time: reading::time(asked)?,
                paging: asked.paging()?,
            })
        },
    },
    Route {
        template: "/airports/{code}/arrivals",
        parameters: PAGED_BY_TIME,
        question: |asked| {
            Ok(Question::Arrivals {
                code: airport(asked)?,
                time: reading::time(asked)?,
                paging: asked.paging()?,
            })
        },
    },
    Route {
        template: "/airports/{code}/board",
        parameters: PAGED_BY_TIME,
        question: |asked| {
            Ok(Question::Board {
                code: airport(asked)?,
                time: reading::time(asked)?,
                paging: asked.paging()?,
            })
        },
    },
    Route {
        template: "/legs",
        parameters: &["designator", "from", "to", "limit", "cursor"],
        question: |asked| {
            Ok(Question::Legs {
                designator: reading::value(asked, "designator", FlightDesignator::parse)?,
                time: reading::time(asked)?,
                paging: asked.paging()?,
            })
        },
    },
    Route {
        template: "/checks/{check}",
        parameters: &[
            "rotation",
            "rotation_prefix",
            "airplane",
            "airport",
            "from",
            "to",
            "recompute",
            "limit",
            "cursor",
        ],
        question: |asked| {
            Ok(Question::Check {
                check: check(asked)?,
                filter: Box::new(filter(asked)?),
                paging: asked.paging()?,
                recompute: asked.flag("recompute")?,
            })
        },
    },
    connections::ROUTE,
    impact::ROUTE,
    timeline::ROUTE,
    graph_node::ROUTE,
    graph_traverse::ROUTE,
    explain::ROUTE,
];

impl Question {
    pub(crate) fn work(&self) -> Work {
        match self {
            // It may come past many rotations that have ended before.
            Self::Airplane { time, .. } if *time != Time::default() => Work::Page,
            Self::Rotation { .. } | Self::Leg { .. } | Self::Airplane { .. } | Self::Airport(_) => Work::Point,
            Self::Rotations(_) | Self::Airplanes(_) | Self::Airports(_) | Self::Departures { .. } | Self::Arrivals { .. } => Work::Page,
            Self::Board { .. } | Self::Legs { designator: None, .. } => Work::Page,
            Self::Check { recompute: true, .. } => Work::FullScan,
            Self::Connections(_) | Self::Impact(_) | Self::GraphTraverse(_) => Work::Traversal,
            Self::Check { filter, .. } if **filter == Filter::default() => Work::Page,
            // A rotation may have 20,000 of them, all of which are counted.
            Self::Check { filter, .. } if filter.rotation.is_some() && filter.airplane.is_none() => Work::Page,
            Self::GraphNode(_) => Work::Page,
            Self::Explain(_) => Work::Log,
            Self::Legs { .. } | Self::Check { .. } | Self::Timeline(_) => Work::Search,
        }
    }
}

/// The events of the log that a question is about.
pub(crate) fn log_events(question: &Question, read: &impl Read) -> Result<Vec<EventPlace>, Refusal> {
    if let Question::Explain(explain) = question {
        return explain.events(read);
    }
    Ok(Vec::new())
}

/// The document that answers a question from these events.
pub(crate) fn answer_from_log(question: &Question, read: &impl Read, events: &[LoggedEvent<Event>]) -> Result<Vec<u8>, Refusal> {
    if let Question::Explain(explain) = question {
        return explain.answer(read, events);
    }
    answer(question, read)
}

fn airport(asked: &Asked<'_>) -> Result<AirportCode, Refusal> {
    reading::name(asked, "code", AirportCode::parse)
}

fn check(asked: &Asked<'_>) -> Result<Check, Refusal> {
    Check::named(asked.text("check")).ok_or(Refusal::NoSuchRoute)
}

fn filter(asked: &Asked<'_>) -> Result<Filter, Refusal> {
    // The beginning of an id is made of the same characters.
    let prefix = |text: &str| RotationId::parse(text).map(|_| text.to_owned());
    Ok(Filter {
        rotation: reading::value(asked, "rotation", RotationId::parse)?,
        rotation_prefix: reading::value(asked, "rotation_prefix", prefix)?,
        airplane: reading::value(asked, "airplane", Registration::parse)?,
        airport: reading::value(asked, "airport", AirportCode::parse)?,
        time: reading::time(asked)?,
    })
}

#[cfg(test)]
mod tests;
