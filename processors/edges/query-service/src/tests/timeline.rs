//! Rows of bars, over HTTP.

use super::schedule::islands;
use serde_json::json;

const DAY: &str = "from=2008-01-01T00:00:00Z&to=2008-01-02T00:00:00Z";

#[tokio::test]
async fn a_row_has_bars_and_the_ground_time_between_them_with_what_the_checks_find() {
    let mut schedule = islands();
    schedule.airplane("N476HA");
    let running = schedule.served().await;
    let seen = running.get(&format!("/timeline?{DAY}")).await;
    assert_eq!((seen.status, seen.header("x-position")), (200, Some("0:12")));
    let hour = 3_600_000;
    let minute = 60_000;
    assert_eq!(
        seen.json(),
        json!({
            "from": "2008-01-01T00:00:00.000Z", "to": "2008-01-02T00:00:00.000Z",
            "checks": ["rotation-continuity", "overlap", "ground-time", "flight-designator", "rotation-seam", "unknown-reference"],
            "airports": ["HNL", "ITO"],
            "rows": [
                {
                    "airplane": "N475HA", "aircraft_type": "763", "retired": false,
                    "rotations": [["R1", "draft", 0], ["R2", "draft", 0]],
                    "bars": [
                        [0, "L1", "HA11", 0, 1, 10 * hour, 10 * hour + 50 * minute, 0],
                        [0, "L2", "HA12", 1, 0, 11 * hour + 20 * minute, 12 * hour + 10 * minute, 0],
                        [0, "L3", "HA13", 0, 1, 12 * hour + 40 * minute, 13 * hour + 30 * minute, 0],
                        [1, "L1", "HA21", 0, 1, 15 * hour, 15 * hour + 50 * minute, 0],
                    ],
                    "gaps": [[30, 40, 4], [30, 30, 0], [90, null, 16]],
                },
                { "airplane": "N476HA", "aircraft_type": "763", "retired": false, "rotations": [], "bars": [], "gaps": [] },
            ],
            "next_cursor": null,
        })
    );
    for query in [
        "airplanes=N475HA",
        "prefix=N475",
        "airplanes=N475HA,N1",
        "airplanes=N475HA,N476HA&prefix=N475",
    ] {
        let one = running.get(&format!("/timeline?{DAY}&{query}")).await.json();
        assert_eq!(one["rows"], json!([seen.json()["rows"][0]]), "{query}");
    }
}

#[tokio::test]
async fn rows_come_in_pages() {
    let mut schedule = islands();
    schedule.airplane("N476HA");
    let running = schedule.served().await;
    let first = running.get(&format!("/timeline?{DAY}&limit=1")).await.json();
    assert_eq!(
        (first["rows"].as_array().unwrap().len(), &first["rows"][0]["airplane"]),
        (1, &json!("N475HA"))
    );
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = running.get(&format!("/timeline?{DAY}&limit=1&cursor={cursor}")).await.json();
    assert_eq!(
        (&second["rows"][0]["airplane"], &second["next_cursor"]),
        (&json!("N476HA"), &json!(null))
    );
    let other = running.get(&format!("/timeline?{DAY}&prefix=N&cursor={cursor}")).await;
    assert_eq!((other.status, &other.json()["parameter"]), (400, &json!("cursor")));
}

#[tokio::test]
async fn a_window_or_airplanes_that_cannot_be_are_refused() {
    let running = islands().served().await;
    let many = (0..=200).map(|number| format!("X{number}")).collect::<Vec<_>>().join(",");
    for (parameter, query) in [
        ("from", "to=2008-01-02T00:00:00Z".to_owned()),
        ("to", "from=2008-01-02T00:00:00Z".to_owned()),
        ("to", "from=2008-01-02T00:00:00Z&to=2008-01-01T00:00:00Z".to_owned()),
        ("airplanes", format!("{DAY}&airplanes=")),
        ("airplanes", format!("{DAY}&airplanes=N1,,N2")),
        ("airplanes", format!("{DAY}&airplanes={many}")),
        ("prefix", format!("{DAY}&prefix=n")),
        ("prefix", format!("{DAY}&prefix=")),
        ("limit", format!("{DAY}&limit=1001")),
    ] {
        let seen = running.get(&format!("/timeline?{query}")).await;
        assert_eq!((seen.status, &seen.json()["parameter"]), (400, &json!(parameter)), "{query}");
    }
}
