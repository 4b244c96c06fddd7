//! What a materializer does not start with, and what it waits for instead.

use super::fixture::{Log, Running, configuration};
use std::net::TcpListener;
use tempfile::TempDir;

#[test]
fn brokers_that_are_away_are_waited_for_while_the_view_answers() {
    let (mut log, state) = (Log::new("brokers-away"), TempDir::new().unwrap());
    log.register_airplane(0, "N1AA");
    let running = Running::start(&log, &state);
    running.wait_for_readiness(200, "");
    running.stop().unwrap();
    let mut away = configuration(state.path());
    away.kafka.insert("bootstrap.servers".into(), "127.0.0.1:1".into());
    let running = Running::start_with(&log, &away).unwrap();
    running.wait_for_readiness(503, "kafka: the cluster cannot be reached");
    let (status, position, _) = running.get("/airplanes/N1AA");
    assert_eq!((status, position.as_deref()), (200, Some("0:1,1:0")));
    assert!(running.is_live());
    running.stop().unwrap();
}

#[test]
fn a_topic_that_is_missing_ends_the_process_with_the_reason() {
    let (mut log, state) = (Log::new("missing"), TempDir::new().unwrap());
    log.topology.topics.outcomes.name += "-that-is-not-there";
    let refusal = Running::start(&log, &state).join().unwrap_err().to_string();
    assert!(refusal.contains("-that-is-not-there") && refusal.contains("missing"), "{refusal}");
}

#[test]
fn another_number_of_partitions_ends_the_process_with_the_reason() {
    let (log, state) = (Log::new("partitions"), TempDir::new().unwrap());
    let mut other = configuration(state.path());
    other.partitions = Some(3);
    let refusal = Running::start_with(&log, &other).unwrap().join().unwrap_err().to_string();
    assert!(
        refusal.contains("the log was begun with 2 partitions") && refusal.contains("says 3"),
        "{refusal}"
    );
    other.partitions = None;
    let asking = Running::start_with(&log, &other).unwrap();
    asking.wait_for_readiness(200, "");
    asking.stop().unwrap();
}

#[test]
fn a_view_of_another_log_ends_the_process_and_is_not_touched() {
    let (mut log, state) = (Log::new("one-log"), TempDir::new().unwrap());
    log.register_airplane(0, "N1AA");
    let running = Running::start(&log, &state);
    running.wait_for_readiness(200, "");
    running.stop().unwrap();
    let refusal = Running::start(&Log::new("another-log"), &state).join().unwrap_err().to_string();
    assert!(refusal.contains("was built on another log and is not touched"), "{refusal}");
    let running = Running::start(&log, &state);
    running.wait_for_readiness(200, "");
    assert!(
        running.has_metric("aerolog_view_events_applied_total", "", 0),
        "{}",
        running.metrics()
    );
    running.stop().unwrap();
}

#[test]
fn a_port_that_is_in_use_is_named() {
    let (log, state) = (Log::new("port"), TempDir::new().unwrap());
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut configuration = configuration(state.path());
    configuration.http.address = taken.local_addr().unwrap();
    let refusal = Running::start_with(&log, &configuration).err().unwrap().to_string();
    assert!(refusal.contains(&configuration.http.address.to_string()), "{refusal}");
    assert!(refusal.contains("another process uses this port"), "{refusal}");
}
