//! Connections: how many, how long, and how they end.

use super::*;
use crate::Patience;
use crate::fixture::{Running, View, send};
use keyvalue::Memory;
use tokio::time::Instant;

async fn running(limits: Limits) -> Running {
    let patience = Patience {
        position_wait_max: Duration::from_millis(300),
        ..Patience::default()
    };
    Running::start(View::new(Memory::default(), "0:1"), limits, patience).await
}

async fn read_all(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

async fn metric(running: &Running, name: &str) -> f64 {
    let text = running.get("/metrics").await.text;
    let line = text
        .lines()
        .find(|line| line.starts_with(name))
        .unwrap_or_else(|| panic!("no {name} in {text}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_connection_beyond_the_limit_waits_and_is_then_refused_with_503() {
    let limits = Limits {
        connections_max: 1,
        connection_wait_max: Duration::from_millis(100),
        ..Limits::default()
    };
    let running = running(limits).await;
    // The client keeps this connection alive, and with it the only slot.
    assert_eq!(running.get("/health/live").await.status, 200);
    let mut second = TcpStream::connect(running.address).await.unwrap();
    second.write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let answer = read_all(&mut second).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("content-type: application/problem+json\r\n"), "{answer}");
    assert!(answer.contains("retry-after: 1\r\n"), "{answer}");
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let document: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(document["type"], "urn:aerolog:problem:busy");
    assert_eq!(metric(&running, "aerolog_http_connections_refused_total ").await, 1.0);
    assert_eq!(metric(&running, "aerolog_http_connections_open ").await, 1.0);
    assert_eq!(metric(&running, "aerolog_http_connections_pending ").await, 0.0);
}

#[tokio::test]
async fn a_connection_that_waits_is_served_when_another_ends() {
    let limits = Limits {
        connections_max: 1,
        ..Limits::default()
    };
    let running = running(limits).await;
    let first = TcpStream::connect(running.address).await.unwrap();
    let waiting = tokio::spawn(send(running.request("GET", "/health/live")));
    sleep(Duration::from_millis(50)).await;
    assert!(!waiting.is_finished());
    drop(first);
    assert_eq!(waiting.await.unwrap().status, 200);
}

#[tokio::test]
async fn a_client_that_does_not_finish_a_head_is_cut_off() {
    let limits = Limits {
        head_wait_max: Duration::from_millis(100),
        ..Limits::default()
    };
    let running = running(limits).await;
    let mut slow = TcpStream::connect(running.address).await.unwrap();
    slow.write_all(b"GET /health/live HTTP/1.1\r\nhost:").await.unwrap();
    let cut_off = timeout(Duration::from_secs(5), read_all(&mut slow)).await;
    assert!(cut_off.is_ok());
}

/// What comes back to bytes that are no request of this service, up to the end of the connection.
async fn refused(running: &Running, bytes: &[u8], status: u16, kind: &str) {
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let answer = read_all(&mut stream).await;
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    assert!(answer.contains("content-type: application/problem+json\r\n"), "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("content-length: {}", body.len())), "{answer}");
    let document: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(document["status"], status);
    assert_eq!(document["type"], format!("urn:aerolog:problem:{kind}"));
    assert_eq!(running.get("/health/live").await.status, 200);
}

#[tokio::test]
async fn bytes_that_are_no_request_are_refused_with_a_problem() {
    let running = running(Limits::default()).await;
    for bytes in ["GET /rotations/a b HTTP/1.1\r\nhost: x\r\n\r\n", "hello\r\n\r\n"] {
        refused(&running, bytes.as_bytes(), 400, "no-request").await;
    }
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused_with_a_problem() {
    let running = running(Limits::default()).await;
    // No more than is read, so that the connection is not reset over the rest.
    let begin = "GET /health/live HTTP/1.1\r\nhost: x\r\nx-much: ";
    let huge = "x".repeat(BUFFER_BYTES_MAX - begin.len());
    refused(&running, format!("{begin}{huge}").as_bytes(), 431, "head-too-large").await;
}

#[tokio::test]
async fn a_client_that_sends_far_too_much_does_not_disturb_others() {
    let running = running(Limits::default()).await;
    let huge = "x".repeat(200 << 10);
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    // The service may close before it has read everything.
    let _partly_written = stream
        .write_all(format!("GET /{huge} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes())
        .await;
    assert_eq!(running.get("/health/live").await.status, 200);
}

#[tokio::test]
async fn an_order_to_stop_lets_the_open_request_end_and_closes_idle_connections() {
    let mut running = running(Limits::default()).await;
    let open = tokio::spawn(send(running.request("GET", "/position?at_least=0:2")));
    let idle = TcpStream::connect(running.address).await.unwrap();
    sleep(Duration::from_millis(50)).await;
    let ordered = Instant::now();
    running.order_stop();
    assert_eq!(open.await.unwrap().status, 503);
    running.ended().await;
    assert!(ordered.elapsed() < Duration::from_secs(2));
    drop(idle);
}
