//! The exporter and a collector that these tests play.

use super::*;
use crate::{Kind, SpanId, TraceContext};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

fn span(name: &'static str) -> Span {
    Span {
        parent: TraceContext::sampled(b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").unwrap(),
        is_parent_remote: false,
        id: SpanId::random(),
        name,
        kind: Kind::Internal,
        start_ns: 1,
        end_ns: 2,
        attributes: Vec::new(),
        has_failed: false,
    }
}

fn started(listener: &TcpListener, registry: &Registry, spans_max: usize) -> Exporter {
    let settings = Settings {
        endpoint: format!("http://{}/base", listener.local_addr().unwrap()),
    };
    let instance = Instance {
        name: "example",
        version: "1",
        id: "0".to_owned(),
    };
    Exporter::with_queue(&settings, instance, registry, spans_max).unwrap()
}

fn count(registry: &Registry, result: &str) -> u64 {
    let text = service::metrics::render(registry).unwrap();
    let line = format!("{SPANS_TOTAL}{{result=\"{result}\"}} ");
    text.lines().find_map(|found| found.strip_prefix(&line)).unwrap().parse().unwrap()
}

/// Reads one request: its first line, its headers in lower case, and its body.
fn read(stream: &TcpStream) -> (String, String, Vec<u8>) {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).unwrap();
    let (mut headers, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line == "\r\n" {
            break;
        }
        let line = line.to_lowercase();
        if let Some(found) = line.strip_prefix("content-length: ") {
            length = found.trim().parse().unwrap();
        }
        headers += &line;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (first, headers, body)
}

fn answer(mut stream: &TcpStream, status: &str) {
    write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
}

#[test]
fn spans_are_posted_in_one_request_and_counted() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let registry = Registry::new();
    let exporter = started(&listener, &registry, 10);
    for name in ["one", "two"] {
        exporter.tracer().record(span(name));
    }
    let (stream, _) = listener.accept().unwrap();
    let (first, headers, body) = read(&stream);
    assert_eq!(first, "POST /base/v1/traces HTTP/1.1\r\n");
    assert!(headers.contains("content-type: application/x-protobuf\r\n"), "{headers}");
    for expected in ["one", "two", "service.name"] {
        assert!(body.windows(expected.len()).any(|part| part == expected.as_bytes()), "{expected}");
    }
    answer(&stream, "200 OK");
    drop(exporter);
    assert_eq!(["exported", "dropped", "failed"].map(|result| count(&registry, result)), [2, 0, 0]);
}

#[test]
fn what_is_still_waiting_is_posted_when_the_process_ends() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let registry = Registry::new();
    let exporter = started(&listener, &registry, 10);
    exporter.tracer().record(span("last"));
    let collector = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let (_, _, body) = read(&stream);
        answer(&stream, "200 OK");
        body
    });
    drop(exporter);
    assert_eq!(count(&registry, "exported"), 1);
    let body = collector.join().unwrap();
    assert!(body.windows(4).any(|part| part == b"last"));
}

#[test]
fn a_collector_that_never_answers_costs_spans_and_holds_up_none_of_their_makers() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let registry = Registry::new();
    let exporter = started(&listener, &registry, 4);
    let tracer = exporter.tracer();
    tracer.record(span("first"));
    // Its request is under way: from here on nothing is taken out of the queue before it has an answer, and it gets none.
    let (stream, _) = listener.accept().unwrap();
    read(&stream);
    for _ in 0..10 {
        tracer.record(span("more"));
    }
    assert_eq!(count(&registry, "dropped"), 6);
    drop(exporter);
    assert_eq!(count(&registry, "exported"), 0);
}

#[test]
fn a_collector_that_is_away_for_a_moment_gets_the_batch_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let registry = Registry::new();
    let exporter = started(&listener, &registry, 10);
    exporter.tracer().record(span("again"));
    let (stream, _) = listener.accept().unwrap();
    let (_, _, first) = read(&stream);
    answer(&stream, "503 Service Unavailable");
    let (stream, _) = listener.accept().unwrap();
    let (_, _, second) = read(&stream);
    answer(&stream, "200 OK");
    assert_eq!(first, second);
    drop(exporter);
    assert_eq!(["exported", "failed"].map(|result| count(&registry, result)), [1, 0]);
}

#[test]
fn a_batch_that_the_collector_refuses_is_not_sent_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let registry = Registry::new();
    let exporter = started(&listener, &registry, 10);
    exporter.tracer().record(span("refused"));
    let (stream, _) = listener.accept().unwrap();
    read(&stream);
    answer(&stream, "400 Bad Request");
    drop(stream);
    drop(exporter);
    assert_eq!(["exported", "failed"].map(|result| count(&registry, result)), [0, 1]);
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "it was sent again");
}

#[test]
fn without_an_endpoint_nothing_is_connected_to_and_nothing_is_taken() {
    let registry = Registry::new();
    let instance = Instance {
        name: "example",
        version: "1",
        id: "0".to_owned(),
    };
    let exporter = Exporter::start(&Settings::default(), instance, &registry).unwrap();
    assert!(exporter.running.is_none() && !exporter.tracer().is_on());
    exporter.tracer().record(span("nowhere"));
    assert_eq!(["exported", "dropped", "failed"].map(|result| count(&registry, result)), [0, 0, 0]);
}

#[test]
fn an_endpoint_that_is_none_is_refused_at_the_start() {
    let instance = Instance {
        name: "example",
        version: "1",
        id: "0".to_owned(),
    };
    let settings = Settings {
        endpoint: "collector:4317".to_owned(),
    };
    let refused = Exporter::start(&settings, instance, &Registry::new()).unwrap_err();
    assert!(refused.to_string().starts_with("otlp.endpoint: "), "{refused}");
}
