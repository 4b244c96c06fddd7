//! The offsets that a transaction commits, and what they are signed with.

use super::Lane;
use crate::processor::scout::Committed;
use crate::processor::{Observe, SchemaSource};
use crate::signature::Torn;
use decider::{Batch, Codec, Domain, Incoming, Outgoing};
use keyvalue::{Read, Write};
use std::collections::BTreeMap;

impl<D, C, S, R, O> Lane<'_, D, C, S, R, O>
where
    D: Domain,
    C: Codec<D>,
    S: Read + Write,
    R: SchemaSource,
    O: Observe,
{
    /// The offsets that a batch moves. They never go back, not even where commands before them are decided again.
    pub(super) fn offsets_of(&self, batch: &Batch, incoming: &[Incoming<'_>]) -> BTreeMap<u32, Committed> {
        let owner = self.producer.transactional_id();
        let moved = batch.next_command_offsets().map(|(partition, next)| {
            let mut committed = self.committed.get(&partition).cloned().unwrap_or_default();
            if committed.offset <= next {
                // All that was decided before is in the log again.
                committed.signature.torn = Torn::default();
                committed.offset = next;
            }
            owner.clone_into(&mut committed.signature.transactional_id);
            (partition, committed)
        });
        let mut offsets: BTreeMap<u32, Committed> = moved.collect();
        for outgoing in &batch.outgoing {
            if let Outgoing::Outcome { incoming: index, .. } = outgoing {
                let record = &incoming[*index];
                if let Some(committed) = offsets.get_mut(&record.partition) {
                    let answered = &mut committed.signature.answered;
                    *answered = (record.offset + 1).max(*answered);
                }
            }
        }
        offsets
    }
}
