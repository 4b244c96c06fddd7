//! The graph as it is: any node with its edges, and what can be reached from it.

use super::schedule::{from, islands};
use crate::fixture::Running;
use serde_json::{Value, json};

fn ends(document: &Value) -> Vec<String> {
    let edges = document["edges"].as_array().unwrap().iter();
    edges
        .map(|edge| format!("{} {}", edge["kind"].as_str().unwrap(), edge["to"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn a_node_is_found_by_its_id_with_slashes_as_they_are_or_encoded() {
    let running = islands().served().await;
    let plain = running.get("/graph/nodes/leg/R1/L2").await;
    assert_eq!(plain.status, 200, "{}", plain.text);
    assert_eq!(plain.text, running.get("/graph/nodes/leg%2FR1%2FL2").await.text);
    let leg = plain.json();
    assert_eq!(
        (&leg["id"], &leg["kind"], &leg["state"]),
        (&json!("leg/R1/L2"), &json!("leg"), &json!("present"))
    );
    assert_eq!((&leg["facts"]["designator"], &leg["removed"]), (&json!("HA12"), &Value::Null));
    assert_eq!(
        ends(&leg),
        [
            "rotation rotation/R1",
            "next-leg leg/R1/L3",
            "previous-leg leg/R1/L1",
            "origin airport/ITO",
            "destination airport/HNL",
            "day designator-day/HA12/ITO/2008-01-01",
        ]
    );
    let rotation = running.get("/graph/nodes/rotation/R1?edges=airplane,next-rotation").await.json();
    assert_eq!(ends(&rotation), ["airplane airplane/N475HA", "next-rotation rotation/R2"]);
    assert_eq!(rotation["edges"][0]["assigned"], from(5));
}

#[tokio::test]
async fn a_node_that_others_only_name_is_shown_without_facts_and_one_that_none_names_is_a_404() {
    let running = islands().served().await;
    let day = running.get("/graph/nodes/designator-day/HA11/HNL/2008-01-01").await.json();
    assert_eq!((&day["state"], &day["facts"]), (&json!("named"), &Value::Null));
    assert_eq!(ends(&day), ["legs-of-day leg/R1/L1"]);
    let unknown = running.get("/graph/nodes/rotation/R9").await;
    assert_eq!((unknown.status, &unknown.json()["id"]), (404, &json!("rotation/R9")));
}

#[tokio::test]
async fn the_edges_of_a_node_come_in_pages_across_their_kinds() {
    let running = islands().served().await;
    let all = ends(&running.get("/graph/nodes/airport/HNL").await.json());
    assert_eq!(all.len(), 4);
    let mut paged = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = running.get(&format!("/graph/nodes/airport/HNL?limit=1{cursor}")).await.json();
        paged.extend(ends(&page));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(paged, all);
}

#[tokio::test]
async fn a_traversal_follows_edges_in_each_direction_to_a_depth() {
    let running = islands().served().await;
    let reached = |query: &'static str| {
        let running = &running;
        async move {
            let seen = running.get(&format!("/graph/traverse?{query}")).await;
            assert_eq!(seen.status, 200, "{}", seen.text);
            let document = seen.json();
            let nodes = document["nodes"].as_array().unwrap().iter();
            let nodes: Vec<String> = nodes
                .map(|node| format!("{} {}", node["depth"], node["id"].as_str().unwrap()))
                .collect();
            (nodes, document)
        }
    };
    let (nodes, document) = reached("start=airplane/N475HA&edges=rotations,legs&depth=2").await;
    assert_eq!(
        nodes,
        [
            "0 airplane/N475HA",
            "1 rotation/R1",
            "1 rotation/R2",
            "2 leg/R1/L1",
            "2 leg/R1/L2",
            "2 leg/R1/L3",
            "2 leg/R2/L1",
        ]
    );
    assert_eq!((&document["cut"], &document["expanded"]), (&Value::Null, &json!(3)));
    assert_eq!(
        document["edges"][2],
        json!({ "from": "rotation/R1", "kind": "legs", "to": "leg/R1/L1", "at": "2008-01-01T10:00:00.000Z" })
    );
    let (nodes, _) = reached("start=leg/R2/L1&edges=rotations,legs&direction=backward&depth=9").await;
    assert_eq!(nodes, ["0 leg/R2/L1", "1 rotation/R2", "2 airplane/N475HA"]);
    let (nodes, document) = reached("start=airport/ITO&direction=both&depth=100&nodes_max=3").await;
    assert_eq!((nodes.len(), &document["cut"]), (3, &json!("nodes")));
}

#[tokio::test]
async fn what_no_traversal_can_be_made_of_is_a_400_that_names_the_parameter() {
    let running = islands().served().await;
    for (query, parameter, expected) in [
        ("", "start", "rotation/<id>"),
        ("start=R1", "start", "rotation/<id>"),
        ("start=rotation/R1&edges=leg", "edges", "previous-rotation"),
        ("start=rotation/R1&direction=up", "direction", "backward"),
        ("start=rotation/R1&depth=101", "depth", "number from 0 to 100"),
        ("start=rotation/R1&nodes_max=0", "nodes_max", "number from 1 to 100000"),
        ("start=rotation/R1&bytes_max=1", "bytes_max", "number from 1024 to"),
    ] {
        let seen = running.get(&format!("/graph/traverse?{query}")).await;
        let problem = seen.json();
        assert_eq!(
            (seen.status, &problem["parameter"]),
            (400, &json!(parameter)),
            "{query}: {}",
            seen.text
        );
        assert!(problem["expected"].as_str().unwrap().contains(expected), "{problem}");
    }
    let unknown = running.get("/graph/traverse?start=rotation/R9").await;
    assert_eq!(unknown.status, 404);
    assert_eq!(running.get("/graph/nodes/rotation").await.status, 400);
    assert_eq!(running.get("/graph/nodes/").await.status, 404);
}

#[tokio::test]
async fn a_traversal_without_edges_ends_at_once() {
    let running: Running = islands().served().await;
    let alone = running.get("/graph/traverse?start=airport/HNL&depth=0").await.json();
    assert_eq!((ends(&alone).len(), &alone["cut"]), (0, &Value::Null));
}
