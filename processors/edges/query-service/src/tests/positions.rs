//! Positions of answers, and questions that ask for a least one.

use super::schedule::{Schedule, islands};
use crate::fixture::{Running, View, send};
use crate::{Readiness, TimeLimits};
use http_server::Limits;
use std::sync::atomic::Ordering;
use std::time::Duration;

const PATIENCE: TimeLimits = TimeLimits {
    position_wait_max: Duration::from_millis(200),
    turn_wait_max: Duration::from_secs(5),
    scan_run_max: Duration::from_secs(5),
    full_scan_run_max: Duration::from_secs(5),
};

async fn running(schedule: &Schedule) -> Running {
    let view = View::new(schedule.memory(), &schedule.position());
    Running::start(view, Limits::default(), PATIENCE).await
}

#[tokio::test]
async fn every_answer_carries_its_position_also_when_it_is_an_error() {
    let running = running(&islands()).await;
    for path in [
        "/rotations/R1",
        "/rotations/none",
        "/rotations",
        "/checks/overlap",
        "/position",
        "/position?x=1",
        "/nowhere",
    ] {
        assert_eq!(running.get(path).await.header("x-position"), Some("0:11"), "{path}");
    }
    let position = running.get("/position").await.json();
    assert_eq!(position, serde_json::json!({ "position": "0:11", "partitions": { "0": 11 } }));
}

async fn hash(schedule: &Schedule) -> Option<String> {
    let running = running(schedule).await;
    let position = running.get("/position?content_hash=true").await.json();
    position["content_hash"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn views_of_the_same_events_have_the_same_content_hash_and_others_another() {
    let mut longer = islands();
    longer.draft("R9", None);
    let (one, two, other) = (hash(&islands()).await, hash(&islands()).await, hash(&longer).await);
    assert!(one.as_ref().is_some_and(|hash| hash.len() == 32), "{one:?}");
    assert_eq!(one, two);
    assert_ne!(one, other);
}

#[tokio::test]
async fn a_question_waits_until_the_view_has_reached_its_position() {
    let mut schedule = islands();
    let running = Running::start(
        View::new(schedule.memory(), &schedule.position()),
        Limits::default(),
        TimeLimits::default(),
    )
    .await;
    let by_parameter = tokio::spawn(send(running.request("GET", "/rotations/R9?at_least=0:12")));
    let by_header = tokio::spawn(send(running.request("GET", "/rotations/R9").header("X-Min-Position", "0:12")));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!by_parameter.is_finished() && !by_header.is_finished());
    schedule.draft("R9", None);
    running.view.become_at(schedule.memory(), &schedule.position());
    for waiting in [by_parameter, by_header] {
        let seen = waiting.await.unwrap();
        assert_eq!((seen.status, seen.header("x-position")), (200, Some("0:12")));
    }
}

#[tokio::test]
async fn a_position_that_is_not_reached_in_time_is_a_503_and_never_a_stale_answer() {
    let running = running(&islands()).await;
    let both = running
        .request("GET", "/rotations/R1?at_least=0:5")
        .header("X-Min-Position", "0:12");
    for request in [running.request("GET", "/rotations/R1?at_least=0:12"), both] {
        let seen = send(request).await;
        assert_eq!((seen.status, seen.header("retry-after")), (503, Some("1")));
        assert_eq!(seen.header("x-position"), Some("0:11"));
        let problem = seen.json();
        assert_eq!(problem["type"], "urn:aerolog:problem:position-not-reached");
        assert_eq!(problem["at_least"], "0:12");
    }
    assert_eq!(running.get("/rotations/R1?at_least=0:11").await.status, 200);
}

#[tokio::test]
async fn a_position_that_cannot_be_meant_is_a_400() {
    let running = running(&islands()).await;
    for path in ["/rotations/R1?at_least=soon", "/rotations/R1?at_least=7:1"] {
        let seen = running.get(path).await;
        assert_eq!(seen.status, 400, "{path}");
        assert_eq!(seen.json()["parameter"], "at_least");
    }
    let seen = send(running.request("GET", "/position").header("X-Min-Position", "soon")).await;
    assert_eq!((seen.status, &seen.json()["parameter"]), (400, &"X-Min-Position".into()));
}

#[tokio::test]
async fn no_line_of_a_minimum_position_is_ignored() {
    let running = running(&islands()).await;
    let lines = |lines: &[&'static str], path| {
        let request = running.request("GET", path);
        send(lines.iter().fold(request, |request, line| request.header("X-Min-Position", *line)))
    };
    for (given, status) in [
        (&["0:11", "0:11"][..], 400),
        (&["0:11", "0:99999"], 400),
        (&["0:11", "soon"], 400),
        (&["0:11", "7:1"], 400),
        (&["0:12"], 503),
        (&["0:11"], 200),
    ] {
        assert_eq!(lines(given, "/rotations/R1").await.status, status, "{given:?}");
        assert_eq!(lines(given, "/rotations").await.status, status, "{given:?}");
    }
    let twice = lines(&["0:11"], "/rotations/R1?at_least=0:5&at_least=0:6").await;
    assert_eq!(twice.status, 400);
    // A route that reads no view could only ignore it.
    assert_eq!(lines(&["0:11"], "/health/ready").await.status, 400);
}

#[tokio::test]
async fn readiness_follows_the_view_while_questions_are_answered() {
    let running = running(&islands()).await;
    assert_eq!(running.get("/health/ready").await.status, 200);
    running
        .view
        .set_readiness(Readiness::NotReady("view: catching up with the log, 40 % done".into()));
    let seen = running.get("/health/ready").await;
    assert_eq!((seen.status, seen.header("retry-after")), (503, Some("1")));
    assert_eq!(seen.json()["detail"], "view: catching up with the log, 40 % done");
    assert_eq!(running.get("/health/live").await.status, 200);
    assert_eq!(running.get("/rotations/R1").await.status, 200);
}

/// The answer to a question of a client that has these versions of it.
async fn asked_with(running: &Running, path: &str, known: &str) -> crate::fixture::Seen {
    send(running.request("GET", path).header("if-none-match", known)).await
}

#[tokio::test]
async fn an_answer_that_a_client_has_already_is_not_sent_again_until_the_position_changes() {
    let mut schedule = islands();
    let running = running(&schedule).await;
    for path in [
        "/rotations/R1",
        "/rotations?limit=2",
        "/legs?designator=HA11",
        "/checks/overlap?recompute=true",
        "/position",
    ] {
        let tag = running.get(path).await.header("etag").unwrap().to_owned();
        let again = asked_with(&running, path, &format!("\"other\", {tag}")).await;
        assert_eq!((again.status, again.text.as_str()), (304, ""), "{path}");
        assert_eq!(again.header("etag"), Some(tag.as_str()), "{path}");
        assert_eq!(again.header("x-position"), Some("0:11"), "{path}");
        assert_eq!(asked_with(&running, path, "\"other\"").await.status, 200, "{path}");
    }
    let tag = running.get("/rotations/R1").await.header("etag").unwrap().to_owned();
    schedule.draft("R9", None);
    running.view.become_at(schedule.memory(), &schedule.position());
    let changed = asked_with(&running, "/rotations/R1", &tag).await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), Some(tag.as_str()));
}

