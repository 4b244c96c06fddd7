//! Every error is a problem document that says what was expected.

use super::schedule::islands;
use crate::Readiness;
use crate::fixture::{Running, Seen, send};
use application::View as _;
use serde_json::{Value, json};
use views::ScheduleGraph;

/// Checks what holds for all of them, and gives back the document.
fn problem(seen: &Seen, status: u16, kind: &str) -> Value {
    assert_eq!(seen.status, status, "{}", seen.text);
    assert_eq!(seen.header("content-type"), Some("application/problem+json"));
    let document = seen.json();
    assert_eq!(document["status"], status);
    assert_eq!(document["type"], format!("urn:aerolog:problem:{kind}"));
    assert!(document["title"].is_string() && document["detail"].is_string(), "{document}");
    document
}

#[tokio::test]
async fn a_path_where_nothing_is_served_is_a_404_that_names_the_routes() {
    let running = islands().served().await;
    for path in ["/", "/rotation/R1", "/rotations/R1/legs", "/checks/ground", "/rotations/R1/"] {
        let document = problem(&running.get(path).await, 404, "no-such-route");
        let routes: Vec<_> = document["routes"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let of_view = ScheduleGraph::ROUTES.iter().map(|route| route.template);
        let of_process = [
            "/position",
            "/health/live",
            "/health/ready",
            "/views",
            "/openapi.json",
            "/docs",
            "/changes",
        ];
        assert_eq!(routes, Vec::from_iter(of_view.chain(of_process)), "{path}");
    }
}

#[tokio::test]
async fn a_name_of_nothing_is_a_404_that_says_what_was_looked_for() {
    let running = islands().served().await;
    for (path, what, id) in [
        ("/rotations/R9", "rotation", "R9"),
        ("/rotations/R1/legs/L9", "leg", "L9"),
        ("/rotations/R9/legs/L1", "leg", "L1"),
        ("/airplanes/N9ZZ", "airplane", "N9ZZ"),
        ("/airports/OGG", "airport", "OGG"),
    ] {
        let document = problem(&running.get(path).await, 404, "not-found");
        assert_eq!((&document["what"], &document["id"]), (&json!(what), &json!(id)), "{path}");
    }
}

#[tokio::test]
async fn a_method_that_would_change_something_is_a_405() {
    let running = islands().served().await;
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let seen = send(running.request(method, "/rotations/R1").body("{}")).await;
        problem(&seen, 405, "method-not-allowed");
        assert_eq!(seen.header("allow"), Some("GET, HEAD, OPTIONS"));
    }
    let options = send(running.request("OPTIONS", "/rotations/R1")).await;
    assert_eq!((options.status, options.header("allow")), (204, Some("GET, HEAD, OPTIONS")));
    let nowhere = send(running.request("OPTIONS", "/nowhere")).await;
    problem(&nowhere, 404, "no-such-route");
    let head = send(running.request("HEAD", "/rotations/R1")).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    assert!(head.header("content-length").unwrap().parse::<usize>().unwrap() > 100);
}

#[tokio::test]
async fn a_name_in_a_path_that_cannot_be_one_is_a_400() {
    let running = islands().served().await;
    for (path, parameter) in [
        ("/airports/hnl", "code"),
        ("/airports/HNLX/departures", "code"),
        ("/airplanes/n475ha", "id"),
        ("/rotations/a%20b", "id"),
        ("/rotations/R1/legs/%E2%82%AC", "leg"),
    ] {
        let document = problem(&running.get(path).await, 400, "bad-parameter");
        assert_eq!(document["parameter"], parameter, "{path}");
        assert!(document["expected"].is_string());
    }
}

#[tokio::test]
async fn a_parameter_that_cannot_be_read_is_a_400_that_says_what_is_expected() {
    let running = islands().served().await;
    for (query, expected) in [
        ("/rotations?limit=0", "a number from 1 to 1000"),
        ("/rotations?limit=1001", "a number from 1 to 1000"),
        ("/rotations?limit=many", "a number from 1 to 1000"),
        ("/rotations?cursor=00ff", "the next_cursor of an answer to the same question"),
        ("/checks/overlap?airport=hnl", "three capital letters"),
        ("/checks/overlap?airplane=x", "2 to 10 capital letters, digits and hyphens"),
        (
            "/checks/overlap?rotation=",
            "1 to 64 letters, digits, dots, underscores, colons and hyphens",
        ),
        (
            "/checks/overlap?rotation_prefix=a/b",
            "1 to 64 letters, digits, dots, underscores, colons and hyphens",
        ),
        ("/checks/overlap?recompute=yes", "true or false"),
        ("/checks/overlap?from=2008-01-01", "RFC 3339, such as 2008-01-31T18:05:00Z"),
        (
            "/legs?from=2008-01-02T00:00:00Z&to=2008-01-01T00:00:00Z",
            "an instant that is not before from, 2008-01-02T00:00:00.000Z",
        ),
        (
            "/legs?designator=11",
            "an airline of two or three characters, a number from 1 to 9999, and perhaps a letter",
        ),
    ] {
        let document = problem(&running.get(query).await, 400, "bad-parameter");
        assert_eq!(document["expected"], expected, "{query}");
        let parameter = document["parameter"].as_str().unwrap();
        assert!(query.contains(&format!("{parameter}=")), "{query}: {document}");
    }
}

