//! Hands spans over to the exporter, and never waits.

use crate::span::Span;
use prometheus::{Error, IntCounter};
use std::sync::mpsc::{self, Receiver, SyncSender};

/// What the exporter's thread receives.
#[derive(Debug)]
pub(crate) enum Task {
    Export(Span),
    /// Something other than a span has changed: look.
    Look,
}

/// The way to the exporter; clones share it. One that is off takes nothing.
#[derive(Debug, Clone, Default)]
pub struct Tracer(Option<Way>);

#[derive(Debug, Clone)]
struct Way {
    queue: SyncSender<Task>,
    dropped: IntCounter,
}

impl Tracer {
    pub(crate) fn new(queue: SyncSender<Task>, dropped: IntCounter) -> Self {
        Self(Some(Way { queue, dropped }))
    }

    /// One whose spans, this many, are kept for a test to look at.
    ///
    /// # Errors
    /// Never: the name of its counter is a name.
    pub fn kept(spans_max: usize) -> Result<(Self, Kept), Error> {
        let (queue, kept) = mpsc::sync_channel(spans_max);
        let dropped = IntCounter::new("dropped", "Spans that were too many.")?;
        Ok((Self::new(queue, dropped), Kept(kept)))
    }

    /// Whether spans go anywhere: where they do not, none need be made.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Hands a span over. Where the queue is full it is dropped and counted.
    pub fn record(&self, span: Span) {
        if let Some(Way { queue, dropped }) = &self.0
            && queue.try_send(Task::Export(span)).is_err()
        {
            dropped.inc();
        }
    }
}

/// The spans of a tracer that no exporter takes.
#[derive(Debug)]
pub struct Kept(Receiver<Task>);

impl Kept {
    /// What was recorded since the last call.
    pub fn take(&self) -> Vec<Span> {
        let tasks = self.0.try_iter();
        tasks
            .filter_map(|task| match task {
                Task::Export(span) => Some(span),
                Task::Look => None,
            })
            .collect()
    }
}
