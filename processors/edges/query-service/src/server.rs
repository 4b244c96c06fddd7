//! The listening side: HTTP/1.1 connections, bounded in number and in patience, and their orderly end.

use crate::answer::Answer;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::refusals::Explained;
use crate::service::{Asked, Service};
use crate::source::Source;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use prometheus::IntGauge;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use warp::http::{HeaderMap, Method};
use warp::path::FullPath;
use warp::{Filter, Reply};

/// How many connections are served and how long each may take over what.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections that are served at once.
    pub connections_max: usize,
    /// Connections that are accepted and wait for another to end; more are left to the operating system's backlog.
    pub connections_pending_max: usize,
    /// How long such a connection waits before it is answered with 503.
    pub connection_wait_max: Duration,
    /// How long a client may take for the head of a request, and stay silent between two.
    pub head_wait_max: Duration,
    /// How long requests that are being answered may go on after the order to stop.
    pub shutdown_wait_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 1024,
            connections_pending_max: 256,
            connection_wait_max: Duration::from_secs(5),
            head_wait_max: Duration::from_secs(30),
            shutdown_wait_max: Duration::from_secs(3),
        }
    }
}

const BUFFER_BYTES_MAX: usize = 64 << 10;
/// Rests after a failed accept (too many open files, mostly), so that the loop does not spin.
const ACCEPT_REST: Duration = Duration::from_millis(100);
/// How much of a request is read away before it is refused: a connection that is closed over unread bytes is reset, and the
/// refusal with it.
const REFUSAL_READ_BYTES: usize = 16 << 10;
const REFUSAL_WAIT_MAX: Duration = Duration::from_millis(500);

/// Answers questions on `listener` until `shutdown` resolves, then lets open requests end.
pub async fn serve<S: Source>(listener: TcpListener, service: Arc<Service<S>>, limits: Limits, shutdown: impl Future<Output = ()>) {
    let slots = Arc::new(Semaphore::new(limits.connections_max));
    let waiting = Arc::new(Semaphore::new(limits.connections_pending_max));
    let (closing, closed) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = accept(&listener, &waiting) => accepted,
        };
        match accepted {
            Ok((stream, place)) => {
                let connection = Connection {
                    stream,
                    place,
                    closed: closed.clone(),
                };
                connections.spawn(admit(connection, Arc::clone(&slots), Arc::clone(&service), limits));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(ACCEPT_REST).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    // Without a connection nobody listens, which is as good.
    let _nobody = closing.send(true);
    let all_ended = async { while connections.join_next().await.is_some() {} };
    if timeout(limits.shutdown_wait_max, all_ended).await.is_err() {
        tracing::warn!("connections were cut because their requests took too long");
    }
}

/// A connection that was accepted, and its place among those that wait to be served.
struct Connection {
    stream: TcpStream,
    place: OwnedSemaphorePermit,
    closed: watch::Receiver<bool>,
}

async fn accept(listener: &TcpListener, waiting: &Arc<Semaphore>) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(waiting).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _peer) = listener.accept().await?;
    Ok((stream, place))
}

async fn admit<S: Source>(connection: Connection, slots: Arc<Semaphore>, service: Arc<Service<S>>, limits: Limits) {
    let Connection { stream, place, closed } = connection;
    let metrics = service.metrics();
    let slot = {
        let _pending = Counted::new(&metrics.connections_pending);
        timeout(limits.connection_wait_max, slots.acquire()).await
    };
    match slot {
        Ok(Ok(_slot)) => {
            drop(place);
            let _open = Counted::new(&metrics.connections_open);
            converse(stream, Arc::clone(&service), limits, closed).await;
        }
        Ok(Err(_)) | Err(_) => refuse(stream, metrics).await,
    }
}

/// Serves one connection until it ends or the server does.
async fn converse<S: Source>(stream: TcpStream, service: Arc<Service<S>>, limits: Limits, mut closed: watch::Receiver<bool>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection ended before it was served");
        return;
    }
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_wait_max)
        .max_buf_size(BUFFER_BYTES_MAX);
    let stream = TokioIo::new(Explained::new(stream));
    let connection = builder.serve_connection(stream, TowerToHyperService::new(warp::service(filter(service))));
    let mut connection = pin!(connection);
    let told = async { closed.wait_for(|closed| *closed).await.is_ok() };
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _told = told => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended badly");
    }
}

/// One filter for every path: the service's own match is the router.
fn filter<S: Source>(service: Arc<Service<S>>) -> impl Filter<Extract = (impl Reply,), Error = Infallible> + Clone {
    let query = warp::query::raw().or_else(|_none| async { Ok::<_, Infallible>((String::new(),)) });
    warp::method()
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .then(move |method: Method, path: FullPath, query: String, headers: HeaderMap| {
            let service = Arc::clone(&service);
            async move {
                let asked = Asked {
                    method: &method,
                    path: path.as_str(),
                    query: &query,
                    headers: &headers,
                };
                service.answer(asked).await.into_response()
            }
        })
}

/// Answers whatever is asked with 503, without HTTP machinery: there is no slot for it.
async fn refuse(mut stream: TcpStream, metrics: &Metrics) {
    metrics.connections_refused.inc();
    let answer = Answer::from(Problem::busy("too many connections are open"));
    let refusal = async {
        // On the heap: an array would be part of what every connection takes.
        let mut unread = vec![0; REFUSAL_READ_BYTES];
        let _length = stream.read(&mut unread).await?;
        stream.write_all(&answer.to_bytes_closing()).await?;
        stream.shutdown().await
    };
    if let Err(error) = timeout(REFUSAL_WAIT_MAX, refusal).await {
        tracing::debug!(%error, "a refused connection did not take its refusal");
    }
}

/// One more for as long as it lives.
struct Counted<'g>(&'g IntGauge);

impl<'g> Counted<'g> {
    fn new(gauge: &'g IntGauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests;
