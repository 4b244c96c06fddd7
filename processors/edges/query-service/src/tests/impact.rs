//! What a delay does, over HTTP.

use super::schedule::Schedule;
use serde_json::json;

/// An airplane that has ten minutes to spare in Hilo, and another that departs from there.
fn hawaii() -> Schedule {
    let mut schedule = Schedule::default();
    schedule.airport("HNL", 30);
    schedule.airport("ITO", 40);
    schedule.active("R1", Some("N475HA"));
    schedule.leg("R1", "L1 HA11 HNL 08:00 ITO 08:50");
    schedule.leg("R1", "L2 HA12 ITO 09:40 HNL 10:30");
    schedule.active("R2", None);
    schedule.leg("R2", "L1 HA2 ITO 09:35 LAX 14:30");
    schedule.active("R3", Some("N475HA"));
    schedule.leg("R3", "L1 HA13 HNL 12:00 LAX 17:00");
    schedule
}

#[tokio::test]
async fn each_leg_that_a_delay_reaches_is_answered_with_what_is_missed_because_of_it() {
    let running = hawaii().served().await;
    let seen = running.get("/rotations/R1/legs/L1/impact?delay_minutes=20").await;
    assert_eq!((seen.status, seen.header("x-position")), (200, Some("0:11")));
    let found = seen.json();
    assert_eq!((&found["airplane"], &found["cut"]), (&json!("N475HA"), &json!(false)));
    let legs = found["legs"].as_array().unwrap();
    assert_eq!(legs.len(), 2, "{found}");
    assert_eq!(
        (&legs[0]["leg"], &legs[0]["delay_minutes"], &legs[0]["ground_minutes"]),
        (&json!("L1"), &json!(20), &json!(null))
    );
    let missed = &legs[0]["missed_connections"];
    assert_eq!(missed.as_array().unwrap().len(), 1, "{missed}");
    assert_eq!(
        (&missed[0]["rotation"], &missed[0]["connection_minutes"]),
        (&json!("R2"), &json!(45))
    );
    assert_eq!(missed[0]["minimum_connection_minutes"], 40);
    assert_eq!(
        legs[1],
        json!({
            "rotation": "R1", "leg": "L2", "designator": "HA12", "origin": "ITO", "destination": "HNL",
            "departure": "2008-01-01T09:40:00.000Z", "arrival": "2008-01-01T10:30:00.000Z", "mode": "active", "airplane": "N475HA",
            "ground_minutes": 50, "required_minutes": 40, "slack_minutes": 10, "delay_minutes": 10, "missed_connections": [],
        })
    );
    let absorbed = &found["absorbed_by"];
    assert_eq!(
        (&absorbed["rotation"], &absorbed["slack_minutes"], &absorbed["delay_minutes"]),
        (&json!("R3"), &json!(60), &json!(0))
    );
    let more = running
        .get("/rotations/R1/legs/L1/impact?delay_minutes=20&min_connection=20")
        .await
        .json();
    assert_eq!(more["legs"][0]["missed_connections"], json!([]));
}

#[tokio::test]
async fn a_leg_that_there_is_not_is_a_404_and_a_delay_that_cannot_be_is_a_400() {
    let running = hawaii().served().await;
    for path in [
        "/rotations/R1/legs/L9/impact?delay_minutes=1",
        "/rotations/R9/legs/L1/impact?delay_minutes=1",
    ] {
        assert_eq!(running.get(path).await.status, 404, "{path}");
    }
    for (parameter, query) in [
        ("delay_minutes", ""),
        ("delay_minutes", "delay_minutes=0"),
        ("delay_minutes", "delay_minutes=10081"),
        ("delay_minutes", "delay_minutes=ten"),
        ("min_connection", "delay_minutes=1&min_connection=1441"),
        ("drafts", "delay_minutes=1&drafts=yes"),
    ] {
        let seen = running.get(&format!("/rotations/R1/legs/L1/impact?{query}")).await;
        assert_eq!((seen.status, &seen.json()["parameter"]), (400, &json!(parameter)), "{query}");
    }
}
