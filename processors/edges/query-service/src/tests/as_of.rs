//! Questions about a place in the past: answered by the view that is frozen there, once it is there, and by no other.

use super::schedule::islands;
use crate::TimeLimits;
use crate::fixture::{Running, Seen, View};
use serde_json::json;
use std::time::Duration;

fn problem(seen: &Seen, status: u16, kind: &str) -> serde_json::Value {
    let document = seen.json();
    assert_eq!(
        (seen.status, &document["type"]),
        (status, &json!(format!("urn:aerolog:problem:{kind}"))),
        "{document}"
    );
    document
}

/// One of each kind of question: a point, a page, a search, a traversal, and the position.
const QUESTIONS: [&str; 6] = [
    "/rotations/R1",
    "/rotations?limit=1",
    "/checks/overlap?airport=HNL",
    "/graph/traverse?start=rotation/R1",
    "/position?content_hash=false",
    "/airports/HNL/board?limit=1",
];

fn with(question: &str, as_of: &str) -> String {
    let separator = if question.contains('?') { '&' } else { '?' };
    format!("{question}{separator}as_of={as_of}")
}

#[tokio::test]
async fn a_view_that_is_frozen_at_a_position_answers_for_it_and_for_no_other_place() {
    let schedule = islands();
    let until = schedule.position();
    let running = Running::frozen(View::new(schedule.memory(), &until), &until, TimeLimits::default()).await;
    for question in QUESTIONS {
        let seen = running.get(&with(question, &until)).await;
        assert_eq!(
            (seen.status, seen.header("x-position")),
            (200, Some(until.as_str())),
            "{question}: {}",
            seen.text
        );
        for other in ["0:10", "0:12", "0:11,1:0", "1970-01-01T00:00:11Z"] {
            let document = problem(&running.get(&with(question, other)).await, 404, "no-history");
            assert_eq!(document["held"], json!(until), "{question} {other}");
        }
        let document = problem(&running.get(&with(question, "yesterday")).await, 400, "bad-parameter");
        assert_eq!(document["parameter"], "as_of", "{question}");
    }
    let document = problem(&running.get("/changes?as_of=0:11").await, 400, "unknown-parameter");
    assert_eq!(document["parameter"], "as_of");
}

#[tokio::test]
async fn a_view_that_has_not_come_to_its_place_yet_does_not_answer_for_it() {
    let schedule = islands();
    let until = schedule.position();
    let time_limits = TimeLimits {
        position_wait_max: Duration::from_millis(50),
        ..TimeLimits::default()
    };
    let view = View::new(schedule.memory(), "0:10");
    let running = Running::frozen(view, &until, time_limits).await;
    for question in QUESTIONS {
        problem(&running.get(&with(question, &until)).await, 503, "position-not-reached");
    }
    running.view.become_at(schedule.memory(), &until);
    for question in QUESTIONS {
        assert_eq!(running.get(&with(question, &until)).await.status, 200, "{question}");
    }
}

#[tokio::test]
async fn a_time_is_the_same_place_however_it_is_written() {
    let schedule = islands();
    let view = View::new(schedule.memory(), &schedule.position());
    let running = Running::frozen(view, "1970-01-01T00:00:11Z", TimeLimits::default()).await;
    for same in ["1970-01-01T00:00:11.000Z", "1970-01-01T02:00:11%2B02:00"] {
        assert_eq!(running.get(&with("/rotations/R1", same)).await.status, 200, "{same}");
    }
    for other in ["1970-01-01T00:00:11.001Z", "1970-01-01T00:00:10.999Z", "0:11"] {
        problem(&running.get(&with("/rotations/R1", other)).await, 404, "no-history");
    }
}

#[tokio::test]
async fn a_view_that_follows_the_log_says_how_one_of_the_past_is_built() {
    let running = islands().served().await;
    for question in QUESTIONS {
        let document = problem(&running.get(&with(question, "0:11")).await, 404, "no-history");
        assert!(
            document["detail"].as_str().unwrap().contains("a materializer with --until 0:11"),
            "{document}"
        );
        assert!(document["held"].is_null());
    }
}
