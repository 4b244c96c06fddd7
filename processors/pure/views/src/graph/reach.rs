//! The nodes that can be reached from a node along edges of some kinds: breadth first, within a budget, and cut where the budget ends.

use super::{EdgeKind, NodeId, edges_of};
use crate::ask::{Span, Time};
use domain::Instant;
use keyvalue::{Read, ReadError};
use rustc_hash::FxHashMap;

/// Edges that are read at once.
const PAGE_EDGES: usize = 1000;

/// Where to begin, along which edges, and how far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traversal {
    pub start: NodeId,
    /// In the order in which they are followed from each node.
    pub kinds: Vec<EdgeKind>,
    /// Of the edges that are in the order of time.
    pub time: Time,
    pub budget: Budget,
}

/// How much a traversal may find. Time is the reader's to limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Edges on the way from the start to a node.
    pub depth_max: u32,
    /// The start is the first.
    pub nodes_max: usize,
    /// Edges that are followed, also to nodes that were found before.
    pub edges_max: usize,
    /// Of the text of all nodes and edges, as [`Reached::bytes`] counts it.
    pub bytes_max: usize,
}

/// The part of a budget that was used up first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExhaustedBudget {
    Nodes,
    Edges,
    Bytes,
}

/// The nodes and edges that were found, in the order in which they were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reached {
    pub nodes: Vec<ReachedNode>,
    pub edges: Vec<ReachedEdge>,
    /// How long the text of the nodes and edges is, at most.
    pub bytes: usize,
    /// Nodes, from the beginning, all of whose edges of the asked kinds are among the edges.
    pub expanded: usize,
    /// Why more was not looked at; `None` where everything within the depth was found.
    pub cut: Option<ExhaustedBudget>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReachedNode {
    pub id: NodeId,
    /// The least number of edges from the start.
    pub depth: u32,
}

/// An edge between two nodes, by their places among the nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReachedEdge {
    pub from: usize,
    pub kind: EdgeKind,
    pub to: usize,
    pub at: Option<Instant>,
}

/// Names, quotes, commas and an instant of one edge; those of a node are fewer.
const FRAME_BYTES: usize = 96;

/// Follows edges from the start until everything within the depth is found, or the budget is used up.
///
/// # Errors
/// When the view cannot be read.
pub fn reach(read: &impl Read, traversal: &Traversal) -> Result<Reached, ReadError> {
    let mut search = Search::new(traversal);
    while search.reached.cut.is_none() && search.reached.expanded < search.reached.nodes.len() {
        let from = search.reached.expanded;
        if search.reached.nodes[from].depth >= traversal.budget.depth_max {
            break;
        }
        search.expand(read, from)?;
        if search.reached.cut.is_none() {
            search.reached.expanded += 1;
        }
    }
    Ok(search.reached)
}

struct Search<'t> {
    traversal: &'t Traversal,
    places: FxHashMap<NodeId, usize>,
    /// How long the text of each node is, by its place among the nodes.
    text_bytes: Vec<usize>,
    reached: Reached,
}

impl<'t> Search<'t> {
    fn new(traversal: &'t Traversal) -> Self {
        let mut search = Self {
            traversal,
            places: FxHashMap::default(),
            text_bytes: Vec::new(),
            reached: Reached::default(),
        };
        let start_bytes = text_bytes(&traversal.start);
        search.reached.bytes = start_bytes + FRAME_BYTES;
        search.add(traversal.start.clone(), 0, start_bytes);
        search
    }

    /// Follows every edge of a node.
    fn expand(&mut self, read: &impl Read, from: usize) -> Result<(), ReadError> {
        let node = self.reached.nodes[from].id.clone();
        let kinds = self.traversal.kinds.iter().filter(|kind| kind.from() == node.kind());
        for kind in kinds {
            let mut after: Option<Vec<u8>> = None;
            loop {
                let span = Span {
                    after: after.as_deref(),
                    limit: PAGE_EDGES.min(self.edges_left() + 1),
                };
                let page = edges_of(read, &node, *kind, self.traversal.time, span)?;
                for edge in page.items {
                    self.reached.cut = self.follow(from, *kind, edge.to, edge.at);
                    if self.reached.cut.is_some() {
                        return Ok(());
                    }
                }
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
        }
        Ok(())
    }

    /// Adds an edge, and the node at its end where it is a new one, or says what does not allow it.
    fn follow(&mut self, from: usize, kind: EdgeKind, to: NodeId, at: Option<Instant>) -> Option<ExhaustedBudget> {
        let budget = &self.traversal.budget;
        if self.edges_left() == 0 {
            return Some(ExhaustedBudget::Edges);
        }
        let known = self.places.get(&to).copied();
        if known.is_none() && self.reached.nodes.len() >= budget.nodes_max {
            return Some(ExhaustedBudget::Nodes);
        }
        let to_bytes = known.map_or_else(|| text_bytes(&to), |place| self.text_bytes[place]);
        let of_edge = self.text_bytes[from] + to_bytes + FRAME_BYTES;
        let of_node = if known.is_none() { to_bytes + FRAME_BYTES } else { 0 };
        if self.reached.bytes + of_edge + of_node > budget.bytes_max {
            return Some(ExhaustedBudget::Bytes);
        }
        self.reached.bytes += of_edge + of_node;
        let place = known.unwrap_or_else(|| self.add(to, self.reached.nodes[from].depth + 1, to_bytes));
        self.reached.edges.push(ReachedEdge { from, kind, to: place, at });
        None
    }

    fn add(&mut self, id: NodeId, depth: u32, text_bytes: usize) -> usize {
        let place = self.reached.nodes.len();
        self.text_bytes.push(text_bytes);
        self.places.insert(id.clone(), place);
        self.reached.nodes.push(ReachedNode { id, depth });
        place
    }

    fn edges_left(&self) -> usize {
        self.traversal.budget.edges_max.saturating_sub(self.reached.edges.len())
    }
}

/// Ids have no characters that take more room in JSON.
fn text_bytes(id: &NodeId) -> usize {
    id.to_string().len()
}
