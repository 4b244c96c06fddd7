//! The HTTP server for the operators of a process: `/metrics`, `/health/live` and `/health/ready`, on a port of its own.
//!
//! It runs on one thread that does nothing else, so that a busy process still answers its probes, and with connections of its own,
//! so that queries cannot take their place.

use crate::{Health, Shutdown};
use http_server::{Answer, ConnectionMetrics, Handler, JSON, Limits, ListenError, Method, Parameters, Problem, Request, metrics_answer};
use prometheus::Registry;
use serde_json::json;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime;

/// Connections that are served at once; more wait until one has nothing to say.
pub const CONNECTIONS_MAX: usize = 64;
const CONNECTIONS_PENDING_MAX: usize = 64;
/// How long an answer may take: it is made from memory.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(10);
const ANSWER_BYTES_MAX: usize = 16 << 20;
const SHUTDOWN_WAIT_MAX: Duration = Duration::from_millis(500);
/// The label of this port in metrics.
const PORT: &str = "operations";
const ROUTES: [&str; 3] = ["/metrics", "/health/live", "/health/ready"];

/// A server that answers until the shutdown is requested.
#[derive(Debug)]
pub struct Operations {
    address: SocketAddr,
    thread: JoinHandle<()>,
}

impl Operations {
    /// Listens on `address` (port 0: any free one) and answers from then on.
    ///
    /// # Errors
    /// When the address cannot be listened on, because another process does so already for example.
    pub fn start(address: SocketAddr, registry: Registry, health: Health, shutdown: Shutdown) -> Result<Self, ListenError> {
        let failed = |error| ListenError { address, error };
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let listener = {
            let _inside = runtime.enter();
            http_server::listen(address)?
        };
        let bound = listener.local_addr().map_err(failed)?;
        let metrics = ConnectionMetrics::register(&registry, PORT).map_err(|error| failed(io::Error::other(error)))?;
        let handler = Arc::new(Condition { registry, health });
        let serve = move || runtime.block_on(http_server::serve(listener, handler, limits(), metrics, shutdown.requested()));
        let thread = std::thread::Builder::new()
            .name("operations".to_owned())
            .spawn(serve)
            .map_err(failed)?;
        Ok(Self { address: bound, thread })
    }

    /// Where it listens, with the port that it was given.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the server has stopped, which it does soon after the shutdown is requested.
    pub fn join(self) {
        // A panic was logged where it happened.
        let _ended = self.thread.join();
    }
}

fn limits() -> Limits {
    Limits {
        connections_max: CONNECTIONS_MAX,
        connections_pending_max: CONNECTIONS_PENDING_MAX,
        answer_wait_max: ANSWER_WAIT_MAX,
        answer_bytes_max: ANSWER_BYTES_MAX,
        shutdown_wait_max: SHUTDOWN_WAIT_MAX,
        ..Limits::default()
    }
}

/// What a process can say about itself.
struct Condition {
    registry: Registry,
    health: Health,
}

impl Handler for Condition {
    async fn answer(&self, request: Request<'_>) -> Answer {
        self.answer_route(request).unwrap_or_else(Answer::from)
    }

    fn methods(&self, path: &str) -> Vec<&'static str> {
        if ROUTES.contains(&path) {
            vec!["GET", "HEAD", "OPTIONS"]
        } else {
            Vec::new()
        }
    }
}

impl Condition {
    fn answer_route(&self, request: Request<'_>) -> Result<Answer, Problem> {
        if !ROUTES.contains(&request.path) {
            return Err(Problem::no_such_route(request.path, &ROUTES));
        }
        if ![Method::GET, Method::HEAD].contains(request.method) {
            return Err(Problem::method_not_allowed(request.method.as_str()));
        }
        Parameters::parse(request.query, &[])?;
        match request.path {
            "/metrics" => metrics_answer(&self.registry),
            "/health/live" => condition("live", &self.health.dead()),
            _ => condition("ready", &self.health.not_ready()),
        }
    }
}

/// 200 where nothing speaks against it, else 503 with the reasons by part.
fn condition(status: &str, reasons: &BTreeMap<String, String>) -> Result<Answer, Problem> {
    if reasons.is_empty() {
        return Ok(Answer::new(JSON, format!("{}\n", json!({ "status": status })).into_bytes()));
    }
    let detail: Vec<String> = reasons.iter().map(|(part, why)| format!("{part}: {why}")).collect();
    Err(Problem::not_ready(&format!("not {status}: {}", detail.join("; "))).with("reasons", json!(reasons)))
}

#[cfg(test)]
mod tests;
