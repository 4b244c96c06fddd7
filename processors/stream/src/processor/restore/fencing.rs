//! Ending what a dead owner has left open, so that nobody waits for its timeout: a transaction that has sent offsets holds up the group's
//! offsets, and one that has only written records holds up their readers.

use super::ASK_WAIT_MAX;
use crate::clock::{self, Deadline};
use crate::failure::Failure;
use crate::processor::consumer::Committed;
use crate::processor::lane::Lane;
use crate::processor::{Observe, SchemaSource, Trouble};
use decider::{Codec, Domain};
use keyvalue::{Read, Write};
use rdkafka::consumer::Consumer;
use rdkafka::producer::{BaseProducer, Producer};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long an open transaction of a former owner may take to end by itself.
const OPEN_TRANSACTION_PATIENCE: Duration = Duration::from_millis(400);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Ending a former owner's transaction.
const FENCE_WAIT_MAX: Duration = Duration::from_secs(5);

/// The group's offsets, waiting for open transactions, and ending them where their owner does not.
pub(super) fn stable_offsets<D, C, S, R, O>(
    lane: &Lane<'_, D, C, S, R, O>,
    commands: &str,
    partitions: &[u32],
) -> Option<BTreeMap<u32, Committed>>
where
    D: Domain,
    C: Codec<D>,
    S: Read + Write,
    R: SchemaSource,
    O: Observe,
{
    match lane.consumer.stable_offsets(partitions, OPEN_TRANSACTION_PATIENCE) {
        Ok(committed) => return Some(committed),
        Err(failure) => tracing::debug!(%failure, "offsets are not stable yet"),
    }
    match lane.scout.unstable_offsets(commands, partitions, ASK_WAIT_MAX) {
        Ok(unstable) => end_owners(lane, unstable.values()),
        Err(failure) => tracing::warn!(%failure, "the group's offsets cannot be read yet"),
    }
    lane.consumer
        .stable_offsets(partitions, ASK_WAIT_MAX)
        .map_err(|failure| tracing::warn!(%failure, "offsets are not stable yet"))
        .ok()
}

/// A producer with the dead owner's id gets a new epoch, and the coordinator aborts what the old epoch left open.
fn fence<D, C, S, R, O>(lane: &Lane<'_, D, C, S, R, O>, transactional_id: &str) -> Result<(), Failure>
where
    D: Domain,
{
    let config = lane.processor.settings.transactional_producer(transactional_id);
    let client: BaseProducer = config.create().map_err(|error| Failure::of(&error))?;
    client.init_transactions(FENCE_WAIT_MAX).map_err(|error| Failure::of(&error))
}

/// Where the end of what is committed stays behind the end of a topic, a transaction is open: the owner that signed the partition's offset
/// is gone or stands still, because nobody gives a partition away in the midst of one.
pub(super) fn end_open_transactions<D, C, S, R, O>(lane: &Lane<'_, D, C, S, R, O>, topic: &str, committed: &BTreeMap<u32, Committed>)
where
    D: Domain,
    C: Codec<D>,
    S: Read + Write,
    R: SchemaSource,
    O: Observe,
{
    let own = lane.producer.transactional_id();
    // What this instance had left open ended when its producer was made ready.
    let mut held_up: BTreeMap<u32, &Committed> = committed
        .iter()
        .filter(|(_, committed)| committed.transactional_id != own)
        .map(|(partition, committed)| (*partition, committed))
        .collect();
    let patience = Deadline::after(OPEN_TRANSACTION_PATIENCE);
    loop {
        held_up.retain(|partition, _| is_open(lane, topic, *partition));
        if held_up.is_empty() {
            return;
        }
        if patience.is_over() {
            return end_owners(lane, held_up.into_values());
        }
        clock::rest(LOOK_EVERY);
    }
}

/// `false` where the cluster does not say: then the replay waits, and tells.
fn is_open<D, C, S, R, O>(lane: &Lane<'_, D, C, S, R, O>, topic: &str, partition: u32) -> bool
where
    D: Domain,
{
    let stable = lane.consumer.client.fetch_watermarks(topic, partition.cast_signed(), ASK_WAIT_MAX);
    let all = lane.scout.watermarks(topic, partition, ASK_WAIT_MAX);
    matches!((stable, all), (Ok((_, stable)), Ok((_, all))) if stable < all)
}

fn end_owners<'c, D, C, S, R, O>(lane: &Lane<'_, D, C, S, R, O>, committed: impl Iterator<Item = &'c Committed>)
where
    D: Domain,
    O: Observe,
{
    let owners: BTreeSet<&str> = committed.map(|committed| committed.transactional_id.as_str()).collect();
    let own = lane.producer.transactional_id();
    for owner in owners.into_iter().filter(|owner| !owner.is_empty() && *owner != own) {
        match fence(lane, owner) {
            Ok(()) => {
                tracing::warn!(owner, "ended the open transaction of a former owner");
                lane.processor.observe.trouble(Trouble::Fenced);
            }
            Err(failure) => tracing::warn!(owner, %failure, "a former owner could not be fenced yet"),
        }
    }
}
