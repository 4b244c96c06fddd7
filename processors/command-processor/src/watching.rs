//! Keeping an eye on the topics while commands are decided: topics that are altered, deleted or created anew end the process.

use service::{Shutdown, clock};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use stream::admin::{Admin, Identity};
use stream::watch_topics;
use topology::Topology;

/// How soon a watch ends once it is over.
const STEP: Duration = Duration::from_millis(100);

/// What was found wrong with the topics, if anything.
#[derive(Default)]
pub(crate) struct Watch {
    found: OnceLock<String>,
    over: AtomicBool,
}

/// Ends a watch when it is dropped, so that none outlives what it was for.
pub(crate) struct Ending<'w>(&'w Watch);

impl Watch {
    /// Looks until something is found, the watch is over, or the process is to stop.
    pub(crate) fn look(&self, admin: &Admin, topology: &Topology, built_on: &Identity, shutdown: &Shutdown) {
        if let Some(reason) = watch_topics(admin, topology, built_on, &|pause| self.rest(pause, shutdown)) {
            tracing::error!(reason, "the topics are not as they were; nothing more is decided");
            self.found.get_or_init(|| reason);
        }
    }

    pub(crate) fn has_found(&self) -> bool {
        self.found.get().is_some()
    }

    pub(crate) fn found(&self) -> Option<&str> {
        self.found.get().map(String::as_str)
    }

    /// The watch is over when what is returned is dropped.
    pub(crate) fn until_dropped(&self) -> Ending<'_> {
        Ending(self)
    }

    /// Whether the watch is over, after at most this pause.
    fn rest(&self, pause: Duration, shutdown: &Shutdown) -> bool {
        let began = clock::monotonic();
        let is_over = || self.over.load(Ordering::Relaxed) || shutdown.is_requested();
        while began.elapsed() < pause && !is_over() {
            shutdown.wait_timeout(STEP);
        }
        is_over()
    }
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Relaxed);
    }
}
