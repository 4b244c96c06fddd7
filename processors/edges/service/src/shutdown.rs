//! The request to stop: made once, by a signal or by a part that cannot go on, and seen by every thread and task.

use crate::clock;
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// How long a process may take to finish or abort what is open.
pub const FINISH_WAIT_MAX: Duration = Duration::from_secs(5);
/// What a process that was killed by a signal exits with, less the signal's number.
const SIGNALLED: i32 = 128;

/// A request to stop that clones share. It is never taken back.
#[derive(Debug, Clone)]
pub struct Shutdown {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    requested: Mutex<bool>,
    changed: Condvar,
    announced: watch::Sender<bool>,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self {
            shared: Arc::new(Shared {
                requested: Mutex::new(false),
                changed: Condvar::new(),
                announced: watch::Sender::new(false),
            }),
        }
    }
}

impl Shutdown {
    /// Is requested by SIGTERM and Ctrl-C. A second of them ends the process at once, with 128 plus the signal's number; so does
    /// the end of [`FINISH_WAIT_MAX`], with status 1, because the sender of the signal does not wait forever.
    ///
    /// # Errors
    /// When the operating system gives no thread or no signal handler.
    pub fn on_signals() -> io::Result<Self> {
        let shutdown = Self::default();
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let (terminate, interrupt) = {
            let _inside = runtime.enter();
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?)
        };
        let requests = shutdown.clone();
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || runtime.block_on(obey(requests, terminate, interrupt)))?;
        Ok(shutdown)
    }

    /// Asks every part of the process to stop.
    pub fn request(&self) {
        // Stored first: a thread that the channel wakes must find that the shutdown is requested.
        self.shared.announced.send_replace(true);
        *self.shared.requested.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.changed.notify_all();
    }

    pub fn is_requested(&self) -> bool {
        *self.shared.announced.borrow()
    }

    /// Rests for `duration`, or less if the shutdown is requested meanwhile; returns whether it is.
    pub fn wait_timeout(&self, duration: Duration) -> bool {
        let requested = self.shared.requested.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.shared.changed.wait_timeout_while(requested, duration, |requested| !*requested);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Blocks the thread until the shutdown is requested.
    pub fn wait(&self) {
        let requested = self.shared.requested.lock().unwrap_or_else(PoisonError::into_inner);
        drop(
            self.shared
                .changed
                .wait_while(requested, |requested| !*requested)
                .unwrap_or_else(PoisonError::into_inner),
        );
    }

    /// Resolves when the shutdown is requested. It needs no runtime in particular and borrows nothing.
    pub fn requested(&self) -> impl Future<Output = ()> + Send + 'static {
        let shared = Arc::clone(&self.shared);
        async move {
            let mut announced = shared.announced.subscribe();
            // The sender is in the same Arc, so the channel stays open.
            let _requested = announced.wait_for(|requested| *requested).await;
        }
    }
}

async fn obey(shutdown: Shutdown, mut terminate: Signal, mut interrupt: Signal) {
    let first = next(&mut terminate, &mut interrupt).await;
    tracing::info!(signal = name(first), "stopping");
    shutdown.request();
    let began = clock::monotonic();
    let too_long = tokio::time::sleep(FINISH_WAIT_MAX);
    tokio::select! {
        second = next(&mut terminate, &mut interrupt) => {
            tracing::warn!(signal = name(second), after = ?began.elapsed(), "stopping at once, without finishing what is open");
            std::process::exit(SIGNALLED + second.as_raw_value());
        }
        () = too_long => {
            tracing::error!(after = ?FINISH_WAIT_MAX, "stopping without having finished what is open");
            std::process::exit(1);
        }
    }
}

async fn next(terminate: &mut Signal, interrupt: &mut Signal) -> SignalKind {
    tokio::select! {
        _ = terminate.recv() => SignalKind::terminate(),
        _ = interrupt.recv() => SignalKind::interrupt(),
    }
}

fn name(kind: SignalKind) -> &'static str {
    if kind == SignalKind::terminate() { "SIGTERM" } else { "SIGINT" }
}

#[cfg(test)]
mod tests;
