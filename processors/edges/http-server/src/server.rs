//! The listening side: connections are accepted, wait for a place, are served, and end in an orderly way.

use crate::answer::Answer;
use crate::answer_bytes::AnswerBytes;
use crate::body_bytes::BodyBytes;
use crate::closing::close;
use crate::connection::converse;
use crate::connections::Connections;
use crate::limits::Limits;
use crate::listener::Listener;
use crate::metrics::ConnectionMetrics;
use crate::problem::Problem;
use crate::request::Handler;
use crate::shaping::Shaping;
use crate::shared::Shared;
use prometheus::IntGauge;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

/// Rests after a failed accept (too many open files, mostly), so that the loop does not spin.
const ACCEPT_REST: Duration = Duration::from_millis(100);
/// How often the times of open connections are looked at.
const CHECK_PERIOD: Duration = Duration::from_millis(200);

/// Answers requests on `listener` until `shutdown` resolves, then lets open requests end.
pub async fn serve<H: Handler>(
    listener: impl Into<Listener>,
    handler: Arc<H>,
    limits: Limits,
    metrics: ConnectionMetrics,
    shutdown: impl Future<Output = ()>,
) {
    let Listener { socket, certificates } = listener.into();
    let tls = certificates.as_ref().map(|certificates| certificates.server_config());
    let _refreshing = certificates.map(|certificates| AbortOnDrop(tokio::spawn(certificates.keep_fresh())));
    let shared = Arc::new(Shared {
        tls,
        origins: handler.origins(),
        shaping: Shaping::default(),
        handler,
        limits,
        connections: Connections::default(),
        answer_bytes: AnswerBytes::new(limits.answer_bytes_max, metrics.answer_bytes.clone()),
        body_bytes: Arc::new(BodyBytes::new(limits.body_bytes_max, metrics.body_bytes.clone())),
        metrics,
        slots: Semaphore::new(limits.connections_max),
    });
    let waiting = Arc::new(Semaphore::new(limits.connections_pending_max));
    let (closing, closed) = watch::channel(false);
    let mut tasks = JoinSet::new();
    let mut checks = interval(CHECK_PERIOD);
    checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            _tick = checks.tick() => {
                shared.check();
                while tasks.try_join_next().is_some() {}
                continue;
            }
            accepted = accept(&socket, &waiting) => accepted,
        };
        match accepted {
            Ok((stream, place)) => {
                tasks.spawn(admit(stream, place, closed.clone(), Arc::clone(&shared)));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(ACCEPT_REST).await;
            }
        }
    }
    drop(socket);
    closing.send_replace(true);
    let all_ended = async { while tasks.join_next().await.is_some() {} };
    if timeout(limits.shutdown_wait_max, all_ended).await.is_err() {
        tracing::warn!("connections were cut because their requests took too long");
    }
}

async fn accept(listener: &TcpListener, waiting: &Arc<Semaphore>) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(waiting).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _peer) = listener.accept().await?;
    Ok((stream, place))
}

/// Serves a connection once there is a slot for it. `place` is its place among those that wait.
async fn admit<H: Handler>(stream: TcpStream, place: OwnedSemaphorePermit, closed: watch::Receiver<bool>, shared: Arc<Shared<H>>) {
    let slot = {
        let _pending = Counted::new(&shared.metrics.pending);
        timeout(shared.limits.connection_wait_max, shared.slots.acquire()).await
    };
    let ended = match slot {
        Ok(Ok(_slot)) => {
            drop(place);
            let _open = Counted::new(&shared.metrics.open);
            converse(stream, &shared, closed).await
        }
        Ok(Err(_)) | Err(_) => {
            shared.metrics.refused.inc();
            close(stream, Some(Answer::from(Problem::busy("too many connections are open")))).await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// A task that ends with this.
struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
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
