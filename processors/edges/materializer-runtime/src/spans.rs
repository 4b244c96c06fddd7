//! The two spans of a traced event in a view: `apply`, below the commit that wrote it, and `visible` below that.
//!
//! Only a view that has caught up makes them: what it reads again to be rebuilt was traced long ago.

use crate::bookkeeping::Progress;
use service::clock;
use traces::{Kind, Span, SpanId, TraceContext, Tracer};

/// An event of a run whose `traceparent` has the sampled flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TracedEvent {
    /// In the run.
    pub(crate) index: usize,
    pub(crate) partition: u32,
    pub(crate) offset: i64,
    /// What wrote it.
    pub(crate) commit: TraceContext,
}

/// A time that something took, in nanoseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interval {
    pub(crate) start_ns: u64,
    pub(crate) end_ns: u64,
}

impl Interval {
    /// From then until now.
    pub(crate) fn since(start_ns: u64) -> Self {
        Self {
            start_ns,
            end_ns: clock::unix_ns(),
        }
    }
}

/// The spans of one view.
pub(crate) struct Spans {
    pub(crate) tracer: Tracer,
    /// Name and version of the view.
    pub(crate) view: String,
}

impl Spans {
    /// Records the events that the view has with this progress: they were folded, then written.
    pub(crate) fn record(&self, events: &[TracedEvent], progress: &Progress, folding: Interval, writing: Interval) {
        let has = |event: &&TracedEvent| {
            progress
                .get(event.partition)
                .is_some_and(|reached| reached.next_offset > event.offset)
        };
        for event in events.iter().filter(has) {
            let (apply, visible) = (SpanId::random(), SpanId::random());
            self.tracer.record(Span {
                parent: event.commit,
                is_parent_remote: true,
                id: apply,
                name: "apply",
                kind: Kind::Consumer,
                start_ns: folding.start_ns,
                end_ns: folding.end_ns,
                attributes: vec![
                    ("messaging.system", "kafka".into()),
                    ("messaging.destination.partition.id", event.partition.to_string().into()),
                    ("messaging.kafka.offset", event.offset.into()),
                    ("aerolog.view", self.view.clone().into()),
                ],
                has_failed: false,
            });
            self.tracer.record(Span {
                parent: event.commit.below(apply),
                is_parent_remote: false,
                id: visible,
                name: "visible",
                kind: Kind::Internal,
                start_ns: writing.start_ns,
                end_ns: writing.end_ns,
                attributes: vec![("aerolog.view", self.view.clone().into())],
                has_failed: false,
            });
        }
    }
}

#[cfg(test)]
mod tests;
