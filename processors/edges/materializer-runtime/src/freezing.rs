//! A view that is built up to a place in the past: which events it still takes, and when it has all of them.

use crate::applying::LocatedEvent;
use crate::bookkeeping::Progress;
use crate::failure::Failure;
use query_service::AsOf;
use std::collections::BTreeSet;

/// How much of the way is left.
pub(crate) struct Freezing {
    until: AsOf,
    partitions: usize,
    /// Partitions of which the view has everything.
    frozen: BTreeSet<u32>,
}

impl Freezing {
    /// # Errors
    /// Where a position does not name every partition, or others.
    pub(crate) fn new(until: &AsOf, progress: &Progress) -> Result<Self, Failure> {
        let mut frozen = BTreeSet::new();
        if let AsOf::Position(position) = until {
            let named: Vec<u32> = position.iter().map(|(partition, _)| partition).collect();
            if !progress.iter().map(|(partition, _)| partition).eq(named.iter().copied()) {
                return Err(Failure::Until(format!(
                    "views cannot be built until {until}: the log has partitions 0 to {}, and a position has to name each of them",
                    progress.iter().len().saturating_sub(1)
                )));
            }
            let has_all = |sequence: u64, partition| position.sequence(partition).is_some_and(|last| sequence >= last);
            let reached = progress.iter().filter(|(partition, reached)| has_all(reached.sequence, *partition));
            frozen.extend(reached.map(|(partition, _)| partition));
        }
        Ok(Self {
            until: until.clone(),
            partitions: progress.iter().len(),
            frozen,
        })
    }

    /// Partitions of which it has everything.
    pub(crate) fn frozen(&self) -> impl Iterator<Item = u32> {
        self.frozen.iter().copied()
    }

    pub(crate) fn is_frozen(&self, partition: u32) -> bool {
        self.frozen.contains(&partition)
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.frozen.len() == self.partitions
    }

    /// Whether the view takes an event, which is the next of its partition.
    pub(crate) fn takes<E>(&mut self, LocatedEvent { partition, event, .. }: &LocatedEvent<E>) -> bool {
        let is_taken = !self.is_frozen(*partition) && !self.until.is_before(*partition, event.sequence, event.decided_at_ms);
        let is_last = match &self.until {
            AsOf::Time(_) => false,
            AsOf::Position(position) => position.sequence(*partition) == Some(event.sequence),
        };
        if !is_taken || is_last {
            self.frozen.insert(*partition);
        }
        is_taken
    }
}

#[cfg(test)]
mod tests;
