//! The view as a graph: nodes with a kind and a textual id, edges of a kind from a node, each with its way back.

mod every_edge;
mod node;
mod reach;

pub use every_edge::every_edge;
pub(crate) use node::NODE_ID_EXPECTED;
pub use node::{InvalidNodeId, NodeId, NodeKind};
pub use reach::{Budget, ExhaustedBudget, Reached, ReachedEdge, ReachedNode, Traversal, reach};

use crate::ask::{self, Page, Span, Time};
use crate::edges::{LegSummary, RotationSpan};
use crate::keys::{self, KeyReader};
use crate::nodes::Leg;
use crate::stored::{self, LegEdge};
use crate::tombstones::FormerAssignment;
use crate::{DesignatorDay, Provenance};
use domain::{Instant, LegId, RotationId};
use keyvalue::{Order, Read, ReadError};

/// A kind of edge, by what it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EdgeKind {
    /// From a rotation to its legs, by departure.
    Legs,
    /// From a leg to its rotation.
    Rotation,
    /// From a leg to the one that follows it in its rotation.
    NextLeg,
    PreviousLeg,
    /// From an airplane to its rotations, by first departure; those without legs at the end.
    Rotations,
    /// From a rotation to its airplane.
    Airplane,
    /// From a rotation with legs to the one that follows it for its airplane.
    NextRotation,
    PreviousRotation,
    /// From an airport to the legs that depart there, by departure.
    Departures,
    /// From a leg to the airport that it departs from.
    Origin,
    /// From an airport to the legs that arrive there, by arrival.
    Arrivals,
    /// From a leg to the airport that it arrives at.
    Destination,
    /// From the day of a designator to its legs, by departure.
    LegsOfDay,
    /// From a leg to its designator's day.
    Day,
    /// From a rotation to the legs that were removed from it, by id.
    RemovedLegs,
    /// From a removed leg to its rotation, which may have been removed with it.
    FormerRotation,
    /// From an airplane to the rotations that were taken from it, by id.
    FormerRotations,
    /// From a rotation to the airplanes that it was taken from, by registration.
    FormerAirplanes,
}

/// An edge from a node that was asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    pub kind: EdgeKind,
    pub to: NodeId,
    /// When it is, for edges in the order of time.
    pub at: Option<Instant>,
    pub detail: EdgeDetail,
}

/// What an edge says of the node that it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EdgeDetail {
    Nothing,
    Leg(Box<Leg>),
    Summary(LegSummary),
    Span(RotationSpan),
    /// The event that assigned the airplane.
    Assigned(Provenance),
    /// The event that removed the leg.
    Removed(Provenance),
    Former(FormerAssignment),
}

impl EdgeKind {
    pub const ALL: [Self; 18] = [
        Self::Legs,
        Self::Rotation,
        Self::NextLeg,
        Self::PreviousLeg,
        Self::Rotations,
        Self::Airplane,
        Self::NextRotation,
        Self::PreviousRotation,
        Self::Departures,
        Self::Origin,
        Self::Arrivals,
        Self::Destination,
        Self::LegsOfDay,
        Self::Day,
        Self::RemovedLegs,
        Self::FormerRotation,
        Self::FormerRotations,
        Self::FormerAirplanes,
    ];

    /// As in parameters and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Legs => "legs",
            Self::Rotation => "rotation",
            Self::NextLeg => "next-leg",
            Self::PreviousLeg => "previous-leg",
            Self::Rotations => "rotations",
            Self::Airplane => "airplane",
            Self::NextRotation => "next-rotation",
            Self::PreviousRotation => "previous-rotation",
            Self::Departures => "departures",
            Self::Origin => "origin",
            Self::Arrivals => "arrivals",
            Self::Destination => "destination",
            Self::LegsOfDay => "legs-of-day",
            Self::Day => "day",
            Self::RemovedLegs => "removed-legs",
            Self::FormerRotation => "former-rotation",
            Self::FormerRotations => "former-rotations",
            Self::FormerAirplanes => "former-airplanes",
        }
    }

    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Its place among all kinds: those of a node are listed in this order.
    pub(crate) fn number(self) -> u8 {
        self as u8
    }

    /// The kind of node that such edges begin at.
    pub fn from(self) -> NodeKind {
        match self {
            Self::Legs | Self::Airplane | Self::NextRotation | Self::PreviousRotation | Self::RemovedLegs | Self::FormerAirplanes => {
                NodeKind::Rotation
            }
            Self::Rotation | Self::NextLeg | Self::PreviousLeg | Self::Origin | Self::Destination | Self::Day | Self::FormerRotation => {
                NodeKind::Leg
            }
            Self::Rotations | Self::FormerRotations => NodeKind::Airplane,
            Self::Departures | Self::Arrivals => NodeKind::Airport,
            Self::LegsOfDay => NodeKind::DesignatorDay,
        }
    }

    /// The kind of node that such edges lead to.
    pub fn to(self) -> NodeKind {
        self.reverse().from()
    }

    /// The kind of the edge back: for each edge of a kind there is one back.
    pub fn reverse(self) -> Self {
        match self {
            Self::Legs => Self::Rotation,
            Self::Rotation => Self::Legs,
            Self::NextLeg => Self::PreviousLeg,
            Self::PreviousLeg => Self::NextLeg,
            Self::Rotations => Self::Airplane,
            Self::Airplane => Self::Rotations,
            Self::NextRotation => Self::PreviousRotation,
            Self::PreviousRotation => Self::NextRotation,
            Self::Departures => Self::Origin,
            Self::Origin => Self::Departures,
            Self::Arrivals => Self::Destination,
            Self::Destination => Self::Arrivals,
            Self::LegsOfDay => Self::Day,
            Self::Day => Self::LegsOfDay,
            Self::RemovedLegs => Self::FormerRotation,
            Self::FormerRotation => Self::RemovedLegs,
            Self::FormerRotations => Self::FormerAirplanes,
            Self::FormerAirplanes => Self::FormerRotations,
        }
    }
}

