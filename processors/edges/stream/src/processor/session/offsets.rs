//! The offsets that a transaction commits, and their metadata.

use super::Session;
use crate::committed::Committed;
use crate::decided::{Decided, fingerprint};
use crate::offset_metadata::Torn;
use crate::processor::wiring::Wiring;
use decider::{Batch, Incoming, Outgoing};
use keyvalue::Mutation;
use std::collections::BTreeMap;

impl<W: Wiring> Session<'_, W> {
    /// The offsets that a batch moves. They never go back, not even where commands before them are decided again.
    pub(super) fn offsets_of(&self, batch: &Batch, incoming: &[Incoming<'_>]) -> BTreeMap<u32, Committed> {
        let owner = self.producer.transactional_id();
        let moved = batch.next_command_offsets().map(|(partition, next)| {
            let mut committed = self.committed.get(&partition).cloned().unwrap_or_default();
            if committed.offset <= next {
                // All that was decided before is in the log again.
                committed.metadata.torn = Torn::default();
                committed.offset = next;
                committed.metadata.last = self.last_of(incoming, partition, next);
            }
            owner.clone_into(&mut committed.metadata.transactional_id);
            (partition, committed)
        });
        let mut offsets: BTreeMap<u32, Committed> = moved.collect();
        for outgoing in &batch.outgoing {
            if let Outgoing::Outcome { incoming: index, .. } = outgoing {
                let record = &incoming[*index];
                if let Some(committed) = offsets.get_mut(&record.partition) {
                    let answered = &mut committed.metadata.answered;
                    *answered = (record.offset + 1).max(*answered);
                }
            }
        }
        offsets
    }

    /// The command before a position, which is in the batch.
    fn last_of(&self, incoming: &[Incoming<'_>], partition: u32, next: i64) -> Option<Decided> {
        let is_last = |record: &&Incoming<'_>| record.partition == partition && record.offset + 1 == next;
        let record = incoming.iter().rev().find(is_last)?;
        Some(Decided {
            topic_id: self.evidence.topic_id.clone(),
            offset: record.offset,
            fingerprint: Some(fingerprint(record.timestamp_ms, record.key, record.value)),
        })
    }

    /// What the state is to remember of them in addition to the cursors.
    pub(super) fn last_decided(&self, batch: &Batch) -> Vec<Mutation> {
        let positions = batch.next_command_offsets();
        positions
            .filter_map(|(partition, next)| self.evidence.mutation(partition, next))
            .collect()
    }

    /// Keeps in mind which commands a committed batch has decided last.
    pub(super) fn note_decided(&mut self, batch: &Batch, incoming: &[Incoming<'_>]) {
        for (partition, next) in batch.next_command_offsets() {
            if let Some(last) = self.last_of(incoming, partition, next) {
                self.evidence.decided(partition, last);
            }
        }
    }
}
