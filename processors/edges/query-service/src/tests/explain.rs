//! Histories over HTTP, from a log in memory.

use super::schedule::islands;
use serde_json::{Value, json};

#[tokio::test]
async fn a_history_lists_newest_events_first_with_what_each_changed() {
    let running = islands().served_with_log().await;
    let seen = running.get("/explain/rotation/R1?limit=2").await;
    assert_eq!(seen.status, 200, "{}", seen.text);
    assert_eq!(seen.header("x-position"), Some("0:11"));
    let page = seen.json();
    assert_eq!(page["aggregate_id"], "rotation/R1");
    let newest = &page["events"][0];
    assert_eq!(
        (&newest["type"], &newest["sequence"], &newest["offset"]),
        (&json!("LegAdded"), &json!(8), &json!(16))
    );
    assert_eq!(newest["changed"][0]["to"]["designator"], "HA13");
    assert!(newest["command"]["unavailable"].as_str().unwrap().contains("deleted by retention"));
    let cursor = page["next_cursor"].as_str().unwrap();
    let older = running.get(&format!("/explain/rotation/R1?limit=2&cursor={cursor}")).await.json();
    let types: Vec<&Value> = older["events"].as_array().unwrap().iter().map(|event| &event["type"]).collect();
    assert_eq!(types, ["LegAdded", "AirplaneAssigned"]);
}

#[tokio::test]
async fn a_violation_is_explained_by_its_id_as_it_is_listed() {
    let running = islands().served_with_log().await;
    let listed = running.get("/checks/ground-time?rotation=R1").await.json();
    let id = listed["violations"][0]["id"].as_str().unwrap().to_owned();
    let explained = running.get(&format!("/explain/violation/{id}")).await.json();
    assert_eq!(explained["violation"], listed["violations"][0]);
    let facts: Vec<String> = explained["facts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fact| format!("{} {}", fact["node"].as_str().unwrap(), fact["attribute"].as_str().unwrap()))
        .collect();
    assert_eq!(
        facts,
        [
            "leg/R1/L1 leg",
            "leg/R1/L2 leg",
            "airport/ITO minimum_ground_time",
            "rotation/R1 airplane",
            "airplane/N475HA aircraft_type",
        ]
    );
    let sequences: Vec<&Value> = explained["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["sequence"])
        .collect();
    assert_eq!(sequences, [7, 6, 5, 3, 2]);
}

#[tokio::test]
async fn what_retention_has_deleted_is_said_in_its_place() {
    let schedule = islands();
    schedule.log_begins_with(8);
    let running = schedule.served_with_log().await;
    let page = running.get("/explain/rotation/R1").await.json();
    let events = page["events"].as_array().unwrap();
    assert_eq!(events.len(), 5);
    assert_eq!((&events[0]["type"], &events[0]["unavailable"]), (&json!("LegAdded"), &Value::Null));
    for event in &events[1..] {
        assert!(event["unavailable"].as_str().unwrap().contains("deleted by retention"), "{event}");
    }
}

#[tokio::test]
async fn what_there_never_was_is_a_404_and_what_cannot_be_a_400() {
    let running = islands().served_with_log().await;
    for path in ["rotation/R9", "leg/R1/L9", "airport/OGG", "violation/overlap/R1/L1"] {
        let seen = running.get(&format!("/explain/{path}")).await;
        assert_eq!(seen.status, 404, "{path}: {}", seen.text);
    }
    for path in ["R1", "rotation", "violation/overlap", "designator-day/HA11/HNL/2008-01-01"] {
        let seen = running.get(&format!("/explain/{path}")).await;
        assert_eq!(
            (seen.status, &seen.json()["parameter"]),
            (400, &json!("node")),
            "{path}: {}",
            seen.text
        );
    }
}
