//! What can be reached along edges, against a plain breadth-first search over a model of the schedule.

use super::fixture::apply;
use super::model::Model;
use super::random::{asked, decided};
use crate::ask::{Page, Span, Time};
use crate::graph::{Budget, EdgeKind, ExhaustedBudget, NodeId, Traversal, every_edge, reach};
use keyvalue::Memory;
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::collections::BTreeMap;

type Edges = BTreeMap<(NodeId, EdgeKind), Vec<NodeId>>;

/// What a search may find: nodes with their depths, and edges by the places of their ends.
#[derive(Debug, Default, PartialEq)]
struct Expected {
    nodes: Vec<(NodeId, u32)>,
    edges: Vec<(usize, EdgeKind, usize)>,
    cut: Option<ExhaustedBudget>,
}

/// Every edge of every node, in order, until something is too much.
fn searched(edges: &Edges, traversal: &Traversal) -> Expected {
    let Budget {
        depth_max,
        nodes_max,
        edges_max,
        ..
    } = traversal.budget;
    let mut expected = Expected {
        nodes: vec![(traversal.start.clone(), 0)],
        ..Expected::default()
    };
    let mut from = 0;
    while from < expected.nodes.len() {
        let (node, depth) = expected.nodes[from].clone();
        for kind in traversal.kinds.iter().filter(|_| depth < depth_max) {
            for to in edges.get(&(node.clone(), *kind)).into_iter().flatten() {
                if expected.edges.len() == edges_max {
                    expected.cut = Some(ExhaustedBudget::Edges);
                    return expected;
                }
                let known = expected.nodes.iter().position(|(node, _)| node == to);
                if known.is_none() && expected.nodes.len() == nodes_max {
                    expected.cut = Some(ExhaustedBudget::Nodes);
                    return expected;
                }
                let place = known.unwrap_or(expected.nodes.len());
                if known.is_none() {
                    expected.nodes.push((to.clone(), depth + 1));
                }
                expected.edges.push((from, *kind, place));
            }
        }
        from += 1;
    }
    expected
}

fn view(asked: &[super::random::Asked]) -> (Memory, Edges) {
    let (mut view, mut model) = (Memory::default(), Model::default());
    for fact in &decided(asked) {
        apply(&mut view, fact);
        model.apply(fact);
    }
    (view, model.edges())
}

/// The nodes of a graph that edges begin at; each has one, as there is a way back along each edge.
fn start(edges: &Edges, index: Index) -> Option<NodeId> {
    let nodes: Vec<&NodeId> = edges.keys().map(|(node, _)| node).collect();
    (!nodes.is_empty()).then(|| nodes[index.index(nodes.len())].clone())
}

fn kinds() -> impl Strategy<Value = Vec<EdgeKind>> {
    prop_oneof![
        Just(EdgeKind::ALL.to_vec()),
        btree_set(select(EdgeKind::ALL.to_vec()), 1..8).prop_map(|kinds| kinds.into_iter().collect()),
    ]
}

