//! The server as a probe and a scraper see it, over real connections.

use super::{CONNECTIONS_MAX, Operations};
use crate::{Health, Shutdown, State, metrics};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

struct Running {
    operations: Operations,
    health: Health,
    shutdown: Shutdown,
}

fn start() -> Running {
    let (health, shutdown) = (Health::default(), Shutdown::default());
    let registry = metrics::registry("example", "1").unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let operations = Operations::start(any, registry, health.clone(), shutdown.clone()).unwrap();
    Running {
        operations,
        health,
        shutdown,
    }
}

/// The whole answer to one request on a connection of its own.
fn ask(running: &Running, request: &str) -> String {
    let mut stream = TcpStream::connect(running.operations.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[track_caller]
fn check(running: &Running, request: &str, expected: &[&str]) {
    let answer = ask(running, request);
    for part in expected {
        assert!(answer.contains(part), "{part} in the answer to {request}:\n{answer}");
    }
}

#[test]
fn metrics_are_served_as_prometheus_text() {
    let running = start();
    check(
        &running,
        "GET /metrics",
        &[
            "HTTP/1.1 200",
            "content-type: text/plain; version=0.0.4",
            "aerolog_build_info{program=\"example\"",
        ],
    );
}

#[test]
fn a_healthy_process_is_live_and_ready() {
    let running = start();
    check(&running, "GET /health/live", &["HTTP/1.1 200", "{\"status\":\"live\"}"]);
    check(&running, "GET /health/ready", &["HTTP/1.1 200", "{\"status\":\"ready\"}"]);
}

#[test]
fn a_process_that_waits_says_what_for_and_is_live() {
    let running = start();
    running.health.set("restore", State::Waiting("12 of 40 events".to_owned()));
    check(&running, "GET /health/live", &["HTTP/1.1 200"]);
    let expected = [
        "HTTP/1.1 503",
        "application/problem+json",
        "not ready: restore: 12 of 40 events",
        "\"reasons\":{\"restore\":\"12 of 40 events\"}",
    ];
    check(&running, "GET /health/ready", &expected);
    running.health.set("restore", State::Ready);
    check(&running, "GET /health/ready", &["HTTP/1.1 200"]);
}

#[test]
fn a_process_with_a_dead_part_is_not_live() {
    let running = start();
    running.health.set("loop", State::Dead("the thread has ended".to_owned()));
    check(
        &running,
        "GET /health/live",
        &["HTTP/1.1 503", "not live: loop: the thread has ended"],
    );
}

#[test]
fn unknown_paths_and_other_methods_are_problems() {
    let running = start();
    check(&running, "GET /", &["HTTP/1.1 404", "application/problem+json", "/health/ready"]);
    check(&running, "POST /metrics", &["HTTP/1.1 405", "application/problem+json"]);
}

#[test]
fn a_port_in_use_is_an_error_that_names_it() {
    let running = start();
    let address = running.operations.address();
    let again = Operations::start(address, prometheus::Registry::new(), Health::default(), Shutdown::default());
    let message = again.unwrap_err().to_string();
    assert!(message.starts_with(&format!("cannot listen on {address}: ")), "{message}");
    assert!(
        message.ends_with("another process uses this port; stop it or configure another"),
        "{message}"
    );
}

#[test]
fn connections_that_say_or_read_nothing_make_room_for_a_probe() {
    let running = start();
    let address = running.operations.address();
    let connect = |_| {
        let mut stream = TcpStream::connect(address).unwrap();
        // Asks for more than its buffers take, and reads none of it.
        stream.set_nonblocking(true).unwrap();
        let _as_much_as_it_takes = stream.write(&b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n".repeat(1000));
        stream
    };
    let slow: Vec<TcpStream> = (0..CONNECTIONS_MAX).map(connect).collect();
    check(&running, "GET /health/live", &["HTTP/1.1 200"]);
    drop(slow);
    let silent: Vec<TcpStream> = (0..CONNECTIONS_MAX).map(|_| TcpStream::connect(address).unwrap()).collect();
    check(&running, "GET /health/live", &["HTTP/1.1 200"]);
    drop(silent);
}

#[test]
fn an_unknown_query_parameter_is_refused() {
    let running = start();
    check(&running, "GET /health/ready?verbose", &["HTTP/1.1 400", "unknown query parameter"]);
}

#[test]
fn it_stops_when_the_shutdown_is_requested_even_with_a_connection_open() {
    let running = start();
    let address = running.operations.address();
    let _open = TcpStream::connect(address).unwrap();
    running.shutdown.request();
    running.operations.join();
    assert!(TcpStream::connect(address).is_err());
}
