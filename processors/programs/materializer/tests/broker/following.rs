//! A view that follows its log: from the beginning, from where it was, and as far as the log is whole.

use super::fixture::{Log, Running, configuration};
use tempfile::TempDir;

#[test]
fn a_view_becomes_ready_when_it_has_caught_up_and_shows_what_follows() {
    let (mut log, state) = (Log::new("follows"), TempDir::new().unwrap());
    for registration in ["N1AA", "N1AB", "N1AC"] {
        log.register_airplane(0, registration);
    }
    let running = Running::start(&log, &state);
    running.wait_for_readiness(200, "");
    assert_eq!(running.get("/position").1.as_deref(), Some("0:3,1:0"));
    log.register_airplane(1, "N2AC");
    let (status, position, airplane) = running.get("/airplanes/N2AC?at_least=1:1");
    assert_eq!((status, position.as_deref()), (200, Some("0:3,1:1")));
    assert_eq!(airplane["registration"], "N2AC");
    assert!(
        running.has_metric("aerolog_view_events_applied_total", "", 4),
        "{}",
        running.metrics()
    );
    assert!(running.has_metric("aerolog_view_restored_ratio", "", 1), "{}", running.metrics());
    assert!(
        running.has_metric("aerolog_view_append_to_visible_seconds_count", "", 1),
        "{}",
        running.metrics()
    );
    running.stop().unwrap();
}

#[test]
fn an_empty_log_is_caught_up_with_at_once() {
    let (log, state) = (Log::new("empty"), TempDir::new().unwrap());
    let running = Running::start(&log, &state);
    running.wait_for_readiness(200, "");
    assert_eq!(running.get("/position").1.as_deref(), Some("0:0,1:0"));
    running.stop().unwrap();
}

#[test]
fn a_restarted_view_goes_on_from_its_own_position() {
    let (mut log, state) = (Log::new("restarts"), TempDir::new().unwrap());
    log.register_airplane(0, "N1AA");
    let running = Running::start(&log, &state);
    running.wait_for_readiness(200, "");
    running.stop().unwrap();
    log.register_airplane(0, "N1AB");
    let running = Running::start(&log, &state);
    running.wait_for_readiness(200, "");
    assert_eq!(running.get("/airplanes/N1AB").0, 200);
    assert!(
        running.has_metric("aerolog_view_events_applied_total", "", 1),
        "{}",
        running.metrics()
    );
    running.stop().unwrap();
}

#[test]
fn a_deleted_view_comes_back_from_the_log_with_the_same_content() {
    let (mut log, state) = (Log::new("rebuilds"), TempDir::new().unwrap());
    for registration in ["N1AE", "N1AG", "N1AJ"] {
        log.register_airplane(1, registration);
    }
    let running = Running::start(&log, &state);
    running.wait_for_readiness(200, "");
    running.stop().unwrap();
    let content = |state: &TempDir| {
        let store = store::Store::open(&state.path().join(views::edition()), store::Sizing::default()).unwrap();
        views::content_hash(&store).unwrap()
    };
    let before = content(&state);
    let fresh = TempDir::new().unwrap();
    let running = Running::start(&log, &fresh);
    running.wait_for_readiness(200, "");
    running.stop().unwrap();
    assert_eq!(content(&fresh), before);
}

#[test]
fn a_repeated_event_is_skipped() {
    let (mut log, state) = (Log::new("repeats"), TempDir::new().unwrap());
    log.register_airplane(0, "N1AA");
    log.register_airplane_as(0, 1, "N1AA");
    log.register_airplane(0, "N1AB");
    let running = Running::start(&log, &state);
    running.wait_for_readiness(200, "");
    assert_eq!(running.get("/position").1.as_deref(), Some("0:2,1:0"));
    assert!(
        running.has_metric("aerolog_view_events_repeated_total", "", 1),
        "{}",
        running.metrics()
    );
    running.stop().unwrap();
}