proptest! {
    #[test]
    fn what_is_reached_is_what_a_plain_search_finds(
        asked in asked(),
        index: Index,
        kinds in kinds(),
        (depth_max, nodes_max, edges_max) in (0..6_u32, prop_oneof![1..8_usize, Just(1000)], prop_oneof![0..12_usize, Just(8000)]),
    ) {
        let (view, edges) = view(&asked);
        let Some(start) = start(&edges, index) else { return Ok(()) };
        let budget = Budget { depth_max, nodes_max, edges_max, bytes_max: usize::MAX };
        let traversal = Traversal { start, kinds, time: Time::default(), budget };
        let reached = reach(&view, &traversal).unwrap();
        let found = Expected {
            nodes: reached.nodes.iter().map(|node| (node.id.clone(), node.depth)).collect(),
            edges: reached.edges.iter().map(|edge| (edge.from, edge.kind, edge.to)).collect(),
            cut: reached.cut,
        };
        prop_assert_eq!(&found, &searched(&edges, &traversal));
        for (place, node) in reached.nodes.iter().enumerate().take(reached.expanded) {
            for kind in &traversal.kinds {
                let of_node = edges.get(&(node.id.clone(), *kind)).map_or(0, Vec::len);
                let listed = reached.edges.iter().filter(|edge| edge.from == place && edge.kind == *kind).count();
                prop_assert_eq!(listed, of_node, "{} of {}", kind.name(), node.id);
            }
        }
    }

    #[test]
    fn a_budget_of_bytes_holds_for_the_document_and_cuts_the_same_search(asked in asked(), index: Index, bytes_max in 200..6000_usize) {
        let (view, edges) = view(&asked);
        let Some(start) = start(&edges, index) else { return Ok(()) };
        let budget = Budget { depth_max: 9, nodes_max: 1000, edges_max: 8000, bytes_max };
        let mut traversal = Traversal { start, kinds: EdgeKind::ALL.to_vec(), time: Time::default(), budget };
        let cut = reach(&view, &traversal).unwrap();
        traversal.budget.bytes_max = usize::MAX;
        let whole = reach(&view, &traversal).unwrap();
        prop_assert!(cut.bytes <= bytes_max);
        prop_assert!(whole.nodes.starts_with(&cut.nodes) && whole.edges.starts_with(&cut.edges));
        prop_assert_eq!(cut.cut, (whole.bytes > bytes_max).then_some(ExhaustedBudget::Bytes));
        let document = crate::questions::traversed(&cut, &traversal.start).unwrap();
        // Of the head of the document.
        prop_assert!(document.len() <= cut.bytes + 200, "{} of {}", document.len(), cut.bytes);
    }

    #[test]
    fn every_edge_of_a_node_is_listed_once_whatever_the_pages_are(asked in asked(), kinds in kinds(), limits in vec(1..5_usize, 1..4)) {
        let (view, edges) = view(&asked);
        for (node, _) in edges.keys() {
            let of_kind = |kind: &EdgeKind| edges.get(&(node.clone(), *kind)).into_iter().flatten().map(|to| (*kind, to.clone())).collect::<Vec<_>>();
            let expected: Vec<_> = EdgeKind::ALL.iter().filter(|kind| kinds.contains(kind)).flat_map(of_kind).collect();
            let mut found = Vec::new();
            let mut after: Option<Vec<u8>> = None;
            // No page but the last is empty.
            for limit in limits.iter().cycle().take(expected.len() + 1) {
                let span = Span { after: after.as_deref(), limit: *limit };
                let Page { items, next } = every_edge(&view, node, &kinds, Time::default(), span).unwrap();
                prop_assert!(items.len() <= *limit);
                found.extend(items.into_iter().map(|edge| (edge.kind, edge.to)));
                match next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
            prop_assert_eq!(&found, &expected, "{}", node);
        }
    }
}

#[test]
fn bytes_that_are_no_place_in_the_list_of_edges_are_one_like_any_other() {
    let view = Memory::default();
    let node = NodeId::parse("airport/HNL").unwrap();
    for after in [&[][..], &[200], &[0, 1, 2], &[255; 40]] {
        let span = Span {
            after: Some(after),
            limit: 5,
        };
        let page = every_edge(&view, &node, &EdgeKind::ALL, Time::default(), span).unwrap();
        assert_eq!((page.items.len(), page.next), (0, None));
    }
}

#[test]
fn bytes_are_those_of_the_ids_and_a_frame_for_each_node_and_each_edge() {
    use super::fixture::{View, added, created};
    let view = View::given([
        created("r1"),
        added("r1", "a HA1 HNL OGG 01T08:00 01T08:40"),
        added("r1", "b HA2 OGG HNL 01T09:10 01T09:50"),
    ]);
    let reached = |bytes_max| {
        let traversal = Traversal {
            start: NodeId::parse("rotation/r1").unwrap(),
            kinds: vec![EdgeKind::Legs],
            time: Time::default(),
            budget: Budget {
                depth_max: 1,
                nodes_max: 9,
                edges_max: 9,
                bytes_max,
            },
        };
        reach(&view.memory, &traversal).unwrap()
    };
    // rotation/r1 has 11 bytes and leg/r1/a 8: the start, then twice an edge with the node at its end.
    let (start, edge, node) = (11 + 96, 11 + 8 + 96, 8 + 96);
    let whole = start + 2 * (edge + node);
    assert_eq!(
        (reached(whole).bytes, reached(whole).cut, reached(whole).expanded),
        (whole, None, 1)
    );
    let cut = reached(whole - 1);
    assert_eq!(
        (cut.bytes, cut.cut, cut.expanded),
        (start + edge + node, Some(ExhaustedBudget::Bytes), 0)
    );
}

#[test]
fn more_edges_than_are_read_at_once_are_all_followed() {
    use super::fixture::{created, fact, leg, rotation};
    use domain::rotation::Event::LegAdded;
    let (mut projector, mut view) = (crate::Projector::default(), Memory::default());
    let legs = (0..1001).map(|number| {
        let mut leg = leg("a HA1 HNL OGG 01T08:00 01T08:40");
        leg.id = super::fixture::leg_id(&format!("L{number}"));
        leg.departure.0 += number * 86_400_000;
        leg.arrival.0 += number * 86_400_000;
        rotation("r1", LegAdded { leg })
    });
    for (sequence, (aggregate_id, event)) in (1..).zip(std::iter::once(created("r1")).chain(legs)) {
        let mutations = projector.project(&fact(0, sequence, aggregate_id, event), &view).unwrap();
        view.apply(&mutations);
    }
    let traversal = |edges_max| Traversal {
        start: NodeId::parse("rotation/r1").unwrap(),
        kinds: vec![EdgeKind::Legs],
        time: Time::default(),
        budget: Budget {
            depth_max: 1,
            nodes_max: 5000,
            edges_max,
            bytes_max: usize::MAX,
        },
    };
    let reached = |edges_max| {
        let reached = reach(&view, &traversal(edges_max)).unwrap();
        (reached.edges.len(), reached.expanded, reached.cut)
    };
    assert_eq!(reached(1001), (1001, 1, None));
    assert_eq!(reached(1000), (1000, 0, Some(ExhaustedBudget::Edges)));
}
