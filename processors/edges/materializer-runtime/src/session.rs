//! One session of following the log, as its threads see it: whether it is over.

use service::Shutdown;
use std::sync::atomic::{AtomicBool, Ordering};
use stream::TopicWatch;

/// Ends with the shutdown, when the topics have changed, or when no thread takes what is read.
pub(crate) struct Session<'s> {
    pub(crate) shutdown: &'s Shutdown,
    pub(crate) watch: TopicWatch,
    writer_ended: AtomicBool,
}

impl<'s> Session<'s> {
    pub(crate) fn new(shutdown: &'s Shutdown, watch: TopicWatch) -> Self {
        Self {
            shutdown,
            watch,
            writer_ended: AtomicBool::new(false),
        }
    }

    /// Lets the reading thread end, because what it reads is not written any more.
    pub(crate) fn end(&self) {
        self.writer_ended.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.writer_ended.load(Ordering::Relaxed) || self.shutdown.is_requested() || self.watch.found().is_some()
    }
}
