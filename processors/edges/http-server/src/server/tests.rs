//! Connections: how many, how long, how much, and how they end.

use super::*;
use crate::origins::Origins;
use crate::request::Request;
use bytes::Bytes;
use prometheus::Registry;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use warp::http::HeaderValue;

const LARGE_BYTES: usize = 1 << 20;
const ECHO_BYTES_MAX: usize = 64 << 10;

/// Answers by path: at once, with much, or never.
#[derive(Default)]
struct Paths {
    /// Handlers that are at work.
    working: Arc<AtomicUsize>,
    /// Tasks that make answers.
    making: Arc<AtomicUsize>,
}

struct Working(Arc<AtomicUsize>);

impl Working {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Handler for Paths {
    async fn answer(&self, request: Request<'_>) -> Answer {
        let _working = Working::new(&self.working);
        let text = HeaderValue::from_static("text/plain");
        match request.path {
            "/large" => Answer::new(text, vec![b'4'; LARGE_BYTES]),
            "/never" => std::future::pending().await,
            "/slow" => {
                sleep(Duration::from_millis(300)).await;
                Answer::new(text, b"slow".to_vec())
            }
            "/echo" => match request.body.read(ECHO_BYTES_MAX).await {
                Ok(body) => Answer::new(text, body),
                Err(problem) => problem.into(),
            },
            "/upper" => {
                let (pieces, made) = mpsc::channel(1);
                let mut body = request.body.take();
                tokio::spawn(async move {
                    while let Ok(Some(piece)) = body.next().await {
                        if pieces.send(piece.to_ascii_uppercase().into()).await.is_err() {
                            break;
                        }
                    }
                });
                Answer::stream(text, made)
            }
            "/endless" => {
                let (pieces, made) = mpsc::channel(1);
                let making = Working::new(&self.making);
                tokio::spawn(async move {
                    let _making = making;
                    while pieces.send(Bytes::from_static(&[b'4'; 1024])).await.is_ok() {}
                });
                Answer::stream(text, made)
            }
            _ => Answer::new(text, b"small".to_vec()),
        }
    }

    fn methods(&self, path: &str) -> Vec<&'static str> {
        if path == "/nowhere" {
            Vec::new()
        } else {
            vec!["GET", "HEAD", "OPTIONS"]
        }
    }

    fn origins(&self) -> Origins {
        Origins::parse("https://plan.example").unwrap()
    }
}

struct Running {
    address: SocketAddr,
    metrics: ConnectionMetrics,
    working: Arc<AtomicUsize>,
    making: Arc<AtomicUsize>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

fn running(limits: Limits) -> Running {
    running_on(limits, Listener::from)
}

fn running_on(limits: Limits, listener_of: impl FnOnce(TcpListener) -> Listener) -> Running {
    let listener = crate::listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let handler = Arc::new(Paths::default());
    let (working, making) = (Arc::clone(&handler.working), Arc::clone(&handler.making));
    let metrics = ConnectionMetrics::register(&Registry::new(), "test").unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async {
        let _dropped_is_as_good = stopped.await;
    };
    Running {
        address,
        metrics: metrics.clone(),
        working,
        making,
        stop: Some(stop),
        task: tokio::spawn(serve(listener_of(listener), handler, limits, metrics, stopped)),
    }
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// A connection on which these bytes were sent.
    async fn sent(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        stream
    }

    /// The answer to one request on a connection of its own.
    async fn ask(&self, path: &str) -> String {
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        read_all(&mut self.sent(request.as_bytes()).await).await
    }
}

const SMALL: &[u8] = b"GET /small HTTP/1.1\r\nhost: x\r\n\r\n";
const LARGE: &[u8] = b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n";

async fn read_all(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    timeout(Duration::from_secs(20), stream.read_to_string(&mut text))
        .await
        .unwrap()
        .unwrap();
    text
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let waited = async {
        while !condition() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(timeout(Duration::from_secs(20), waited).await.is_ok(), "{what}");
}

/// Checks a problem document that ends its connection, and gives back its detail.
#[track_caller]
fn problem(answer: &str, status: u16, kind: &str) -> String {
    let at = answer.rfind(&format!("HTTP/1.1 {status} "));
    let at = at.unwrap_or_else(|| panic!("no {status} in {answer}"));
    let (head, body) = answer[at..].split_once("\r\n\r\n").unwrap();
    assert!(head.contains("content-type: application/problem+json"), "{answer}");
    assert!(head.contains(&format!("content-length: {}", body.len())), "{answer}");
    let document: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(document["status"], status);
    assert_eq!(document["type"], format!("urn:aerolog:problem:{kind}"));
    document["detail"].as_str().unwrap().to_owned()
}

mod bodies;
mod crowds;
mod encrypted;
mod forms;
mod heads;
mod slow;
