//! One trace from the client's span to each view.

use super::collector::{Collector, Seen};
use end_to_end::{Program, Schedule, command, eventually};
use reqwest::Method;
use schemas::command_to_avro;
use std::path::Path;

/// Trace and span of a client.
const HTTP: (&str, &str) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
const KAFKA: (&str, &str) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
const LINES: (&str, &str) = ("5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174");
const NOT_SAMPLED: (&str, &str) = ("11111111111111111111111111111111", "2222222222222222");

fn traceparent((trace_id, span_id): (&str, &str), flags: &str) -> String {
    format!("00-{trace_id}-{span_id}-{flags}")
}

/// A processor, two materializers and a gateway that export to one collector.
struct Running {
    schedule: Schedule,
    collector: Collector,
    programs: Vec<Program>,
    gateway: Program,
}

impl Running {
    fn start(folder: &Path) -> Self {
        let schedule = Schedule::new("traces", 3);
        let collector = Collector::start();
        let endpoint = collector.endpoint();
        let start = |name: &str, state: &str, variable: &str| {
            let variables = [("AEROLOG_COMMANDS__WAIT_MS", "25000"), (variable, endpoint.as_str())];
            Program::start(name, &schedule, &folder.join(state), &variables)
        };
        let mut programs = vec![
            start("command-processor", "processor", "AEROLOG_OTLP__ENDPOINT"),
            start("materializer", "one", "AEROLOG_OTLP__ENDPOINT"),
            start("materializer", "two", "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ];
        let mut gateway = start("command-gateway", "gateway", "AEROLOG_OTLP__ENDPOINT");
        programs.iter_mut().for_each(Program::wait_until_ready);
        gateway.wait_until_ready();
        Self {
            schedule,
            collector,
            programs,
            gateway,
        }
    }

    fn post(&self, rotation: &str, traceparent: &str) {
        let request = self.gateway.request(Method::POST, "/rotations");
        let body = serde_json::json!({ "rotation_id": rotation, "mode": "draft" });
        let answer = request.header("traceparent", traceparent).json(&body).send().unwrap();
        assert_eq!(answer.status(), 200, "{:?}", answer.text());
    }

    /// Sends the commands in one request, a line each.
    fn post_lines(&self, rotations: &[&str], traceparent: &str) {
        let line = |rotation: &&str| {
            let id = uuid::Uuid::new_v4();
            format!(
                "{{\"command_id\":\"{id}\",\"aggregate_id\":\"rotation/{rotation}\",\"payload\":{{\"CreateRotation\":{{\"mode\":\"draft\"}}}}}}\n"
            )
        };
        let request = self
            .gateway
            .request(Method::POST, "/commands")
            .header("content-type", "application/x-ndjson");
        let body: String = rotations.iter().map(line).collect();
        let answer = request
            .header("traceparent", traceparent)
            .body(body)
            .send()
            .unwrap()
            .text()
            .unwrap();
        assert_eq!(answer.matches("\"status\":200").count(), rotations.len(), "{answer}");
    }

    /// Writes a command as any client of Kafka does.
    fn write(&self, traceparent: &str) {
        let envelope = command(3, 0);
        let value = command_to_avro(&envelope, self.schedule.ids().command);
        let headers: [(&str, &[u8]); 1] = [("traceparent", traceparent.as_bytes())];
        let record = self
            .schedule
            .record(Some(envelope.aggregate_id.as_bytes()), Some(&value), &headers, None);
        self.schedule.write(&record);
        self.schedule.flush();
    }

    /// The spans of a trace once there are so many.
    fn trace(&self, trace_id: &str, count: usize) -> Vec<Seen> {
        let mut spans = Vec::new();
        eventually("the collector has the trace", || {
            spans = self.collector.spans();
            spans.retain(|span| span.trace_id == trace_id);
            spans.len() >= count
        });
        assert_eq!(spans.len(), count, "{spans:#?}");
        spans
    }
}

/// The spans of this name, whose parent is that one: checks that they begin no earlier than it does.
fn below(spans: &[Seen], parent: &str, name: &str, service: &str) -> Vec<Seen> {
    let found: Vec<Seen> = spans.iter().filter(|span| span.name == name).cloned().collect();
    for span in &found {
        assert_eq!(
            (span.parent.as_str(), span.service.as_str()),
            (parent, service),
            "{span:#?} in {spans:#?}"
        );
        assert!(span.start_ns <= span.end_ns, "{span:#?}");
        if let Some(above) = spans.iter().find(|above| above.id == parent) {
            assert!(above.start_ns <= span.start_ns, "{span:#?} begins before {above:#?}");
        }
    }
    found
}

/// From the span of who sent the command to the views of both replicas.
fn assert_decided_and_shown(spans: &[Seen], sender: &str) {
    let [decide] = &below(spans, sender, "decide", "command-processor")[..] else {
        panic!("{spans:#?}");
    };
    assert_eq!(decide.attributes["aerolog.outcome"], "accepted");
    let [commit] = &below(spans, &decide.id, "commit", "command-processor")[..] else {
        panic!("{spans:#?}");
    };
    let applied = below(spans, &commit.id, "apply", "materializer");
    assert_eq!(applied.len(), 2, "one of each replica: {spans:#?}");
    for apply in applied {
        let visible: Vec<Seen> = spans.iter().filter(|span| span.parent == apply.id).cloned().collect();
        let [visible] = &visible[..] else { panic!("{spans:#?}") };
        assert_eq!((visible.name.as_str(), visible.service.as_str()), ("visible", "materializer"));
        assert_eq!(visible.attributes["aerolog.view"], apply.attributes["aerolog.view"]);
        assert!(apply.end_ns <= visible.end_ns);
    }
}

#[test]
fn a_sampled_command_is_one_trace_from_its_client_to_every_view() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path());
    running.post("T1", &traceparent(NOT_SAMPLED, "00"));
    running.post("T2", &traceparent(HTTP, "01"));
    running.write(&traceparent(KAFKA, "01"));
    running.post_lines(&["T3", "T4"], &traceparent(LINES, "01"));

    let spans = running.trace(HTTP.0, 7);
    let [request] = &below(&spans, HTTP.1, "POST /rotations", "command-gateway")[..] else {
        panic!("{spans:#?}");
    };
    assert_eq!(request.attributes["http.response.status_code"], "200");
    assert_eq!(request.attributes["http.route"], "/rotations");
    assert_decided_and_shown(&spans, &request.id);

    let spans = running.trace(KAFKA.0, 6);
    assert_decided_and_shown(&spans, KAFKA.1);

    let spans = running.trace(LINES.0, 13);
    let [request] = &below(&spans, LINES.1, "POST /commands", "command-gateway")[..] else {
        panic!("{spans:#?}");
    };
    assert_eq!(
        below(&spans, &request.id, "decide", "command-processor").len(),
        2,
        "one of each line"
    );

    for program in running.programs.into_iter().chain([running.gateway]) {
        assert!(program.stop().success());
    }
    let others: Vec<Seen> = running.collector.spans();
    assert_eq!(others.len(), 26, "nothing else was exported: {others:#?}");
}
