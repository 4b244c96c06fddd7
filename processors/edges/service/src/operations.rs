//! The HTTP server for whoever operates a process: `/metrics`, `/health/live` and `/health/ready`, on a port of its own.
//!
//! It runs on one thread that does nothing else, so that a busy process still answers its probes.

use crate::{Health, Shutdown, metrics};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use prometheus::Registry;
use serde_json::json;
use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::runtime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use warp::Filter;
use warp::http::{Response, StatusCode, header};

/// Connections that are served at once; more wait in the operating system's queue.
const CONNECTIONS_MAX: usize = 64;
/// How long a client may take for the head of a request, and stay silent between two.
const HEAD_WAIT_MAX: Duration = Duration::from_secs(10);
/// Rests after a failed accept (too many open files, mostly), so that the loop does not spin.
const ACCEPT_REST: Duration = Duration::from_millis(100);
const ROUTES: &str = "/metrics, /health/live and /health/ready";

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {error}{}", hint(error))]
pub struct ListenError {
    pub address: SocketAddr,
    #[source]
    pub error: io::Error,
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => ": another process uses this port; stop it or configure another",
        _ => "",
    }
}

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
        let start = || -> io::Result<Self> {
            let listener = TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
            let listener = {
                let _inside = runtime.enter();
                tokio::net::TcpListener::from_std(listener)?
            };
            let serve = move || runtime.block_on(serve(listener, registry, health, shutdown));
            let thread = std::thread::Builder::new().name("operations".to_owned()).spawn(serve)?;
            Ok(Self { address, thread })
        };
        start().map_err(|error| ListenError { address, error })
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

async fn serve(listener: tokio::net::TcpListener, registry: Registry, health: Health, shutdown: Shutdown) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut requested = pin!(shutdown.requested());
    loop {
        let accepted = tokio::select! {
            () = &mut requested => return,
            accepted = accept(&listener, &slots) => accepted,
        };
        match accepted {
            Ok((stream, slot)) => {
                let (registry, health) = (registry.clone(), health.clone());
                tokio::spawn(async move {
                    converse(stream, registry, health).await;
                    drop(slot);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_REST).await;
            }
        }
    }
}

async fn accept(listener: &tokio::net::TcpListener, slots: &Arc<Semaphore>) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _peer) = listener.accept().await?;
    Ok((stream, slot))
}

async fn converse(stream: TcpStream, registry: Registry, health: Health) {
    let answers = warp::method()
        .and(warp::path::full())
        .map(move |method: warp::http::Method, path: warp::path::FullPath| {
            if method != warp::http::Method::GET && method != warp::http::Method::HEAD {
                return problem(
                    StatusCode::METHOD_NOT_ALLOWED,
                    "only GET and HEAD are answered here",
                    &BTreeMap::new(),
                );
            }
            answer(path.as_str(), &registry, &health)
        });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_WAIT_MAX);
    let service = TowerToHyperService::new(warp::service(answers));
    if let Err(error) = builder.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "a connection ended badly");
    }
}

fn answer(path: &str, registry: &Registry, health: &Health) -> Response<String> {
    match path {
        "/metrics" => match metrics::render(registry) {
            Ok(text) => respond(StatusCode::OK, metrics::CONTENT_TYPE, text),
            Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string(), &BTreeMap::new()),
        },
        "/health/live" => condition("live", &health.dead()),
        "/health/ready" => condition("ready", &health.not_ready()),
        _ => problem(StatusCode::NOT_FOUND, &format!("there are {ROUTES}"), &BTreeMap::new()),
    }
}

/// 200 where nothing speaks against it, else 503 with the reasons by part.
fn condition(status: &str, reasons: &BTreeMap<String, String>) -> Response<String> {
    if reasons.is_empty() {
        return respond(StatusCode::OK, "application/json", format!("{}\n", json!({ "status": status })));
    }
    let detail: Vec<String> = reasons.iter().map(|(part, why)| format!("{part}: {why}")).collect();
    problem(
        StatusCode::SERVICE_UNAVAILABLE,
        &format!("not {status}: {}", detail.join("; ")),
        reasons,
    )
}

/// A problem document after RFC 9457.
fn problem(status: StatusCode, detail: &str, reasons: &BTreeMap<String, String>) -> Response<String> {
    let mut document = json!({
        "title": status.canonical_reason().unwrap_or("Error"),
        "status": status.as_u16(),
        "detail": detail,
    });
    if !reasons.is_empty() {
        document["reasons"] = json!(reasons);
    }
    respond(status, "application/problem+json", format!("{document}\n"))
}

fn respond(status: StatusCode, content_type: &'static str, body: String) -> Response<String> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type));
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests;
