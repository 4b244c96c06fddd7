//! Partitions of the commands topic beyond the log's number: they were added to the topic later.
//!
//! Clients' partitioners count them, and put aggregates into them and into wrong ones of the others. Nothing is decided there: what comes is
//! forwarded to the partition where its key belongs among the log's partitions. So they have neither events nor outcomes, and the group's offset
//! alone says how far they have come. Where that offset is gone or was set by a tool, everything that the topic still has is forwarded again: the
//! commands' ids are remembered where they are decided.

use crate::committed::Committed;
use crate::marks::Watermarks;
use crate::position::Position;
use crate::processor::restore::Takeover;
use crate::processor::wiring::Wiring;
use std::collections::BTreeMap;

impl<W: Wiring> Takeover<'_, W> {
    /// Those of the partitions in which commands are decided.
    pub(in crate::processor) fn deciding(&self, partitions: &[u32]) -> Vec<u32> {
        partitions.iter().copied().filter(|partition| !self.is_beyond(*partition)).collect()
    }

    /// The same of offsets.
    pub(super) fn deciding_of(&self, committed: &BTreeMap<u32, Committed>) -> BTreeMap<u32, Committed> {
        let deciding = committed.iter().filter(|(partition, _)| !self.is_beyond(**partition));
        deciding.map(|(partition, of)| (*partition, of.clone())).collect()
    }

    pub(super) fn is_beyond(&self, partition: u32) -> bool {
        partition >= self.processor.topology.partitions
    }
}

/// From where commands are forwarded.
pub(super) fn position(committed: Option<&Committed>, marks: Option<&Watermarks>) -> Position {
    let signed = committed
        .filter(|committed| committed.has_owner())
        .map(|committed| committed.offset);
    let next = signed.or(marks.map(|marks| marks.low)).unwrap_or(0);
    Position { next, last: None }
}
