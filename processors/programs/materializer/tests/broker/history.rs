//! Histories from the log, and those who follow it: over HTTP, with records that retention deletes under way.

use super::fixture::{Log, Running, delete_records};
use domain::AircraftType;
use domain::airplane::Event as Airplane;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use tempfile::TempDir;

fn of_type(text: &str) -> AircraftType {
    AircraftType::parse(text).unwrap()
}

fn registered(text: &str) -> Airplane {
    Airplane::Registered {
        aircraft_type: of_type(text),
    }
}

/// A log in which an airplane is registered, corrected and retired, each by a command, with others in between.
fn written(name: &str) -> Log {
    let mut log = Log::new(name);
    let corrected = Airplane::Corrected {
        aircraft_type: of_type("76W"),
        previous: of_type("763"),
    };
    log.decided("N1AA", 1, registered("763"), Some("planner"));
    log.register_airplane(0, "N1AB");
    log.decided("N1AA", 2, corrected, Some("dispatcher"));
    log.register_airplane(1, "N2AC");
    log.decided("N1AA", 3, Airplane::Retired, None);
    log
}

fn told(event: &Value) -> Value {
    json!([
        event["type"],
        event["version"],
        event["command"]["type"],
        event["command"]["issued_by"]
    ])
}

#[test]
fn a_history_is_fetched_from_the_log_and_what_it_has_lost_is_said() {
    let (mut log, state) = (written("history"), TempDir::new().unwrap());
    let running = Running::start(&log, &state);
    running.wait_for_readiness(200, "");
    let (status, position, history) = running.get("/explain/airplane/N1AA");
    assert_eq!((status, position.as_deref()), (200, Some("0:4,1:1")), "{history}");
    let events = history["events"].as_array().unwrap();
    assert_eq!(
        events.iter().map(told).collect::<Vec<_>>(),
        [
            json!(["AirplaneRetired", 3, "RetireAirplane", null]),
            json!(["AirplaneCorrected", 2, "CorrectAirplane", "dispatcher"]),
            json!(["AirplaneRegistered", 1, "RegisterAirplane", "planner"]),
        ]
    );
    assert_eq!(
        events[1]["changed"],
        json!([{ "what": "aircraft_type", "from": "763", "to": "76W" }])
    );
    assert_eq!(history["next_cursor"], Value::Null);

    // The first command, and the first event.
    delete_records(&log.topology.topics.commands.name, 0, 1);
    delete_records(&log.topology.topics.events.name, 0, 1);
    let (_, _, history) = running.get("/explain/airplane/N1AA");
    let events = history["events"].as_array().unwrap();
    assert_eq!(events.len(), 3, "{history}");
    assert_eq!(told(&events[1]), json!(["AirplaneCorrected", 2, "CorrectAirplane", "dispatcher"]));
    assert_eq!((&events[2]["sequence"], &events[2]["type"]), (&json!(1), &Value::Null));
    assert!(
        events[2]["unavailable"].as_str().unwrap().contains("deleted by retention"),
        "{history}"
    );
    delete_records(&log.topology.topics.commands.name, 0, 2);
    let (_, _, history) = running.get("/explain/airplane/N1AA");
    let command = &history["events"][1]["command"];
    assert!(
        command["unavailable"].as_str().unwrap().contains("deleted by retention"),
        "{history}"
    );

    // The consumer that follows the log was not disturbed.
    log.register_airplane(0, "N1AC");
    assert_eq!(running.get("/airplanes/N1AC?at_least=0:5").0, 200);
    assert!(
        running.has_metric("aerolog_view_events_repeated_total", "", 0),
        "{}",
        running.metrics()
    );
    assert!(
        running.has_metric("aerolog_view_events_applied_total", "", 6),
        "{}",
        running.metrics()
    );
    running.stop().unwrap();
}

