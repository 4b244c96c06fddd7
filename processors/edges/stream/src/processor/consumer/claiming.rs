//! Signing the group's offsets outside of a transaction, with a deadline.

use super::GroupConsumer;
use crate::committed::Committed;
use crate::failure::Failure;
use crate::raw;
use rdkafka::error::KafkaError;
use std::collections::BTreeMap;
use std::time::Duration;

/// A synchronous commit has no deadline: it waits for as long as the group's coordinator is away.
const CLAIM_WAIT_MAX: Duration = Duration::from_secs(2);

impl GroupConsumer {
    /// Writes the same offsets again, so that they are signed with the transactional id which may write them from now on.
    pub(crate) fn claim(&self, offsets: &BTreeMap<u32, Committed>) -> Result<(), Failure> {
        let list = self.signed(offsets)?;
        let committed = raw::commit(&self.client, &list, CLAIM_WAIT_MAX);
        committed.map_err(|code| Failure::of(&KafkaError::ConsumerCommit(code)))
    }
}
