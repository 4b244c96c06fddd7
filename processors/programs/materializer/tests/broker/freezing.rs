//! A view of the past next to the living one: what it holds, what it is called, and what it answers.

use super::fixture::{Log, Running, configuration};
use materializer_runtime::AsOf;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Airplanes of two partitions, decided at one second after the other.
fn written(name: &str) -> Log {
    let mut log = Log::new(name);
    for (second, (partition, registration)) in (1..).zip([(0, "N1AA"), (1, "N2AC"), (0, "N1AB"), (1, "N2AE"), (0, "N1AC")]) {
        log.decided_at_ms = second * 1000;
        log.register_airplane(partition, registration);
    }
    log
}

fn frozen(log: &Log, state: &TempDir, until: &str) -> Running {
    let mut configuration = configuration(state.path());
    configuration.until = Some(AsOf::read(until).unwrap());
    Running::start_with(log, &configuration).unwrap()
}

fn airplanes(answer: &Value) -> Vec<&str> {
    let airplanes = answer["airplanes"].as_array().unwrap().iter();
    airplanes.map(|airplane| airplane["registration"].as_str().unwrap()).collect()
}

#[test]
fn a_view_until_a_position_holds_what_a_view_held_then_and_nothing_that_comes() {
    let (mut log, state) = (written("frozen"), TempDir::new().unwrap());
    let living = Running::start(&log, &state);
    living.wait_for_readiness(200, "");
    // In the same state directory as the living view.
    let past = frozen(&log, &state, "0:2,1:1");
    past.wait_for_readiness(200, "");
    let name = format!("{}-until-0.2_1.1", views::edition());
    assert!(state.path().join(&name).is_dir() && state.path().join(views::edition()).is_dir());
    for path in [
        "/airplanes?as_of=0:2,1:1",
        &format!("/views/{name}/airplanes?as_of=1:1,0:2"),
        "/airplanes",
    ] {
        let (status, position, answer) = past.get(path);
        assert_eq!((status, position.as_deref()), (200, Some("0:2,1:1")), "{path}: {answer}");
        assert_eq!(airplanes(&answer), ["N1AA", "N1AB", "N2AC"]);
    }
    assert_eq!(past.get("/airplanes/N1AC?as_of=0:2,1:1").0, 404);
    let views = past.get("/views").2;
    assert_eq!(
        (&views["views"][0]["view"], &views["views"][0]["as_of"]),
        (&json!(name), &json!("0:2,1:1"))
    );
    let (_, _, other) = past.get("/airplanes?as_of=0:1,1:1");
    assert_eq!(
        (&other["type"], &other["held"]),
        (&json!("urn:aerolog:problem:no-history"), &json!("0:2,1:1"))
    );

    log.register_airplane(0, "N1AF");
    assert_eq!(living.get("/airplanes/N1AF?at_least=0:4").0, 200);
    let (status, _, refusal) = living.get("/airplanes?as_of=0:2,1:1");
    assert_eq!((status, &refusal["type"]), (404, &json!("urn:aerolog:problem:no-history")));
    assert!(refusal["detail"].as_str().unwrap().contains("--until 0:2,1:1"), "{refusal}");
    let hash = |running: &Running| running.get("/position?content_hash=true").2["content_hash"].clone();
    let held = hash(&past);
    past.stop().unwrap();
    living.stop().unwrap();

    let past = frozen(&log, &state, "0:2,1:1");
    past.wait_for_readiness(200, "");
    assert_eq!((past.get("/position").1.as_deref(), hash(&past)), (Some("0:2,1:1"), held.clone()));
    past.stop().unwrap();

    // A log that ends there leads to the same content.
    let mut short = Log::new("frozen-short");
    for (second, (partition, registration)) in [(1, (0, "N1AA")), (2, (1, "N2AC")), (3, (0, "N1AB"))] {
        short.decided_at_ms = second * 1000;
        short.register_airplane(partition, registration);
    }
    let other = TempDir::new().unwrap();
    let then = Running::start(&short, &other);
    then.wait_for_readiness(200, "");
    assert_eq!(hash(&then), held);
    then.stop().unwrap();
}

#[test]
fn a_view_until_a_time_holds_what_was_decided_by_then() {
    let (log, state) = (written("frozen-time"), TempDir::new().unwrap());
    let until = "1970-01-01T00:00:03Z";
    let past = frozen(&log, &state, until);
    past.wait_for_readiness(200, "");
    let (status, position, answer) = past.get("/airplanes?as_of=1970-01-01T01:00:03%2B01:00");
    assert_eq!((status, position.as_deref()), (200, Some("0:2,1:1")), "{answer}");
    assert_eq!(airplanes(&answer), ["N1AA", "N1AB", "N2AC"]);
    assert!(
        past.metrics()
            .contains(&format!("view=\"{}-until-1970-01-01T000003.000Z\"", views::edition()))
    );
    past.stop().unwrap();
}

#[test]
fn a_time_to_come_and_a_position_of_some_partitions_end_the_process_with_the_reason() {
    let (log, state) = (written("frozen-refused"), TempDir::new().unwrap());
    let mut wrong = configuration(state.path());
    wrong.until = Some(AsOf::read("2999-01-01T00:00:00Z").unwrap());
    let refusal = Running::start_with(&log, &wrong).err().unwrap().to_string();
    assert!(refusal.contains("which is not over yet"), "{refusal}");
    let refusal = frozen(&log, &state, "0:2").join().unwrap_err().to_string();
    assert!(refusal.contains("partitions 0 to 1"), "{refusal}");
}
