//! Nodes with their edges, and lists of them in pages.

use super::schedule::{Schedule, from, islands};
use crate::fixture::Running;
use serde_json::{Value, json};

/// The ids of the items of a list, page by page.
async fn pages(running: &Running, path: &str, list: &str, id: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = running.get(&format!("{path}{cursor}")).await.json();
        let ids = page[list]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item[id].as_str().unwrap().to_owned());
        pages.push(ids.collect());
        match &page["next_cursor"] {
            Value::String(next) => cursor = format!("&cursor={next}"),
            other => {
                assert_eq!(*other, Value::Null);
                return pages;
            }
        }
    }
}

#[tokio::test]
async fn a_rotation_is_shown_with_its_airplane_and_its_legs_in_order() {
    let running = islands().served().await;
    let seen = running.get("/rotations/R1?limit=1").await;
    assert_eq!((seen.status, seen.header("content-type")), (200, Some("application/json")));
    let rotation = seen.json();
    assert_eq!(
        rotation,
        json!({
            "id": "R1",
            "mode": "draft",
            "airplane": { "registration": "N475HA", "provenance": from(5) },
            "provenance": from(4),
            "mode_provenance": from(4),
            "legs": [{
                "rotation": "R1",
                "id": "L1",
                "designator": "HA11",
                "origin": "HNL",
                "destination": "ITO",
                "departure": "2008-01-01T10:00:00.000Z",
                "arrival": "2008-01-01T10:50:00.000Z",
                "origin_date": "2008-01-01",
                "provenance": from(6),
                "times_provenance": from(6),
            }],
            "next_cursor": rotation["next_cursor"],
        })
    );
    let legs = pages(&running, "/rotations/R1?limit=2", "legs", "id").await;
    assert_eq!(legs, [vec!["L1", "L2"], vec!["L3"]]);
}

#[tokio::test]
async fn a_leg_is_shown_between_its_neighbours() {
    let running = islands().served().await;
    let leg = running.get("/rotations/R1/legs/L2").await.json();
    assert_eq!((&leg["id"], &leg["airplane"]), (&json!("L2"), &json!("N475HA")));
    assert_eq!((&leg["previous"]["id"], &leg["next"]["id"]), (&json!("L1"), &json!("L3")));
    let first = running.get("/rotations/R1/legs/L1").await.json();
    assert_eq!((&first["previous"], &first["next"]["id"]), (&Value::Null, &json!("L2")));
}

fn flown(id: &str, first_departure: &str, last_arrival: &str) -> Value {
    json!({
        "id": id,
        "mode": "draft",
        "first_departure": first_departure,
        "last_arrival": last_arrival,
        "departs_from": "HNL",
        "arrives_at": "ITO",
    })
}

#[tokio::test]
async fn legs_of_a_rotation_and_rotations_of_an_airplane_are_entered_at_a_time() {
    let running = islands().served().await;
    let legs = pages(
        &running,
        "/rotations/R1?from=2008-01-01T11:20:00Z&to=2008-01-01T12:40:00Z&limit=1",
        "legs",
        "id",
    )
    .await;
    assert_eq!(legs, [["L2"]]);
    let flown = async |window: &str| {
        pages(&running, &format!("/airplanes/N475HA?limit=1&{window}"), "rotations", "id")
            .await
            .concat()
    };
    assert_eq!(flown("from=2008-01-01T13:29:00Z").await, ["R1", "R2"]);
    assert_eq!(flown("from=2008-01-01T13:30:00Z").await, ["R2"]);
    assert_eq!(flown("to=2008-01-01T15:00:00Z").await, ["R1"]);
    assert!(flown("from=2008-01-01T15:50:00Z").await.is_empty());
}

#[tokio::test]
async fn an_airplane_is_shown_with_its_rotations_in_time_order() {
    let running = islands().served().await;
    let airplane = running.get("/airplanes/N475HA").await.json();
    assert_eq!(
        airplane,
        json!({
            "registration": "N475HA",
            "aircraft_type": "763",
            "retired": false,
            "provenance": from(3),
            "type_provenance": from(3),
            "retired_provenance": null,
            "rotations": [
                flown("R1", "2008-01-01T10:00:00.000Z", "2008-01-01T13:30:00.000Z"),
                flown("R2", "2008-01-01T15:00:00.000Z", "2008-01-01T15:50:00.000Z"),
            ],
            "next_cursor": null,
        })
    );
}

