//! The nodes and edges that can be reached from a node: `/graph/traverse`.

use super::text::Text;
use super::{Question, reading};
use crate::graph::{Budget, EdgeKind, ExhaustedBudget, NodeId, Reached, Traversal, exists, reach};
use application::{Asked, Refusal, Route, document};
use domain::Instant;
use keyvalue::Read;
use serde::Serialize;

const DEPTH_DEFAULT: u32 = 1;
const DEPTH_MAX: u32 = 100;
const NODES_DEFAULT: u32 = 1000;
const NODES_MAX: u32 = 100_000;
/// Edges that are followed for each node that may be found.
const EDGES_PER_NODE: usize = 8;
const BYTES_DEFAULT: u32 = 1 << 20;
const BYTES_MIN: u32 = 1024;
const BYTES_MAX: u32 = 16 << 20;

pub(super) const ROUTE: Route<Question> = Route {
    template: "/graph/traverse",
    parameters: &["start", "edges", "direction", "depth", "nodes_max", "bytes_max", "from", "to"],
    question: |asked| Ok(Question::GraphTraverse(Box::new(read(asked)?))),
};

fn read(asked: &Asked<'_>) -> Result<Traversal, Refusal> {
    let start = asked.parameter("start", reading::node)?;
    let start = start.ok_or_else(|| Refusal::bad_parameter("start", "", crate::graph::NODE_ID_EXPECTED))?;
    let nodes_max = reading::number(asked, "nodes_max", 1..=NODES_MAX)?.unwrap_or(NODES_DEFAULT) as usize;
    Ok(Traversal {
        start,
        kinds: directed(reading::edge_kinds(asked)?, asked)?,
        time: reading::time(asked)?,
        budget: Budget {
            depth_max: reading::number(asked, "depth", 0..=DEPTH_MAX)?.unwrap_or(DEPTH_DEFAULT),
            nodes_max,
            edges_max: nodes_max.saturating_mul(EDGES_PER_NODE),
            bytes_max: reading::number(asked, "bytes_max", BYTES_MIN..=BYTES_MAX)?.unwrap_or(BYTES_DEFAULT) as usize,
        },
    })
}

/// The kinds that are followed: those that are named, those back along them, or both.
fn directed(named: Vec<EdgeKind>, asked: &Asked<'_>) -> Result<Vec<EdgeKind>, Refusal> {
    let directions = asked.parameter("direction", |text| match text {
        "forward" => Ok((true, false)),
        "backward" => Ok((false, true)),
        "both" => Ok((true, true)),
        _ => Err("forward, backward or both"),
    })?;
    let (forward, backward) = directions.unwrap_or((true, false));
    let is_followed = |kind: &EdgeKind| forward && named.contains(kind) || backward && named.contains(&kind.reverse());
    Ok(EdgeKind::ALL.into_iter().filter(is_followed).collect())
}

#[derive(Serialize)]
struct Document<'v> {
    start: Text<&'v NodeId>,
    /// Nodes, from the first, all of whose edges are listed.
    expanded: usize,
    /// Which part of the budget ended the search; null where everything within the depth was found.
    cut: Option<&'static str>,
    nodes: Vec<NodeShape<'v>>,
    edges: Vec<EdgeShape<'v>>,
}

#[derive(Serialize)]
struct NodeShape<'v> {
    id: Text<&'v NodeId>,
    depth: u32,
}

#[derive(Serialize)]
struct EdgeShape<'v> {
    from: Text<&'v NodeId>,
    kind: &'static str,
    to: Text<&'v NodeId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Text<Instant>>,
}

pub(super) fn answer(traversal: &Traversal, read: &impl Read) -> Result<Vec<u8>, Refusal> {
    if !exists(read, &traversal.start)? {
        return Err(Refusal::not_found("node", traversal.start.to_string()));
    }
    traversed(&reach(read, traversal)?, &traversal.start)
}

pub(crate) fn traversed(reached: &Reached, start: &NodeId) -> Result<Vec<u8>, Refusal> {
    let id = |place: usize| Text(&reached.nodes[place].id);
    let edges = reached.edges.iter().map(|edge| EdgeShape {
        from: id(edge.from),
        kind: edge.kind.name(),
        to: id(edge.to),
        at: edge.at.map(Text),
    });
    let nodes = reached.nodes.iter().map(|node| NodeShape {
        id: Text(&node.id),
        depth: node.depth,
    });
    document(&Document {
        start: Text(start),
        expanded: reached.expanded,
        cut: reached.cut.map(|cut| match cut {
            ExhaustedBudget::Nodes => "nodes",
            ExhaustedBudget::Edges => "edges",
            ExhaustedBudget::Bytes => "bytes",
        }),
        nodes: nodes.collect(),
        edges: edges.collect(),
    })
}
