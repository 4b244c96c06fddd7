//! What a committed transaction made of the commands whose senders record their traces.

use super::Session;
use crate::clock;
use crate::processor::transaction::{DEAD_LETTER, Fetched};
use crate::processor::wiring::Wiring;
use crate::processor::{BatchTimes, Observe, TracedCommand};
use decider::{Batch, Outgoing};
use std::time::Duration;

const FORWARDED: &str = "forwarded";

impl<W: Wiring> Session<'_, W> {
    /// To be called as soon as the transaction is committed; costs nothing where no command is traced.
    pub(super) fn tell_traced(&self, batch: &Batch, fetched: &[Fetched<'_>], deciding: Duration) {
        if fetched.iter().all(|fetched| fetched.traced().is_none()) {
            return;
        }
        let times = BatchTimes {
            commands: fetched.len(),
            deciding,
            committing: clock::now() - self.begun,
        };
        let traced: Vec<_> = batch.outgoing.iter().filter_map(|outgoing| traced(outgoing, fetched)).collect();
        self.processor.observe.traced(&traced, times);
    }
}

/// A command is answered by one record that is no event.
fn traced<'m>(outgoing: &Outgoing, fetched: &[Fetched<'m>]) -> Option<TracedCommand<'m>> {
    let (outcome, command_type) = match outgoing {
        Outgoing::Event { .. } => return None,
        Outgoing::Outcome { status, command_type, .. } => (status.name(), Some(*command_type)),
        Outgoing::Forward { .. } => (FORWARDED, None),
        Outgoing::DeadLetter { .. } => (DEAD_LETTER, None),
    };
    let fetched = &fetched[outgoing.incoming()];
    let (partition, offset) = fetched.place();
    Some(TracedCommand {
        traceparent: fetched.traced()?,
        partition,
        offset,
        outcome,
        command_type,
    })
}