#[tokio::test]
async fn a_version_of_one_answer_is_none_of_another_and_an_error_has_none() {
    let running = running(&islands()).await;
    let tag = running.get("/rotations/R1").await.header("etag").unwrap().to_owned();
    assert_eq!(asked_with(&running, "/rotations/none", &tag).await.status, 404);
    assert_eq!(asked_with(&running, "/airports/HNL", &tag).await.status, 200);
    assert_eq!(running.get("/rotations/none").await.header("etag"), None);
    assert_eq!(asked_with(&running, "/rotations/R1", "*").await.status, 304);
    assert_eq!(asked_with(&running, "/rotations/none", "*").await.status, 404);
}

#[tokio::test]
async fn an_answer_is_kept_for_its_position_and_its_question_alone() {
    let mut schedule = islands();
    let running = running(&schedule).await;
    let before = running.get("/airports/HNL").await;
    // From here on, whatever is read from a snapshot fails.
    running.view.break_down();
    let again = running.get("/airports/HNL").await;
    assert_eq!((again.status, &again.text), (200, &before.text));
    assert_eq!(again.header("etag"), before.header("etag"));
    for other in ["/airports/ITO", "/airports/HNL?at_least=0:1", "/checks/overlap?recompute=true"] {
        assert_eq!(running.get(other).await.status, 503, "{other}");
    }
    schedule.minimum_for("HNL", "763", 99);
    running.view.become_at(schedule.memory(), &schedule.position());
    assert_eq!(running.get("/airports/HNL").await.status, 503);
}

#[tokio::test]
async fn a_kept_answer_is_given_without_a_snapshot_and_not_before_a_position_that_is_waited_for() {
    let schedule = islands();
    let running = running(&schedule).await;
    let taken = || running.view.snapshots.load(Ordering::Relaxed);
    let path = "/checks/ground-time?at_least=0:3";
    let before = running.get(path).await;
    let tag = before.header("etag").unwrap();
    let of_first = taken();
    assert!(of_first > 0);
    let again = running.get(path).await;
    assert_eq!((again.status, &again.text), (200, &before.text));
    for name in ["etag", "x-position", "content-type", "cache-control"] {
        assert_eq!(again.header(name), before.header(name), "{name}");
    }
    assert_eq!(asked_with(&running, path, tag).await.status, 304);
    let head = send(running.request("HEAD", path)).await;
    assert_eq!((head.status, head.text.as_str(), head.header("etag")), (200, "", Some(tag)));
    assert_eq!(taken(), of_first);
    for (least, status) in [("0:11", 200), ("0:12", 503), ("never", 400)] {
        let seen = send(running.request("GET", path).header("X-Min-Position", least)).await;
        assert_eq!(seen.status, status, "{least}");
    }
    assert_eq!(send(running.request("DELETE", path)).await.status, 405);
}