#[tokio::test]
async fn an_airplane_that_only_rotations_name_is_shown_as_far_as_it_is_known() {
    let mut schedule = Schedule::default();
    schedule.draft("R1", Some("N1XX"));
    let airplane = schedule.served().await.get("/airplanes/N1XX").await.json();
    assert_eq!(airplane["aircraft_type"], Value::Null);
    let rotation = json!({
        "id": "R1", "mode": "draft", "first_departure": null, "last_arrival": null, "departs_from": null, "arrives_at": null,
    });
    assert_eq!(airplane["rotations"], json!([rotation]));
}

#[tokio::test]
async fn an_airport_is_shown_with_its_ground_times() {
    let mut schedule = islands();
    schedule.minimum_for("ITO", "717", 25);
    let airport = schedule.served().await.get("/airports/ITO").await.json();
    assert_eq!(
        airport,
        json!({
            "code": "ITO",
            "name": "ITO Field",
            "zone": "Pacific/Honolulu",
            "minimum_ground_time": { "minutes": 40, "provenance": from(2) },
            "by_aircraft_type": { "717": { "minutes": 25, "provenance": from(12) } },
            "provenance": from(2),
            "name_provenance": from(2),
            "zone_provenance": from(2),
        })
    );
}

#[tokio::test]
async fn lists_come_in_pages_that_join_without_a_gap() {
    let mut schedule = Schedule::default();
    for number in 1..=5 {
        schedule.draft(&format!("R{number}"), None);
        schedule.airplane(&format!("N{number}HA"));
        schedule.airport(&format!("AA{}", ["A", "B", "C", "D", "E"][number - 1]), 30);
    }
    let running = schedule.served().await;
    let rotations = pages(&running, "/rotations?limit=2", "rotations", "id").await;
    assert_eq!(rotations, [vec!["R1", "R2"], vec!["R3", "R4"], vec!["R5"]]);
    let airplanes = pages(&running, "/airplanes?limit=3", "airplanes", "registration").await;
    assert_eq!(airplanes, [vec!["N1HA", "N2HA", "N3HA"], vec!["N4HA", "N5HA"]]);
    let airports = pages(&running, "/airports?limit=5", "airports", "code").await;
    assert_eq!(airports, [vec!["AAA", "AAB", "AAC", "AAD", "AAE"]]);
}

#[tokio::test]
async fn boards_of_an_airport_are_in_time_order_and_within_a_time() {
    let running = islands().served().await;
    let departures = pages(&running, "/airports/HNL/departures?limit=9", "legs", "designator").await;
    assert_eq!(departures, [vec!["HA11", "HA13", "HA21"]]);
    let path = "/airports/HNL/departures?from=2008-01-01T12:40:00Z&to=2008-01-01T15:00:00Z";
    assert_eq!(pages(&running, path, "legs", "designator").await, [vec!["HA13"]]);
    let arrivals = pages(&running, "/airports/ITO/arrivals?limit=2", "legs", "designator").await;
    assert_eq!(arrivals, [vec!["HA11", "HA13"], vec!["HA21"]]);
}

#[tokio::test]
async fn a_board_has_departures_and_arrivals_together_with_the_times_of_its_airport() {
    let running = islands().served().await;
    let board = running.get("/airports/ITO/board?limit=1&from=2008-01-01T10:50:00Z").await.json();
    assert_eq!(
        board["board"],
        json!([{
            "direction": "arrival",
            "at": "2008-01-01T10:50:00.000Z",
            "local": "2008-01-01T00:50:00.000-10:00",
            "designator": "HA11",
            "origin": "HNL",
            "destination": "ITO",
            "departure": "2008-01-01T10:00:00.000Z",
            "arrival": "2008-01-01T10:50:00.000Z",
            "rotation": "R1",
            "leg": "L1",
            "mode": "draft",
            "airplane": "N475HA",
        }])
    );
    let lines = pages(&running, "/airports/ITO/board?limit=2", "board", "designator").await;
    assert_eq!(lines, [vec!["HA11", "HA12"], vec!["HA13", "HA21"]]);
    let mut schedule = Schedule::default();
    schedule.draft("R1", None);
    schedule.leg("R1", "L1 HA11 HNL 10:00 ITO 10:50");
    let board = schedule.served().await.get("/airports/HNL/board").await.json();
    assert_eq!(
        (&board["board"][0]["local"], &board["board"][0]["airplane"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn legs_are_found_by_designator_and_by_time() {
    let running = islands().served().await;
    assert_eq!(pages(&running, "/legs?designator=HA12", "legs", "id").await, [vec!["L2"]]);
    let path = "/legs?limit=1&from=2008-01-01T12:00:00Z&to=2008-01-01T15:00:00.001Z";
    let found = pages(&running, path, "legs", "designator").await.concat();
    assert_eq!(found, ["HA13", "HA21"]);
}
