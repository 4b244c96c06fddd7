//! Connections, over HTTP.

use super::schedule::Schedule;
use serde_json::json;

const DAY: &str = "depart_after=2008-01-01T00:00:00Z&arrive_before=2008-01-02T00:00:00Z";

/// A slow direct leg, and a faster way by Hilo, where 40 minutes are needed; a draft is faster still.
fn hawaii() -> Schedule {
    let mut schedule = Schedule::default();
    schedule.airport("HNL", 30);
    schedule.airport("ITO", 40);
    schedule.active("R1", Some("N475HA"));
    schedule.leg("R1", "L1 HA11 HNL 08:00 ITO 08:50");
    schedule.active("R2", None);
    schedule.leg("R2", "L1 HA2 ITO 09:30 LAX 14:30");
    schedule.active("R3", None);
    schedule.leg("R3", "L1 HA3 HNL 10:00 LAX 15:30");
    schedule.draft("R4", None);
    schedule.leg("R4", "L1 HA4 HNL 07:00 LAX 12:00");
    schedule
}

#[tokio::test]
async fn the_first_arrival_of_each_number_of_legs_is_answered_with_its_legs() {
    let running = hawaii().served().await;
    let seen = running.get(&format!("/connections?from=HNL&to=LAX&{DAY}")).await;
    assert_eq!((seen.status, seen.header("x-position")), (200, Some("0:11")));
    let found = seen.json();
    let connections = found["connections"].as_array().unwrap();
    assert_eq!(connections.len(), 2, "{found}");
    let direct = &connections[0];
    assert_eq!(direct["arrival"], "2008-01-01T15:30:00.000Z");
    assert_eq!(direct["legs"][0]["rotation"], "R3");
    assert_eq!(
        connections[1],
        json!({
            "departure": "2008-01-01T08:00:00.000Z", "arrival": "2008-01-01T14:30:00.000Z", "minutes": 390,
            "legs": [
                {
                    "rotation": "R1", "leg": "L1", "designator": "HA11", "origin": "HNL", "destination": "ITO",
                    "departure": "2008-01-01T08:00:00.000Z", "arrival": "2008-01-01T08:50:00.000Z", "mode": "active",
                    "airplane": "N475HA", "connection_minutes": null, "minimum_connection_minutes": null,
                },
                {
                    "rotation": "R2", "leg": "L1", "designator": "HA2", "origin": "ITO", "destination": "LAX",
                    "departure": "2008-01-01T09:30:00.000Z", "arrival": "2008-01-01T14:30:00.000Z", "mode": "active",
                    "airplane": null, "connection_minutes": 40, "minimum_connection_minutes": 40,
                },
            ],
        })
    );
    for (more, arrivals) in [
        ("legs_max=1", vec!["15:30"]),
        ("min_connection=41", vec!["15:30"]),
        ("drafts=true", vec!["12:00"]),
        ("min_connection=0&legs_max=2", vec!["15:30", "14:30"]),
    ] {
        let found = running.get(&format!("/connections?from=HNL&to=LAX&{DAY}&{more}")).await.json();
        let connections = found["connections"].as_array().unwrap().iter();
        let seen: Vec<_> = connections
            .map(|connection| &connection["arrival"].as_str().unwrap()[11..16])
            .collect();
        assert_eq!(seen, arrivals, "{more}");
    }
}

#[tokio::test]
async fn an_airport_without_legs_has_no_connections() {
    let running = hawaii().served().await;
    let found = running.get(&format!("/connections?from=SYD&to=HNL&{DAY}")).await;
    assert_eq!((found.status, found.json()["connections"].clone()), (200, json!([])));
}

#[tokio::test]
async fn what_cannot_be_searched_for_is_refused_by_the_name_of_its_parameter() {
    let running = hawaii().served().await;
    for (parameter, query) in [
        ("from", "to=LAX&depart_after=2008-01-01T00:00:00Z"),
        ("to", "from=HNL&depart_after=2008-01-01T00:00:00Z"),
        ("depart_after", "from=HNL&to=LAX"),
        ("from", "from=hnl&to=LAX&depart_after=2008-01-01T00:00:00Z"),
        ("to", "from=HNL&to=HNL&depart_after=2008-01-01T00:00:00Z"),
        (
            "arrive_before",
            "from=HNL&to=LAX&depart_after=2008-01-01T00:00:00Z&arrive_before=2008-01-01T00:00:00Z",
        ),
        ("legs_max", "from=HNL&to=LAX&depart_after=2008-01-01T00:00:00Z&legs_max=0"),
        ("legs_max", "from=HNL&to=LAX&depart_after=2008-01-01T00:00:00Z&legs_max=7"),
        (
            "min_connection",
            "from=HNL&to=LAX&depart_after=2008-01-01T00:00:00Z&min_connection=-1",
        ),
        ("drafts", "from=HNL&to=LAX&depart_after=2008-01-01T00:00:00Z&drafts=1"),
    ] {
        let seen = running.get(&format!("/connections?{query}")).await;
        assert_eq!((seen.status, &seen.json()["parameter"]), (400, &json!(parameter)), "{query}");
    }
}
