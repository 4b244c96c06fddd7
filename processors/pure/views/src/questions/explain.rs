//! The history of anything, living or removed, from the log: `/explain/{node}`.
//!
//! A node can be explained, and a violation by its id. A node's events are those of its aggregate; a leg's are those of its rotation
//! that concern it, between the event that added it and the one that removed it.

mod violation;

use super::events::{Changed, type_of};
use super::text::Text;
use super::{Question, reading};
use crate::ask;
use crate::graph::{NODE_ID_EXPECTED, NodeId, exists};
use crate::violation_id::{VIOLATION_ID_EXPECTED, ViolationId};
use application::{Asked, EventPlace, LoggedEvent, Page, Paging, Refusal, Route, Unavailable, document, history};
use decider::EventEnvelope;
use domain::{Event, Instant, LegId, rotation};
use keyvalue::{Read, ReadError};
use serde::Serialize;
use uuid::fmt::Hyphenated;

/// Events that are fetched for one page.
const EVENTS_MAX: usize = 100;
const VIOLATION: &str = "violation/";

/// What is to be explained, and which part of its history.
#[derive(Debug)]
pub struct Explain {
    what: What,
    paging: Paging,
}

#[derive(Debug)]
enum What {
    Node(NodeId),
    Violation(ViolationId),
}

pub(super) const ROUTE: Route<Question> = Route {
    template: "/explain/{+node}",
    parameters: &["limit", "cursor"],
    question: |asked| Ok(Question::Explain(Box::new(read(asked)?))),
};

fn read(asked: &Asked<'_>) -> Result<Explain, Refusal> {
    let what = asked.name("node", |text| match text.strip_prefix(VIOLATION) {
        Some(id) => ViolationId::parse(id)
            .map(What::Violation)
            .ok_or_else(|| format!("after {VIOLATION}: {VIOLATION_ID_EXPECTED}")),
        None => match reading::node(text) {
            Ok(NodeId::DesignatorDay(_)) => Err("a node with events of its own: a day of a designator has those of its legs".to_owned()),
            Ok(node) => Ok(What::Node(node)),
            Err(_) => Err(format!("{NODE_ID_EXPECTED}, or {VIOLATION} with the id of a violation")),
        },
    })?;
    Ok(Explain {
        what,
        paging: asked.paging()?,
    })
}

/// Which of an aggregate's events are of a node.
struct Life {
    aggregate_id: String,
    /// Sequences from the first on, up to before the last.
    from: u64,
    before: u64,
    leg: Option<LegId>,
}

impl Life {
    /// `None` where there was never such a node.
    fn of(node: &NodeId, read: &impl Read) -> Result<Option<Self>, ReadError> {
        let whole = |aggregate_id: String| Self {
            aggregate_id,
            from: 0,
            before: u64::MAX,
            leg: None,
        };
        let NodeId::Leg(rotation, id) = node else {
            return Ok(exists(read, node)?.then(|| whole(node.to_string())));
        };
        let (from, before) = match (ask::leg(read, rotation, id)?, ask::removed_leg(read, rotation, id)?) {
            (Some(leg), _) => (leg.provenance.sequence, u64::MAX),
            (None, Some(gone)) => (gone.provenance.sequence, gone.removed.sequence + 1),
            (None, None) => return Ok(None),
        };
        Ok(Some(Self {
            from,
            before,
            leg: Some(id.clone()),
            ..whole(NodeId::Rotation(rotation.clone()).to_string())
        }))
    }

    fn holds(&self, event: &Event) -> bool {
        let Some(id) = &self.leg else { return true };
        match event {
            Event::Rotation(event) => match event {
                rotation::Event::LegAdded { leg } | rotation::Event::LegRemoved { leg } => leg.id == *id,
                rotation::Event::LegRescheduled { leg_id, .. } => leg_id == id,
                rotation::Event::Removed => true,
                rotation::Event::Created { .. }
                | rotation::Event::AirplaneAssigned { .. }
                | rotation::Event::AirplaneUnassigned { .. }
                | rotation::Event::Activated => false,
            },
            Event::Airport(_) | Event::Airplane(_) => false,
        }
    }
}

impl Explain {
    /// Events that are older than all that were shown, newest first.
    pub(super) fn events(&self, read: &impl Read) -> Result<Vec<EventPlace>, Refusal> {
        match &self.what {
            What::Violation(id) => violation::events(id, read),
            What::Node(node) => {
                let life = Life::of(node, read)?.ok_or_else(|| Refusal::not_found("node", node.to_string()))?;
                let before = self.before().unwrap_or(u64::MAX).min(life.before);
                let count = self.paging.span().limit.min(EVENTS_MAX);
                Ok(history::newest(read, &life.aggregate_id, life.from, before, count)?)
            }
        }
    }