#[tokio::test]
async fn a_parameter_that_means_nothing_here_is_a_400_that_names_the_known_ones() {
    let running = islands().served().await;
    let document = problem(&running.get("/rotations?airplane=N475HA").await, 400, "unknown-parameter");
    assert_eq!(document["known"], json!(["limit", "cursor", "at_least", "as_of"]));
    let document = problem(&running.get("/health/live?verbose").await, 400, "unknown-parameter");
    assert_eq!(document["detail"], "unknown query parameter \"verbose\"; this route accepts none");
}

#[tokio::test]
async fn a_cursor_of_another_question_is_refused() {
    let running = islands().served().await;
    let page = running.get("/rotations?limit=1").await.json();
    let cursor = page["next_cursor"].as_str().unwrap();
    assert_eq!(running.get(&format!("/rotations?cursor={cursor}")).await.status, 200);
    for other in ["/airplanes", "/rotations/R1", "/checks/overlap"] {
        let seen = running.get(&format!("{other}?cursor={cursor}")).await;
        assert_eq!(problem(&seen, 400, "bad-parameter")["parameter"], "cursor");
    }
}

#[tokio::test]
async fn a_view_that_cannot_be_read_is_a_503_that_keeps_the_details_to_the_log() {
    let running = islands().served().await;
    running.view.break_down();
    for path in [
        "/rotations/R1",
        "/rotations",
        "/checks/overlap?rotation=R1",
        "/checks/overlap?recompute=true",
    ] {
        let seen = running.get(path).await;
        problem(&seen, 503, "view-unreadable");
        assert_eq!(seen.header("retry-after"), Some("1"), "{path}");
        assert!(!seen.text.contains("checksum"), "{}", seen.text);
    }
    let said = running.view.unreadable.lock().unwrap().len();
    assert_eq!(said, 4, "the owner of the view hears of each");
    assert_eq!(running.get("/health/live").await.status, 200);
}

#[tokio::test]
async fn a_view_that_is_being_built_answers_nothing_about_the_schedule() {
    let running = islands().served().await;
    running.view.set_complete(false);
    running
        .view
        .set_readiness(Readiness::NotReady("view: catching up with the log, 40 % done".into()));
    for path in [
        "/rotations/R1",
        "/rotations/none",
        "/rotations",
        "/airplanes",
        "/airports",
        "/legs",
        "/airports/HNL/departures",
        "/checks/overlap",
        "/checks/overlap?recompute=true",
        "/rotations?at_least=0:11",
        "/rotations?at_least=7:1",
    ] {
        let seen = running.get(path).await;
        let document = problem(&seen, 503, "being-built");
        assert_eq!(seen.header("retry-after"), Some("1"), "{path}");
        assert_eq!(seen.header("x-position"), Some("0:11"), "{path}");
        assert!(document["detail"].as_str().unwrap().ends_with("40 % done"), "{document}");
    }
    for path in ["/position", "/position?content_hash=true", "/health/live"] {
        assert_eq!(running.get(path).await.status, 200, "{path}");
    }
    running.view.set_complete(true);
    assert_eq!(running.get("/rotations").await.status, 200);
}

#[tokio::test]
async fn requests_are_counted_by_route_and_class_of_status_and_never_by_name() {
    let running = islands().served().await;
    for path in ["/rotations/R1", "/rotations/R2", "/rotations/none", "/nowhere", "/checks/overlap"] {
        running.get(path).await;
    }
    let metrics = running.metrics();
    let count = |running: &Running, route: &str, status: &str, count: u64| {
        let line = format!("aerolog_http_requests_total{{route=\"{route}\",status=\"{status}\"}} {count}\n");
        assert!(metrics.contains(&line), "{line} of {}: {metrics}", running.address);
    };
    count(&running, "/rotations/{id}", "2xx", 2);
    count(&running, "/rotations/{id}", "4xx", 1);
    count(&running, "none", "4xx", 1);
    count(&running, "/checks/{check}", "2xx", 1);
    assert!(!metrics.contains("R1"));
}
