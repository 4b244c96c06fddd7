//! Questions that take long, next to those that do not.

use super::schedule::islands;
use crate::TimeLimits;
use crate::fixture::{Running, View, send};
use http_server::Limits;
use std::time::{Duration, Instant};
use tokio::time::sleep;

const LONG: &str = "/position?content_hash=true";

async fn running(time_limits: TimeLimits) -> Running {
    let schedule = islands();
    let view = View::new(schedule.memory(), &schedule.position());
    view.slow_down();
    Running::start(view, Limits::default(), time_limits).await
}

fn pending(running: &Running) -> f64 {
    let text = running.metrics();
    let line = text
        .lines()
        .find(|line| line.starts_with("aerolog_http_requests_pending "))
        .unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

/// A clock that the tests may read.
#[expect(clippy::disallowed_methods, reason = "a test measures how long an answer takes")]
fn now() -> Instant {
    Instant::now()
}

#[tokio::test]
async fn lists_and_points_are_answered_at_once_while_eight_ask_for_everything() {
    let running = running(TimeLimits::default()).await;
    let began = now();
    assert_eq!(running.get(LONG).await.status, 200);
    let alone = began.elapsed();
    assert!(alone > Duration::from_millis(300), "the view is not slow: {alone:?}");
    let long: Vec<_> = (0..8).map(|_| tokio::spawn(send(running.request("GET", LONG)))).collect();
    sleep(Duration::from_millis(100)).await;
    for path in [
        "/rotations",
        "/rotations/R1",
        "/airports",
        "/legs",
        "/checks/overlap",
        "/checks/overlap?airport=HNL",
        "/position",
    ] {
        let began = now();
        assert_eq!(running.get(path).await.status, 200, "{path}");
        assert!(began.elapsed() < alone, "{path} took {:?}, {LONG} alone {alone:?}", began.elapsed());
    }
    assert!(!long.iter().all(tokio::task::JoinHandle::is_finished));
    for long in long {
        assert_eq!(long.await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn a_question_whose_time_is_over_is_interrupted_and_answered_with_that() {
    let running = running(TimeLimits {
        full_scan_run_max: Duration::from_millis(100),
        ..TimeLimits::default()
    })
    .await;
    let seen = running.get(LONG).await;
    assert_eq!((seen.status, seen.header("retry-after")), (503, Some("1")));
    assert_eq!(seen.json()["type"], "urn:aerolog:problem:out-of-time");
    assert!(running.view.unreadable.lock().unwrap().is_empty(), "the view is not damaged");
}

#[tokio::test]
async fn a_question_ends_when_its_client_has_gone() {
    let running = running(TimeLimits::default()).await;
    for _ in 0..8 {
        let gone = tokio::spawn(send(running.request("GET", LONG)));
        sleep(Duration::from_millis(20)).await;
        gone.abort();
    }
    let began = now();
    assert_eq!(running.get(LONG).await.status, 200);
    // One, and what was left of another: not nine.
    let took = began.elapsed();
    assert_eq!(pending(&running), 0.0, "those whose clients have gone have ended");
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[tokio::test]
async fn a_page_with_too_many_keys_to_be_answered_where_it_is_asked_is_whole_all_the_same() {
    let mut schedule = islands();
    for number in 0..150 {
        schedule.draft(&format!("S{number:03}"), None);
    }
    let view = View::new(schedule.memory(), &schedule.position());
    let running = Running::start(view, Limits::default(), TimeLimits::default()).await;
    for limit in [10, 150] {
        let page = running.get(&format!("/rotations?limit={limit}")).await.json();
        assert_eq!(page["rotations"].as_array().unwrap().len(), limit);
        assert!(page["next_cursor"].is_string());
    }
    assert!(running.view.unreadable.lock().unwrap().is_empty());
}
