//! One node of the graph with its edges of any kind: `/graph/nodes/{id}`.

use super::shapes::{AirplaneShape, AirportShape, LegShape, ProvenanceShape, RemovedLegShape, RotationShape};
use super::text::Text;
use super::{Question, reading};
use crate::ask::{self, Time};
use crate::graph::{Edge, EdgeDetail, EdgeKind, NodeId, every_edge, exists};
use application::{Asked, Paging, Refusal, Route, document};
use domain::Instant;
use keyvalue::Read;
use serde::Serialize;

/// A node, and which of its edges are listed.
#[derive(Debug)]
pub struct GraphNode {
    node: NodeId,
    kinds: Vec<EdgeKind>,
    /// Of the edges that are in the order of time.
    time: Time,
    paging: Paging,
}

pub(super) const ROUTE: Route<Question> = Route {
    template: "/graph/nodes/{+id}",
    parameters: &["edges", "from", "to", "limit", "cursor"],
    question: |asked| Ok(Question::GraphNode(Box::new(read(asked)?))),
};

fn read(asked: &Asked<'_>) -> Result<GraphNode, Refusal> {
    Ok(GraphNode {
        node: asked.name("id", reading::node)?,
        kinds: reading::edge_kinds(asked)?,
        time: reading::time(asked)?,
        paging: asked.paging()?,
    })
}

/// What the schedule knows of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// It is in the schedule.
    Present,
    /// It was, and is no more.
    Removed,
    /// Others name it, and it is not registered.
    Named,
}

#[derive(Serialize)]
struct Document<'v> {
    id: Text<&'v NodeId>,
    kind: &'static str,
    state: State,
    /// What is known of the node itself; null where others only name it.
    facts: Facts<'v>,
    /// The event that removed it.
    removed: Option<ProvenanceShape>,
    edges: Vec<EdgeShape<'v>>,
    next_cursor: Option<String>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Facts<'v> {
    Airport(Box<AirportShape<'v>>),
    Airplane(AirplaneShape<'v>),
    Rotation(RotationShape<'v>),
    Leg(LegShape<'v>),
    RemovedLeg(RemovedLegShape<'v>),
    None,
}

#[derive(Serialize)]
struct EdgeShape<'v> {
    kind: &'static str,
    to: Text<&'v NodeId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Text<Instant>>,
    /// The event that assigned the airplane.
    #[serde(skip_serializing_if = "Option::is_none")]
    assigned: Option<ProvenanceShape>,
    /// The event that ended the assignment, or removed the leg.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<ProvenanceShape>,
}

impl<'v> EdgeShape<'v> {
    fn new(edge: &'v Edge) -> Self {
        let (assigned, ended) = match &edge.detail {
            EdgeDetail::Assigned(assigned) => (Some(*assigned), None),
            EdgeDetail::Removed(removed) => (None, Some(*removed)),
            EdgeDetail::Former(former) => (Some(former.assigned), Some(former.ended)),
            EdgeDetail::Nothing | EdgeDetail::Leg(_) | EdgeDetail::Summary(_) | EdgeDetail::Span(_) => (None, None),
        };
        Self {
            kind: edge.kind.name(),
            to: Text(&edge.to),
            at: edge.at.map(Text),
            assigned: assigned.map(ProvenanceShape::from),
            ended: ended.map(ProvenanceShape::from),
        }
    }
}

impl GraphNode {
    pub(super) fn answer(&self, read: &impl Read) -> Result<Vec<u8>, Refusal> {
        let node = &self.node;
        let page = every_edge(read, node, &self.kinds, self.time, self.paging.span())?;
        let edges = page.items.iter().map(EdgeShape::new).collect();
        let next_cursor = self.paging.next(&page);
        let with = |state, facts, removed: Option<crate::Provenance>| {
            document(&Document {
                id: Text(node),
                kind: node.kind().name(),
                state,
                facts,
                removed: removed.map(ProvenanceShape::from),
                edges,
                next_cursor,
            })
        };
        match node {
            NodeId::Airport(code) => {
                if let Some(airport) = ask::airport(read, *code)? {
                    return with(State::Present, Facts::Airport(Box::new(AirportShape::new(*code, &airport))), None);
                }
            }
            NodeId::Airplane(registration) => {
                if let Some(airplane) = ask::airplane(read, registration)? {
                    let state = if airplane.is_retired() { State::Removed } else { State::Present };
                    let facts = Facts::Airplane(AirplaneShape::new(registration, Some(&airplane)));
                    return with(state, facts, airplane.retired);
                }
            }
            NodeId::Rotation(id) => {
                if let Some(rotation) = ask::rotation(read, id)? {
                    return with(State::Present, Facts::Rotation(RotationShape::new(id, &rotation)), None);
                }
                if let Some(gone) = ask::removed_rotation(read, id)? {
                    let facts = Facts::Rotation(RotationShape::new(id, &gone.rotation));
                    return with(State::Removed, facts, Some(gone.removed));
                }
            }
            NodeId::Leg(rotation, id) => {
                if let Some(leg) = ask::leg(read, rotation, id)? {
                    return with(State::Present, Facts::Leg(LegShape::new(rotation, &leg)), None);
                }
                if let Some(gone) = ask::removed_leg(read, rotation, id)? {
                    let facts = Facts::RemovedLeg(RemovedLegShape::new(rotation, &gone));
                    return with(State::Removed, facts, Some(gone.removed));
                }
            }
            NodeId::DesignatorDay(_) => {}
        }
        if !exists(read, node)? {
            return Err(Refusal::not_found("node", node.to_string()));
        }
        with(State::Named, Facts::None, None)
    }
}
