//! I3: sequences of a partition and versions of an aggregate are 1, 2, 3 … in offset order, all of them in the partition that the
//! aggregate's id hashes to.

use super::CheckContext;
use crate::ledger::{LedgerError, Prefix, at_offset, key};
use crate::merging::{Found, Step};
use crate::{Invariant, Shown};
use decider::EventEnvelope;
use keyvalue::{Read, Write};

/// How far the numbers of one partition have come. Starts from zero for each.
#[derive(Debug, Default)]
pub(crate) struct Dense {
    sequence: u64,
}

impl Dense {
    pub(crate) fn push<S: Read + Write, E: std::fmt::Debug>(
        &mut self,
        context: &mut CheckContext<S>,
        step: &Step<E>,
    ) -> Result<(), LedgerError> {
        for found in &step.events {
            context.counts.events += 1;
            self.sequence(context, found)?;
            version(context, found)?;
            belongs(context, found, &found.value.aggregate_id);
        }
        for found in &step.outcomes {
            belongs(context, found, &found.value.aggregate_id);
        }
        Ok(())
    }

    fn sequence<S: Read + Write, E: std::fmt::Debug>(
        &mut self,
        context: &mut CheckContext<S>,
        found: &Found<EventEnvelope<E>>,
    ) -> Result<(), LedgerError> {
        let (expected, place) = (self.sequence + 1, found.record.place);
        let number = found.value.sequence;
        self.sequence = number;
        if number == expected {
            return Ok(());
        }
        let records = vec![Shown::of(&found.record, &found.value)];
        let aborted = at_offset(Prefix::AbortedSequence, context.partition, expected.cast_signed());
        match context.ledger.number(&aborted)? {
            Some(offset) if number > expected => {
                let what = format!(
                    "the event at {place} has sequence {number} where {expected} should follow, which only the aborted event at events \
                     {}/{offset} has: it was built upon",
                    context.partition
                );
                context.violated(Invariant::I4, Some(place), what, records);
            }
            _ => {
                let what = format!("the event at {place} has sequence {number} where {expected} should follow");
                context.violated(Invariant::I3, Some(place), what, records);
            }
        }
        Ok(())
    }
}

fn version<S: Read + Write, E: std::fmt::Debug>(context: &mut CheckContext<S>, found: &Found<EventEnvelope<E>>) -> Result<(), LedgerError> {
    let event = &found.value;
    let key = key(Prefix::Version, context.partition, event.aggregate_id.as_bytes());
    let expected = context.ledger.number(&key)?.map_or(0, i64::cast_unsigned) + 1;
    if event.version != expected {
        let what = format!(
            "the event at {} has version {} of {} where {expected} should follow",
            found.record.place, event.version, event.aggregate_id
        );
        let records = vec![Shown::of(&found.record, event)];
        context.violated(Invariant::I3, Some(found.record.place), what, records);
    }
    context.ledger.put_number(key, event.version.cast_signed())
}

/// Numbers that are dense in two partitions of one aggregate would still be two histories of it.
fn belongs<S, T: std::fmt::Debug>(context: &mut CheckContext<S>, found: &Found<T>, aggregate_id: &str) {
    let partitions = context.options.partitions;
    let belongs_in = topology::partition_of(aggregate_id.as_bytes(), partitions);
    if belongs_in != context.partition {
        let place = found.record.place;
        let what = format!("the record at {place} is of {aggregate_id}, which belongs in partition {belongs_in} of {partitions}");
        context.violated(Invariant::I3, Some(place), what, vec![Shown::of(&found.record, &found.value)]);
    }
}