#[test]
fn a_history_without_a_log_is_a_503_and_other_questions_are_answered() {
    let (log, state) = (written("history-away"), TempDir::new().unwrap());
    let running = Running::start(&log, &state);
    running.wait_for_readiness(200, "");
    running.stop().unwrap();
    let mut away = super::fixture::configuration(state.path());
    away.kafka.insert("bootstrap.servers".into(), "127.0.0.1:1".into());
    let running = Running::start_with(&log, &away).unwrap();
    let (status, _, problem) = running.get("/explain/airplane/N1AA");
    assert_eq!(
        (status, &problem["type"]),
        (503, &json!("urn:aerolog:problem:log-unavailable")),
        "{problem}"
    );
    assert_eq!(running.get("/airplanes/N1AA").0, 200);
    running.stop().unwrap();
}

/// Messages of a stream, each as its kind and its id, up to the first of a kind or with an id.
struct Stream(BufReader<reqwest::blocking::Response>);

impl Stream {
    fn open(running: &Running, query: &str, last_id: Option<&str>) -> Self {
        Self(BufReader::new(running.open(&format!("/changes{query}"), last_id)))
    }

    fn until(&mut self, is_last: impl Fn(&(String, String)) -> bool) -> Vec<(String, String)> {
        let mut messages = Vec::new();
        let (mut kind, mut id) = (String::new(), String::new());
        loop {
            let mut line = String::new();
            let length = self.0.read_line(&mut line).unwrap();
            assert!(length > 0, "it has ended: {messages:?}");
            match line.trim_end().split_once(": ") {
                Some(("event", value)) => kind = value.to_owned(),
                Some(("id", value)) => id = value.to_owned(),
                None if line.trim_end().is_empty() && !kind.is_empty() => {
                    let message = (std::mem::take(&mut kind), std::mem::take(&mut id));
                    messages.push(message.clone());
                    if is_last(&message) {
                        return messages;
                    }
                }
                _ => {}
            }
        }
    }
}

fn is_live((kind, _): &(String, String)) -> bool {
    kind == "live"
}

#[test]
fn a_stream_of_changes_goes_on_where_it_was_when_the_process_comes_back() {
    let (mut log, state) = (written("changes"), TempDir::new().unwrap());
    let running = Running::start(&log, &state);
    running.wait_for_readiness(200, "");
    let mut stream = Stream::open(&running, "?after=0:0,1:0", None);
    let past: Vec<String> = stream.until(is_live).into_iter().map(|(kind, id)| format!("{kind} {id}")).collect();
    assert_eq!(
        past,
        [
            "AirplaneRegistered 0:1,1:0",
            "AirplaneRegistered 0:2,1:0",
            "AirplaneCorrected 0:3,1:0",
            "AirplaneRetired 0:4,1:0",
            "AirplaneRegistered 0:4,1:1",
            "live 0:4,1:1",
        ]
    );
    log.register_airplane(0, "N1AC");
    let seen = stream.until(|(_, id)| id == "0:5,1:1");
    assert_eq!(seen.len(), 1, "{seen:?}");
    running.stop().unwrap();

    log.register_airplane(1, "N2AE");
    log.register_airplane(0, "N1AF");
    let running = Running::start(&log, &state);
    running.wait_for_readiness(200, "");
    let mut stream = Stream::open(&running, "?airplane=N1AF,N1AH", Some("0:5,1:1"));
    let missed = stream.until(is_live);
    log.register_airplane(0, "N1AH");
    let next = stream.until(|(_, id)| id == "0:7,1:2");
    let messages: Vec<String> = missed.into_iter().chain(next).map(|(kind, id)| format!("{kind} {id}")).collect();
    assert_eq!(
        messages,
        ["AirplaneRegistered 0:6,1:1", "live 0:6,1:2", "AirplaneRegistered 0:7,1:2"]
    );

    delete_records(&log.topology.topics.events.name, 0, 3);
    let mut stream = Stream::open(&running, "", Some("0:1,1:2"));
    stream.until(|(kind, _)| kind == "deleted");
    running.stop().unwrap();
}
