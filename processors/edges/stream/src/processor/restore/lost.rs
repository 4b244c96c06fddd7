//! A commit that was acknowledged and then lost: what the state has of it is in no log.
//!
//! Kafka 4.3.1 acknowledges a commit once its coordinator has decided it, and writes the markers afterwards. A partition that has no leader at
//! that moment it takes for a deleted one (`TransactionMarkerChannelManager.addTxnMarkersToBrokerQueue`): it writes no marker there, and takes
//! the transaction for complete. Its records stay open until they are aborted (`fencing`, docs/decisions/0009). By then only the state of
//! the instance that wrote them has seen them. Deciding the same commands again gives the same events, so that nothing is lost by
//! that; but the state has to be built without them first.

use super::{ASK_WAIT_MAX, Amount, RestoreError};
use crate::clock::Deadline;
use crate::processor::restore::Takeover;
use crate::processor::wiring::Wiring;
use crate::processor::{Observe, TransientFault};
use decider::keys;
use keyvalue::{Mutation, Write};
use std::collections::BTreeMap;
use std::time::Duration;

pub(super) const POLL_WAIT: Duration = Duration::from_millis(50);

impl<W: Wiring> Takeover<'_, W> {
    /// Empties a partition's state that is ahead of the log, and returns whether it did. State that is ahead of the group's offset only is not
    /// touched: that offset was reset, or a transaction is torn.
    pub(super) fn rebuild(&mut self, partition: u32, error: &RestoreError) -> Result<bool, RestoreError> {
        if !self.is_ahead_of_the_log(partition)? {
            return Ok(false);
        }
        tracing::error!(
            partition,
            %error,
            "the state has what the log has lost: a commit that the broker had acknowledged was never completed by it. The partition's state \
             is rebuilt from the log, and its commands are decided again"
        );
        self.processor.observe.trouble(TransientFault::CommitLost);
        self.empty(partition)?;
        Ok(true)
    }

    /// Deletes all that the state has of a partition.
    pub(super) fn empty(&mut self, partition: u32) -> Result<(), RestoreError> {
        self.machine.close(partition);
        let ranges = keys::partition_ranges(partition).map(|(from, to)| Mutation::DeleteRange { from, to });
        let key = keys::decided(partition);
        let everything: Vec<_> = ranges.into_iter().chain([Mutation::Delete { key }]).collect();
        Ok(self.processor.store.apply(&everything)?)
    }

    /// Whether the last outcome that the state knows is not where the state has seen it. `false` where that is not known: it is kept no
    /// longer, or not to be had now.
    fn is_ahead_of_the_log(&mut self, partition: u32) -> Result<bool, RestoreError> {
        let topic = self.processor.topology.topics.outcomes.name.clone();
        let offset = self.machine.cursor(partition).unwrap_or_default().next_outcome_offset - 1;
        let mut reader = self.readers.take(&topic, Amount::One)?;
        let marks = reader.all_watermarks(&[partition], ASK_WAIT_MAX)?;
        if marks.get(&partition).is_none_or(|marks| offset < marks.low) {
            return Ok(false);
        }
        reader.assign_unchecked(&BTreeMap::from([(partition, offset)]))?;
        let patience = Deadline::after(ASK_WAIT_MAX);
        while !patience.is_over() {
            let mut next = None;
            let polled = reader.poll(1, POLL_WAIT, |record| next = Some(record.offset))?;
            if next.is_some() || !polled.ended.is_empty() {
                self.readers.give_back(reader, Amount::One);
                return Ok(next != Some(offset));
            }
        }
        Ok(false)
    }
}