#[test]
fn a_gap_stops_its_partition_and_the_process_says_why() {
    let (mut log, state) = (Log::new("gap"), TempDir::new().unwrap());
    log.register_airplane(0, "N1AA");
    let running = Running::start(&log, &state);
    running.wait_for_readiness(200, "");
    log.register_airplane_as(0, 3, "N1AC");
    running.wait_for_readiness(503, "sequence 3 at offset 1, where 2 belongs");
    let (status, position, _) = running.get("/airplanes/N1AA");
    assert_eq!((status, position.as_deref()), (200, Some("0:1,1:0")));
    assert!(running.is_live());
    assert!(running.has_metric("aerolog_view_stopped", "", 1), "{}", running.metrics());
    log.register_airplane(1, "N2AC");
    let (status, position, _) = running.get("/airplanes/N2AC?at_least=1:1");
    assert_eq!((status, position.as_deref()), (200, Some("0:1,1:1")));
    running.wait_for_readiness(503, "sequence 3 at offset 1, where 2 belongs");
    running.stop().unwrap();
}

#[test]
fn a_record_that_is_no_event_stops_its_partition_and_the_process_names_it() {
    let unknown_schema = [0, 0x7f, 0xff, 0xff, 0xf0, 1];
    for (name, value, reason) in [
        ("nonsense", b"nonsense".as_slice(), "cannot be read as an event"),
        ("no-bytes", b"".as_slice(), "cannot be read as an event"),
        ("unknown-schema", &unknown_schema, "the registry knows no schema id 2147483632"),
    ] {
        let (mut log, state) = (Log::new(name), TempDir::new().unwrap());
        log.register_airplane(1, "N1AE");
        let running = Running::start(&log, &state);
        running.wait_for_readiness(200, "");
        log.append(1, value);
        running.wait_for_readiness(503, reason);
        let topic = &log.topology.topics.events.name;
        running.wait_for_readiness(503, &format!("topic {topic}: the record of partition 1 at offset 1 "));
        assert_eq!(running.get("/airplanes/N1AE").0, 200);
        log.register_airplane(1, "N1AG");
        log.register_airplane(0, "N2AA");
        let (status, position, _) = running.get("/airplanes/N2AA?at_least=0:1");
        assert_eq!((status, position.as_deref()), (200, Some("0:1,1:1")));
        assert_eq!(running.get("/airplanes/N1AG").0, 404);
        assert!(running.is_live());
        assert!(
            running.has_metric("aerolog_view_partition_stopped", "partition=\"1\",", 1),
            "{}",
            running.metrics()
        );
        running.stop().unwrap();
    }
}

#[test]
fn a_view_that_was_never_complete_answers_nothing_about_the_schedule_not_even_that_it_is_empty() {
    let (mut log, state) = (Log::new("never-complete"), TempDir::new().unwrap());
    log.register_airplane(0, "N1AA");
    log.register_airplane_as(0, 3, "N1AC");
    for _start in 0..2 {
        let running = Running::start(&log, &state);
        running.wait_for_readiness(503, "sequence 3 at offset 1, where 2 belongs");
        for path in ["/airplanes", "/airplanes/N1AA", "/airplanes/N1AC", "/rotations?at_least=0:1"] {
            let (status, position, problem) = running.get(path);
            assert_eq!((status, position.as_deref()), (503, Some("0:1,1:0")), "{path}: {problem}");
            assert_eq!(problem["type"], "urn:aerolog:problem:being-built");
        }
        assert_eq!(running.get("/position").0, 200);
        running.stop().unwrap();
    }
}

#[test]
fn a_registry_that_is_away_is_waited_for() {
    let (mut log, state) = (Log::new("registry-away"), TempDir::new().unwrap());
    log.register_airplane(0, "N1AA");
    let mut away = configuration(state.path());
    away.schema_registry_url = "http://127.0.0.1:1".into();
    let running = Running::start_with(&log, &away).unwrap();
    running.wait_for_readiness(503, "schema-registry: the schema registry at http://127.0.0.1:1 does not answer");
    assert!(running.is_live());
    running.stop().unwrap();
}

#[test]
fn an_event_of_an_aggregate_that_belongs_in_another_partition_stops_the_view_and_the_process_says_where_it_belongs() {
    let (mut log, state) = (Log::new("misplaced"), TempDir::new().unwrap());
    log.register_airplane(0, "N1AA");
    let running = Running::start(&log, &state);
    running.wait_for_readiness(200, "");
    log.register_airplane(1, "N1AB");
    running.wait_for_readiness(503, "is of airplane/N1AB, which belongs in partition 0 of 2");
    assert_eq!(running.get("/airplanes/N1AA").0, 200);
    running.stop().unwrap();
}