/// Whether there is a node of this name: it is registered, or there is an edge from it, or it has left a tombstone.
pub fn exists(read: &impl Read, node: &NodeId) -> Result<bool, ReadError> {
    let is_stored = match node {
        NodeId::Airport(code) => stored::airport(read, *code)?.is_some(),
        NodeId::Airplane(registration) => stored::airplane(read, registration)?.is_some(),
        NodeId::Rotation(id) => stored::rotation(read, id)?.is_some() || ask::removed_rotation(read, id)?.is_some(),
        NodeId::Leg(rotation, id) => stored::leg(read, rotation, id)?.is_some() || ask::removed_leg(read, rotation, id)?.is_some(),
        NodeId::DesignatorDay(_) => false,
    };
    let mut exists = is_stored;
    for kind in EdgeKind::ALL.into_iter().filter(|kind| kind.from() == node.kind()) {
        let first = Span { after: None, limit: 1 };
        exists = exists || !edges_of(read, node, kind, Time::default(), first)?.items.is_empty();
    }
    Ok(exists)
}

/// The edges of a kind from a node, in their order. A time holds for edges that are in the order of time, and for rotations that are under
/// way within it. A node that such edges do not begin at has none.
pub fn edges_of(read: &impl Read, node: &NodeId, kind: EdgeKind, time: Time, span: Span<'_>) -> Result<Page<Edge>, ReadError> {
    let page = match (node, kind) {
        (NodeId::Rotation(id), EdgeKind::Legs) => map(ask::legs_of(read, id, time, span)?, |leg| leg_edge(kind, id, leg)),
        (NodeId::Airplane(registration), EdgeKind::Rotations) => map(ask::rotations_of(read, registration, time, span)?, |flown| Edge {
            kind,
            to: NodeId::Rotation(flown.rotation),
            at: flown.span.as_ref().map(|span| span.first_departure),
            detail: flown.span.map_or(EdgeDetail::Nothing, EdgeDetail::Span),
        }),
        (NodeId::Airport(code), EdgeKind::Departures) => map(ask::departure_summaries(read, *code, time, span)?, |edge| {
            summary_edge(kind, edge.summary.departure, edge)
        }),
        (NodeId::Airport(code), EdgeKind::Arrivals) => map(ask::arrival_summaries(read, *code, time, span)?, |edge| {
            summary_edge(kind, edge.summary.arrival, edge)
        }),
        (NodeId::DesignatorDay(day), EdgeKind::LegsOfDay) => legs_of_day(read, day, time, span)?,
        (NodeId::Rotation(id), EdgeKind::RemovedLegs) => map(ask::removed_legs(read, id, span)?, |removed| Edge {
            kind,
            to: NodeId::Leg(id.clone(), removed.leg.id),
            at: None,
            detail: EdgeDetail::Removed(removed.removed),
        }),
        (NodeId::Airplane(registration), EdgeKind::FormerRotations) => {
            map(ask::former_rotations(read, registration, span)?, |(id, former)| Edge {
                kind,
                to: NodeId::Rotation(id),
                at: None,
                detail: EdgeDetail::Former(former),
            })
        }
        (NodeId::Rotation(id), EdgeKind::FormerAirplanes) => map(ask::former_airplanes(read, id, span)?, |(registration, former)| Edge {
            kind,
            to: NodeId::Airplane(registration),
            at: None,
            detail: EdgeDetail::Former(former),
        }),
        // One edge at most: there is no page after it.
        _ if span.after.is_some() || kind.from() != node.kind() => none(),
        (NodeId::Leg(rotation, id), _) => one(edge_of_leg(read, rotation, id, kind)?),
        (NodeId::Rotation(id), EdgeKind::Airplane) => one(airplane_of(read, id)?),
        (NodeId::Rotation(id), EdgeKind::NextRotation) => one(neighbour(read, id, kind, Order::Ascending)?),
        (NodeId::Rotation(id), EdgeKind::PreviousRotation) => one(neighbour(read, id, kind, Order::Descending)?),
        (NodeId::Airport(_) | NodeId::Airplane(_) | NodeId::Rotation(_) | NodeId::DesignatorDay(_), _) => none(),
    };
    Ok(page)
}

