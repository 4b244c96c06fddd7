//! Says, once in a while, that commands lie in other partitions than those of their keys: their order is lost, and only their sender can mend that.

use super::Session;
use crate::clock::Deadline;
use crate::processor::transaction::shortened;
use crate::processor::wiring::Wiring;
use decider::{Codec, Incoming, Outgoing};
use std::time::Duration;

const SAY_EVERY: Duration = Duration::from_secs(60);

/// What was not said yet.
pub(super) struct Forwarded {
    due: Deadline,
    commands: u64,
}

impl Default for Forwarded {
    fn default() -> Self {
        Self {
            due: Deadline::after(Duration::ZERO),
            commands: 0,
        }
    }
}

impl Forwarded {
    /// So many more; returns how many there were since the last time that this was said, where it is time to say so again.
    fn count(&mut self, commands: u64) -> Option<u64> {
        self.commands += commands;
        if commands == 0 || !self.due.is_over() {
            return None;
        }
        self.due = Deadline::after(SAY_EVERY);
        Some(std::mem::take(&mut self.commands))
    }
}

impl<W: Wiring> Session<'_, W> {
    /// Names one of the commands, and who says to have sent it: a record does not have its client's id.
    pub(super) fn say_forwarded(&mut self, outgoing: &[Outgoing], incoming: &[Incoming<'_>]) {
        let mut forwarded = outgoing.iter().filter_map(|outgoing| match outgoing {
            Outgoing::Forward { incoming, to_partition } => Some((*incoming, *to_partition)),
            Outgoing::Event { .. } | Outgoing::Outcome { .. } | Outgoing::DeadLetter { .. } => None,
        });
        let Some((index, to_partition)) = forwarded.next() else {
            return;
        };
        let Some(commands) = self.forwarded.count(1 + forwarded.count() as u64) else {
            return;
        };
        let record = &incoming[index];
        let key = String::from_utf8_lossy(record.key.unwrap_or_default());
        let identity = self.processor.codec.identify(record.content_type, record.value.unwrap_or_default());
        tracing::warn!(
            commands,
            partition = record.partition,
            offset = record.offset,
            to_partition,
            key = shortened(&key),
            command_id = identity.command_id.map(tracing::field::display),
            issued_by = identity.issued_by,
            "commands lie in another partition than that of their key and were forwarded: they keep no order with others of their aggregate. \
             Their producer needs the partitioner murmur2_random (docs/clients.md)"
        );
    }
}

#[cfg(test)]
mod tests;
