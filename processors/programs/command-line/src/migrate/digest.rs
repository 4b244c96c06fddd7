//! The digest in which two logs must agree, whatever their partitions are: a sum over all events and over all remembered outcomes.

use super::placing::Placed;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Equal for logs of equal content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Digest {
    pub(super) events: u64,
    pub(super) outcomes: u64,
    sum: u128,
}

impl Digest {
    /// Adds a record without what is different in the other log: its partition, its sequence, the offset of its command, the clock.
    pub(super) fn add<E: fmt::Debug>(&mut self, placed: &Placed<E>) {
        match placed {
            Placed::Event { event, .. } => {
                self.events += 1;
                let rest = (
                    &event.aggregate_id,
                    event.version,
                    event.command_id,
                    event.decided_at_ms,
                    &event.event,
                );
                self.sum = self.sum.wrapping_add(hash(&format!("{rest:?}")));
            }
            Placed::Outcome { outcome, timestamp_ms, .. } => {
                self.outcomes += 1;
                let mut rest = outcome.clone();
                (rest.sequence, rest.command_offset, rest.clock_ms) = (0, 0, 0);
                self.sum = self.sum.wrapping_add(hash(&format!("{timestamp_ms} {rest:?}")));
            }
        }
    }
}

fn hash(text: &str) -> u128 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish().into()
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events, outcomes, sum } = self;
        write!(formatter, "{events} events and {outcomes} outcomes (sum {sum:032x})")
    }
}
