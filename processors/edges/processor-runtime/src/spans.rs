//! The two spans of a sampled command in a processor: `decide`, below the sender's span, and `commit` below that.
//!
//! Events carry the id of `commit` in their `traceparent`, so that what a view does with them comes below it. Both ids are derived from the command's
//! place in the log: a transaction that is tried again, here or by another processor, writes the same.

use std::time::Duration;
use stream::processor::{BatchTimes, TracedCommand, Traceparent};
use traces::{Kind, Span, SpanId, TraceContext, Tracer};

const DECIDE: &str = "decide";
const COMMIT: &str = "commit";

/// The spans of the command at a place in the log.
struct Ids {
    sender: TraceContext,
    decide: SpanId,
    commit: SpanId,
}

impl Ids {
    fn of(traceparent: &[u8], partition: u32, offset: i64) -> Option<Self> {
        let sender = TraceContext::sampled(traceparent)?;
        Some(Self {
            sender,
            decide: SpanId::derived(&sender, DECIDE, partition, offset),
            commit: SpanId::derived(&sender, COMMIT, partition, offset),
        })
    }
}

/// What the events of a command carry; `None` where its sender does not record the trace, or this process does not.
pub(crate) fn event_traceparent(tracer: &Tracer, traceparent: &[u8], partition: u32, offset: i64) -> Option<Traceparent> {
    if !tracer.is_on() {
        return None;
    }
    let ids = Ids::of(traceparent, partition, offset)?;
    Some(ids.sender.below(ids.commit).traceparent())
}

/// Records the spans of commands whose transaction was committed at `now_ns`.
pub(crate) fn record(tracer: &Tracer, commands: &[TracedCommand<'_>], times: BatchTimes, now_ns: u64) {
    let before = |end_ns: u64, took: Duration| end_ns.saturating_sub(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    let decided_ns = before(now_ns, times.committing);
    let began_ns = before(decided_ns, times.deciding);
    let in_batch = i64::try_from(times.commands).unwrap_or(i64::MAX);
    for command in commands {
        let Some(ids) = Ids::of(command.traceparent, command.partition, command.offset) else {
            continue;
        };
        let mut attributes = vec![
            ("messaging.system", "kafka".into()),
            ("messaging.destination.partition.id", command.partition.to_string().into()),
            ("messaging.kafka.offset", command.offset.into()),
            ("messaging.batch.message_count", in_batch.into()),
            ("aerolog.outcome", command.outcome.into()),
        ];
        attributes.extend(command.command_type.map(|name| ("aerolog.command_type", name.into())));
        tracer.record(Span {
            parent: ids.sender,
            is_parent_remote: true,
            id: ids.decide,
            name: DECIDE,
            kind: Kind::Consumer,
            start_ns: began_ns,
            end_ns: decided_ns,
            attributes,
            has_failed: false,
        });
        tracer.record(Span {
            parent: ids.sender.below(ids.decide),
            is_parent_remote: false,
            id: ids.commit,
            name: COMMIT,
            kind: Kind::Producer,
            start_ns: decided_ns,
            end_ns: now_ns,
            attributes: vec![
                ("messaging.system", "kafka".into()),
                ("messaging.batch.message_count", in_batch.into()),
            ],
            has_failed: false,
        });
    }
}

#[cfg(test)]
mod tests;
