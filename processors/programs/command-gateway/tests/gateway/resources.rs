//! The schedule as resources: each request is one command, with versions as tags.

use crate::gateway::fixture::{Running, Seen};
use end_to_end::Program;
use reqwest::Method;
use serde_json::{Value, json};

fn ask(gateway: &Program, method: Method, path: &str, tag: Option<&str>, body: Option<Value>) -> Seen {
    let mut request = gateway.request(method, path);
    if let Some(tag) = tag {
        request = request.header("if-match", tag);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    Seen::of(request.send().unwrap())
}

fn leg(id: &str, hour: u32, origin: &str, destination: &str) -> Value {
    json!({
        "leg_id": id,
        "designator": format!("HA{hour}"),
        "origin": origin,
        "destination": destination,
        "departure": format!("2026-03-01T{hour:02}:00:00Z"),
        "arrival": format!("2026-03-01T{:02}:00:00Z", hour + 1),
    })
}

#[test]
fn a_rotation_is_made_changed_and_removed_by_resources_alone() {
    let running = Running::new("gateway-resources");
    let (_processor, view, gateway) = (running.processor(), running.materializer(), running.gateway());
    let airport = |code: &str, zone: &str| json!({ "code": code, "name": code, "zone": zone, "minimum_ground_time_minutes": 30 });
    for (code, zone) in [("HNL", "Pacific/Honolulu"), ("KOA", "Pacific/Honolulu")] {
        ask(&gateway, Method::POST, "/airports", None, Some(airport(code, zone))).with(200);
    }
    let ground_time = json!({ "minutes": 45, "aircraft_type": "763" });
    ask(&gateway, Method::PUT, "/airports/HNL/minimum-ground-time", None, Some(ground_time)).with(200);
    ask(&gateway, Method::PATCH, "/airports/HNL", None, Some(json!({ "name": "Honolulu" }))).with(200);
    let airplane = json!({ "registration": "N475HA", "aircraft_type": "763" });
    ask(&gateway, Method::POST, "/airplanes", None, Some(airplane)).with(200);
    ask(
        &gateway,
        Method::PATCH,
        "/airplanes/N475HA",
        None,
        Some(json!({ "aircraft_type": "717" })),
    )
    .with(200);

    let created = ask(
        &gateway,
        Method::POST,
        "/rotations",
        None,
        Some(json!({ "rotation_id": "R1", "mode": "draft" })),
    );
    let first = created.header("etag").to_owned();
    assert_eq!(first, "\"1\"");
    let legs = json!({ "legs": [leg("L1", 8, "HNL", "KOA"), leg("L2", 12, "KOA", "HNL"), leg("L3", 15, "HNL", "KOA")] });
    let added = ask(&gateway, Method::POST, "/rotations/R1/legs", Some(&first), Some(legs));
    let second = added.header("etag").to_owned();
    added.with(200);
    // Another planner has the older version.
    let stale = ask(&gateway, Method::DELETE, "/rotations/R1/legs/L1", Some(&first), None);
    assert_eq!(stale.header("etag"), second);
    assert_eq!(stale.with(412)["rule"], "expected-version");
    let times = json!({ "departure": "2026-03-01T08:30:00Z", "arrival": "2026-03-01T09:30:00Z" });
    ask(&gateway, Method::PATCH, "/rotations/R1/legs/L1", Some(&second), Some(times)).with(200);
    let replacement = json!({ "remove": ["L3"], "add": [leg("L4", 16, "HNL", "KOA")] });
    ask(&gateway, Method::POST, "/rotations/R1/replacement", None, Some(replacement)).with(200);
    ask(
        &gateway,
        Method::PUT,
        "/rotations/R1/airplane",
        None,
        Some(json!({ "registration": "N475HA" })),
    )
    .with(200);
    ask(&gateway, Method::POST, "/rotations/R1/activation", None, None).with(200);
    ask(&gateway, Method::DELETE, "/rotations/R1/airplane", None, None).with(200);
    let last = ask(&gateway, Method::DELETE, "/rotations/R1/legs?leg_ids=L2,L4", None, None);
    let position = last.header("x-position").to_owned();
    last.with(200);
    let question = view.request(Method::GET, "/rotations/R1").header("x-min-position", position);
    let rotation = Seen::of(question.send().unwrap()).with(200);
    let text = rotation.to_string();
    assert!(text.contains("2026-03-01T08:30:00.000Z") && !text.contains("L4"), "{rotation}");
    ask(&gateway, Method::DELETE, "/airplanes/N475HA", None, None).with(200);
    ask(&gateway, Method::DELETE, "/rotations/R1", None, None).with(200);
    let rejected = ask(&gateway, Method::DELETE, "/rotations/R1", None, None).with(422);
    assert!(rejected["rule"].is_string(), "{rejected}");
}

#[test]
fn a_name_in_a_path_that_cannot_be_one_is_refused() {
    let running = Running::new("gateway-names");
    let (_processor, gateway) = (running.processor(), running.gateway());
    let refused = ask(&gateway, Method::DELETE, "/rotations/a%20b", None, None);
    assert!([400, 422].contains(&refused.status), "{refused:?}");
    ask(&gateway, Method::DELETE, "/rotations/R1/legs", None, None).with(400);
    ask(
        &gateway,
        Method::PUT,
        "/rotations/R1/airplane",
        Some("*"),
        Some(json!({ "registration": "N475HA" })),
    )
    .with(400);
}
