//! Ending what a dead owner has left open, so that nobody waits for its timeout: a transaction that has sent offsets holds up the group's
//! offsets, and one that has only written records holds up their readers.

use super::ASK_WAIT_MAX;
use crate::clock::{self, Deadline};
use crate::failure::Failure;
use crate::marks::high_watermarks;
use crate::processor::consumer::Committed;
use crate::processor::lane::Lane;
use crate::processor::transaction::init_transactions;
use crate::processor::{Observe, SchemaSource, Trouble};
use decider::{Codec, Domain};
use keyvalue::{Read, Write};
use rdkafka::producer::BaseProducer;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long an open transaction of a former owner may take to end by itself.
const OPEN_TRANSACTION_PATIENCE: Duration = Duration::from_millis(400);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Ending a former owner's transaction.
const FENCE_WAIT_MAX: Duration = Duration::from_secs(5);

impl<D, C, S, R, O> Lane<'_, D, C, S, R, O>
where
    D: Domain,
    C: Codec<D>,
    S: Read + Write,
    R: SchemaSource,
    O: Observe,
{
    /// The group's offsets, waiting for open transactions, and ending them where their owner does not.
    pub(super) fn stable_offsets(&self, commands: &str, partitions: &[u32]) -> Option<BTreeMap<u32, Committed>> {
        match self.consumer.stable_offsets(partitions, OPEN_TRANSACTION_PATIENCE) {
            Ok(committed) => return Some(committed),
            Err(failure) => tracing::debug!(%failure, "offsets are not stable yet"),
        }
        match self.scout.unstable_offsets(commands, partitions, ASK_WAIT_MAX) {
            Ok(unstable) => self.end_owners(unstable.values()),
            Err(failure) => tracing::warn!(%failure, "the group's offsets cannot be read yet"),
        }
        self.consumer
            .stable_offsets(partitions, ASK_WAIT_MAX)
            .map_err(|failure| tracing::warn!(%failure, "offsets are not stable yet"))
            .ok()
    }

    /// A producer with the dead owner's id gets a new epoch, and the coordinator aborts what the old epoch left open.
    fn fence(&self, transactional_id: &str) -> Result<(), Failure> {
        let config = self.processor.settings.transactional_producer(transactional_id);
        let client: BaseProducer = config.create().map_err(|error| Failure::of(&error))?;
        let commands = self.processor.topology.topics.commands.name.clone();
        init_transactions(&client, &[commands], FENCE_WAIT_MAX)
    }

    /// Where the end of what is committed stays behind the end of a topic, a transaction is open: the owner that signed the partition's
    /// offset is gone or stands still, because nobody gives a partition away in the midst of one.
    pub(super) fn end_open_transactions(&self, topic: &str, committed: &BTreeMap<u32, Committed>) {
        let own = self.producer.transactional_id();
        // What this instance had left open ended when its producer was made ready.
        let mut held_up: BTreeMap<u32, &Committed> = committed
            .iter()
            .filter(|(_, committed)| committed.transactional_id != own)
            .map(|(partition, committed)| (*partition, committed))
            .collect();
        let patience = Deadline::after(OPEN_TRANSACTION_PATIENCE);
        loop {
            let open = self.open_ones(topic, held_up.keys().copied().collect());
            held_up.retain(|partition, _| open.contains(partition));
            if held_up.is_empty() {
                return;
            }
            if patience.is_over() {
                return self.end_owners(held_up.into_values());
            }
            clock::rest(LOOK_EVERY);
        }
    }

    /// Those of the partitions that have an open transaction. None where the cluster does not say: then the replay waits, and tells.
    fn open_ones(&self, topic: &str, partitions: Vec<u32>) -> BTreeSet<u32> {
        // In this order: a transaction that begins in between does not count, and one that ends in between does not either.
        let all = self.scout.high_watermarks(topic, &partitions, ASK_WAIT_MAX);
        let stable = high_watermarks(&self.consumer.client, topic, &partitions, ASK_WAIT_MAX);
        let (Ok(all), Ok(stable)) = (all, stable) else {
            return BTreeSet::new();
        };
        let is_open = |partition: &u32| stable.get(partition) < all.get(partition);
        partitions.into_iter().filter(is_open).collect()
    }

    fn end_owners<'c>(&self, committed: impl Iterator<Item = &'c Committed>) {
        let owners: BTreeSet<&str> = committed.map(|committed| committed.transactional_id.as_str()).collect();
        let own = self.producer.transactional_id();
        for owner in owners.into_iter().filter(|owner| !owner.is_empty() && *owner != own) {
            match self.fence(owner) {
                Ok(()) => {
                    tracing::warn!(owner, "ended the open transaction of a former owner");
                    self.processor.observe.trouble(Trouble::Fenced);
                }
                Err(failure) => tracing::warn!(owner, %failure, "a former owner could not be fenced yet"),
            }
        }
    }
}