fn edge_of_leg(read: &impl Read, rotation: &RotationId, id: &LegId, kind: EdgeKind) -> Result<Option<Edge>, ReadError> {
    if kind == EdgeKind::FormerRotation {
        let removed = ask::removed_leg(read, rotation, id)?;
        return Ok(removed.map(|removed| Edge {
            kind,
            to: NodeId::Rotation(rotation.clone()),
            at: None,
            detail: EdgeDetail::Removed(removed.removed),
        }));
    }
    let Some(leg) = stored::leg(read, rotation, id)? else {
        return Ok(None);
    };
    let plain = |to| {
        Some(Edge {
            kind,
            to,
            at: None,
            detail: EdgeDetail::Nothing,
        })
    };
    Ok(match kind {
        EdgeKind::Rotation => plain(NodeId::Rotation(rotation.clone())),
        EdgeKind::Origin => plain(NodeId::Airport(leg.origin)),
        EdgeKind::Destination => plain(NodeId::Airport(leg.destination)),
        EdgeKind::Day => plain(NodeId::DesignatorDay(leg.day())),
        EdgeKind::NextLeg => ask::next_leg(read, rotation, &leg)?.map(|leg| leg_edge(kind, rotation, leg)),
        EdgeKind::PreviousLeg => ask::previous_leg(read, rotation, &leg)?.map(|leg| leg_edge(kind, rotation, leg)),
        EdgeKind::Legs
        | EdgeKind::Rotations
        | EdgeKind::Airplane
        | EdgeKind::NextRotation
        | EdgeKind::PreviousRotation
        | EdgeKind::Departures
        | EdgeKind::Arrivals
        | EdgeKind::LegsOfDay
        | EdgeKind::RemovedLegs
        | EdgeKind::FormerRotation
        | EdgeKind::FormerRotations
        | EdgeKind::FormerAirplanes => None,
    })
}

fn airplane_of(read: &impl Read, id: &RotationId) -> Result<Option<Edge>, ReadError> {
    let assignment = stored::rotation(read, id)?.and_then(|rotation| rotation.airplane);
    Ok(assignment.map(|assignment| Edge {
        kind: EdgeKind::Airplane,
        to: NodeId::Airplane(assignment.registration),
        at: None,
        detail: EdgeDetail::Assigned(assignment.provenance),
    }))
}

/// To the neighbour among the rotations of its airplane.
fn neighbour(read: &impl Read, id: &RotationId, kind: EdgeKind, order: Order) -> Result<Option<Edge>, ReadError> {
    let airplane = stored::rotation(read, id)?.and_then(|rotation| rotation.airplane);
    let (Some(assignment), Some(span)) = (airplane, stored::rotation_span(read, id)?) else {
        return Ok(None);
    };
    let place = (span.first_departure, id.clone());
    let neighbour = stored::rotation_next_to(read, &assignment.registration, &place, order)?;
    Ok(neighbour.map(|span| Edge {
        kind,
        to: NodeId::Rotation(span.rotation.clone()),
        at: Some(span.first_departure),
        detail: EdgeDetail::Span(span),
    }))
}

fn legs_of_day(read: &impl Read, day: &DesignatorDay, time: Time, span: Span<'_>) -> Result<Page<Edge>, ReadError> {
    ask::page(read, ask::within(&keys::designator_day(day), time), span, |key, _| {
        let mut key = KeyReader::new(key)?;
        key.day()?;
        let at = key.instant()?;
        Ok(Some(Edge {
            kind: EdgeKind::LegsOfDay,
            to: NodeId::Leg(key.rotation()?, key.leg()?),
            at: Some(at),
            detail: EdgeDetail::Nothing,
        }))
    })
}

fn leg_edge(kind: EdgeKind, rotation: &RotationId, leg: Leg) -> Edge {
    Edge {
        kind,
        to: NodeId::Leg(rotation.clone(), leg.id.clone()),
        at: Some(leg.departure),
        detail: EdgeDetail::Leg(Box::new(leg)),
    }
}

fn summary_edge(kind: EdgeKind, at: Instant, edge: LegEdge) -> Edge {
    Edge {
        kind,
        to: NodeId::Leg(edge.rotation, edge.leg),
        at: Some(at),
        detail: EdgeDetail::Summary(edge.summary),
    }
}

fn map<T>(page: Page<T>, edge: impl FnMut(T) -> Edge) -> Page<Edge> {
    Page {
        items: page.items.into_iter().map(edge).collect(),
        next: page.next,
    }
}

fn none() -> Page<Edge> {
    one(None)
}

fn one(edge: Option<Edge>) -> Page<Edge> {
    Page {
        items: edge.into_iter().collect(),
        next: None,
    }
}