    /// The oldest event that was shown. Bytes that are no sequence stand for the place after the last event.
    fn before(&self) -> Option<u64> {
        let after = self.paging.span().after?;
        Some(after.try_into().map_or(0, u64::from_be_bytes))
    }

    pub(super) fn answer(&self, read: &impl Read, events: &[LoggedEvent<Event>]) -> Result<Vec<u8>, Refusal> {
        let node = match &self.what {
            What::Violation(id) => return violation::answer(id, read, events),
            What::Node(node) => node,
        };
        let life = Life::of(node, read)?.ok_or_else(|| Refusal::not_found("node", node.to_string()))?;
        let is_read = |logged: &&LoggedEvent<Event>| logged.event != Err(Unavailable::NotRead);
        let shown: Vec<&LoggedEvent<Event>> = events.iter().take_while(is_read).collect();
        if shown.is_empty() && !events.is_empty() {
            return Err(Refusal::LogUnavailable("no event was read in time".to_owned()));
        }
        let oldest = shown.last().map(|logged| logged.place.sequence);
        let next = match oldest {
            Some(oldest) => history::newest(read, &life.aggregate_id, life.from, oldest, 1)?
                .pop()
                .map(|_| oldest),
            None => None,
        };
        let is_of_node = |logged: &&LoggedEvent<Event>| logged.event.as_ref().map_or(true, |envelope| life.holds(&envelope.event));
        let page = Page {
            items: shown.into_iter().filter(is_of_node).collect(),
            next: next.map(|oldest| oldest.to_be_bytes().to_vec()),
        };
        document(&Document {
            id: node.to_string(),
            aggregate_id: &life.aggregate_id,
            events: page.items.iter().map(|logged| EventShape::from(*logged)).collect(),
            next_cursor: self.paging.next(&page),
        })
    }
}

#[derive(Serialize)]
struct Document<'v> {
    id: String,
    aggregate_id: &'v str,
    events: Vec<EventShape<'v>>,
    next_cursor: Option<String>,
}

/// An event of the log. What could not be read of it is null, and `unavailable` says why.
#[derive(Serialize)]
struct EventShape<'v> {
    partition: u32,
    sequence: u64,
    offset: i64,
    #[serde(flatten)]
    content: Option<ContentShape<'v>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unavailable: Option<String>,
}

#[derive(Serialize)]
struct ContentShape<'v> {
    #[serde(rename = "type")]
    event_type: &'static str,
    version: u64,
    decided_at: Text<Instant>,
    changed: Changed<'v>,
    command: CommandShape<'v>,
}

#[derive(Serialize)]
struct CommandShape<'v> {
    command_id: Text<Hyphenated>,
    offset: i64,
    #[serde(rename = "type")]
    command_type: Option<&'static str>,
    issued_by: Option<&'v str>,
    /// Why type and issuer are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    unavailable: Option<String>,
}

impl<'v> From<&'v LoggedEvent<Event>> for EventShape<'v> {
    fn from(logged: &'v LoggedEvent<Event>) -> Self {
        Self {
            partition: logged.place.partition,
            sequence: logged.place.sequence,
            offset: logged.place.offset,
            content: logged.event.as_ref().ok().map(|envelope| content(envelope, logged)),
            unavailable: logged.event.as_ref().err().map(|why| reason(why, "event")),
        }
    }
}

fn content<'v>(envelope: &'v EventEnvelope<Event>, logged: &'v LoggedEvent<Event>) -> ContentShape<'v> {
    let command = logged.command.as_ref();
    ContentShape {
        event_type: type_of(&envelope.event),
        version: envelope.version,
        decided_at: Text(Instant(envelope.decided_at_ms)),
        changed: Changed(&envelope.event),
        command: CommandShape {
            command_id: Text(envelope.command_id.hyphenated()),
            offset: envelope.command_offset,
            command_type: command.ok().map(|command| command.command_type),
            issued_by: command.ok().and_then(|command| command.issued_by.as_deref()),
            unavailable: command.err().map(|why| reason(why, "command")),
        },
    }
}

fn reason(why: &Unavailable, what: &str) -> String {
    match why {
        Unavailable::Deleted => format!("the log does not hold this {what} any more: it was deleted by retention, or by an operator"),
        Unavailable::NotRead => format!("this {what} was not read in time"),
        Unavailable::Unreadable(reason) => format!("the record of this {what} cannot be read: {reason}"),
    }
}
