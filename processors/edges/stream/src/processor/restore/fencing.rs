//! Aborting what a dead owner has left open, so that its timeout is not waited for: a transaction that has sent offsets holds up the group's
//! offsets, and one that has only written records holds up their readers.

use super::ASK_WAIT_MAX;
use crate::clock::{self, Deadline};
use crate::closing::close_aside;
use crate::committed::Committed;
use crate::failure::Failure;
use crate::processor::restore::Takeover;
use crate::processor::sending::{NotSent, send_offsets};
use crate::processor::transaction::init_transactions;
use crate::processor::wiring::Wiring;
use crate::processor::{Observe, TransientFault};
use crate::stopping::Stopping;
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// How long an open transaction of a former owner may take to end by itself.
const OPEN_TRANSACTION_PATIENCE: Duration = Duration::from_millis(200);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Ending a former owner's transaction.
const FENCE_WAIT_MAX: Duration = Duration::from_secs(5);
/// Between two looks whether it is over.
const FENCE_SLICE: Duration = Duration::from_millis(100);
/// Between two looks whether the process is to stop.
const FENCE_LONG_SLICE: Duration = Duration::from_millis(500);

impl<W: Wiring> Takeover<'_, W> {
    /// The group's offsets, waiting for open transactions, and ending them where their owner does not.
    pub(super) fn stable_offsets(&mut self, commands: &str, partitions: &[u32]) -> Option<BTreeMap<u32, Committed>> {
        match self.consumer.stable_offsets(partitions, OPEN_TRANSACTION_PATIENCE) {
            Ok(committed) => return Some(committed),
            Err(failure) => tracing::debug!(%failure, "offsets are not stable yet"),
        }
        let unstable = match self.inspector.unstable_offsets(commands, partitions, ASK_WAIT_MAX) {
            Ok(unstable) => unstable,
            Err(failure) => {
                tracing::warn!(%failure, "the group's offsets cannot be read yet");
                return None;
            }
        };
        self.end_owners(unstable.values(), |takeover| {
            takeover.consumer.stable_offsets(partitions, OPEN_TRANSACTION_PATIENCE).is_ok()
        });
        match self.consumer.stable_offsets(partitions, ASK_WAIT_MAX) {
            Ok(committed) => return Some(committed),
            Err(failure) => tracing::warn!(%failure, "offsets are not stable yet"),
        }
        self.clear_left_over(partitions, &unstable);
        None
    }

    /// Offsets of a transaction that its coordinator does not know of hang (docs/decisions/0009): an abort that names
    /// the group clears what the group keeps of a producer.
    fn clear_left_over(&mut self, partitions: &[u32], unstable: &BTreeMap<u32, Committed>) {
        let offsets: BTreeMap<u32, Committed> = partitions
            .iter()
            .map(|partition| (*partition, unstable.get(partition).cloned().unwrap_or_default()))
            .collect();
        self.abort_left_over(unstable.values(), |takeover, owner| takeover.abort_offsets(owner, &offsets));
    }

    /// Aborts under the id of each owner, and under this instance's own, which may be one that has not signed yet.
    fn abort_left_over<'c>(&mut self, committed: impl Iterator<Item = &'c Committed>, abort: impl Fn(&Self, &str) -> Result<(), Failure>) {
        let own = self.producer.transactional_id().to_owned();
        for owner in signers(committed).into_iter().chain([own.as_str()]).collect::<BTreeSet<_>>() {
            match abort(self, owner) {
                Ok(()) => {
                    tracing::warn!(owner, "aborted a hanging transaction");
                    self.processor.observe.trouble(TransientFault::Fenced);
                }
                Err(failure) => tracing::warn!(owner, %failure, "a hanging transaction could not be aborted yet; trying again"),
            }
        }
        // Its id has a newer epoch now.
        self.producer.discard();
    }

    fn abort_offsets(&self, transactional_id: &str, offsets: &BTreeMap<u32, Committed>) -> Result<(), Failure> {
        let list = self.consumer.signed(offsets)?;
        self.abort(transactional_id, |client| {
            let (deadline, stopping) = (Deadline::after(FENCE_WAIT_MAX), Stopping::new(self.stop));
            let left = || stopping.left(deadline);
            match send_offsets(client, &self.consumer.client, &list, true, FENCE_SLICE, &left) {
                Err(NotSent::Kafka(failure)) => Err(failure),
                // The group has changed, or its coordinator is away: all of this is begun again.
                Err(NotSent::Unfenced | NotSent::NoAnswer(_)) | Ok(()) => Ok(()),
            }
        })
    }

    /// Begins a transaction under this id, and aborts it with what it was filled with.
    fn abort(&self, transactional_id: &str, fill: impl FnOnce(&Arc<BaseProducer>) -> Result<(), Failure>) -> Result<(), Failure> {
        let failed = |error: KafkaError| Failure::of(&error);
        let client = Arc::new(self.fenced(transactional_id)?);
        client.begin_transaction().map_err(failed)?;
        let filled = fill(&client);
        let aborted = self.in_slices(|slice| client.abort_transaction(slice).map_err(failed));
        close_aside(client);
        aborted.and(filled)
    }

    /// A producer with the dead owner's id gets a new epoch, and the coordinator aborts what the old epoch left open.
    fn fenced(&self, transactional_id: &str) -> Result<BaseProducer, Failure> {
        let client = self.producer_with_id(transactional_id)?;
        match self.in_slices(|slice| self.take_epoch(&client, slice)) {
            Ok(()) => Ok(client),
            Err(failure) => {
                close_aside(client);
                Err(failure)
            }
        }
    }

    /// Tries until it is done, or its time is over, or the process is to stop.
    fn in_slices(&self, attempt: impl Fn(Duration) -> Result<(), Failure>) -> Result<(), Failure> {
        let (deadline, stopping) = (Deadline::after(FENCE_WAIT_MAX), Stopping::new(self.stop));
        loop {
            match attempt(FENCE_LONG_SLICE.min(stopping.left(deadline))) {
                Err(failure) if failure.retriable && !stopping.is_over(deadline) => {}
                attempted => return attempted,
            }
        }
    }

    fn producer_with_id(&self, transactional_id: &str) -> Result<BaseProducer, Failure> {
        let config = self.processor.settings.transactional_producer(transactional_id);
        config.create().map_err(|error| Failure::of(&error))
    }

    fn take_epoch(&self, client: &BaseProducer, wait: Duration) -> Result<(), Failure> {
        let commands = self.processor.topology.topics.commands.name.clone();
        init_transactions(client, &[commands], wait)
    }

    /// The same until nothing is open any more.
    ///
    /// Where something is, the first question begins the abort, and is refused until that is done. librdkafka 2.12.1 asks again after half a second
    /// (`rd_kafka_idemp_pid_timer_restart`): by then all is over long since, and it is looked meanwhile.
    fn fence(&self, owner: &str, is_over: impl Fn(&Self) -> bool) -> Result<(), Failure> {
        let (deadline, stopping) = (Deadline::after(FENCE_WAIT_MAX), Stopping::new(self.stop));
        let client = self.producer_with_id(owner)?;
        let fenced = loop {
            match self.take_epoch(&client, FENCE_SLICE.min(stopping.left(deadline))) {
                Ok(()) => break Ok(()),
                Err(_) if is_over(self) => break Ok(()),
                Err(failure) if !failure.retriable || stopping.is_over(deadline) => break Err(failure),
                Err(_) => {}
            }
        };
        close_aside(client);
        fenced
    }

    /// Where the last stable offset stays below the end of a topic, a transaction is open: the owner that signed the partition's
    /// offset is gone or stands still, because a live owner gives no partition away during one. What this instance had left open ended
    /// when its producer was made ready. `false` when that has to be made ready again.
    pub(super) fn end_open_transactions(&mut self, topic: &str, committed: &BTreeMap<u32, Committed>) -> bool {
        let open = self.stay_open(topic, committed.keys().copied().collect());
        if open.is_empty() {
            return true;
        }
        let owners = open.iter().filter_map(|partition| committed.get(partition));
        self.end_owners(owners, |takeover| takeover.open_ones(topic, open.clone()).is_empty());
        let open = self.stay_open(topic, open);
        if open.is_empty() {
            return true;
        }
        // They hang, because their coordinator does not know them: see docs/decisions/0009.
        tracing::warn!(topic, ?open, "a transaction hangs: its coordinator does not know it");
        if !self.note_torn(topic, &open, committed) {
            return false;
        }
        let signed = open.iter().filter_map(|partition| committed.get(partition));
        self.abort_left_over(signed, |takeover, owner| takeover.abort_records(owner, topic, &open));
        false
    }

    /// An abort marker ends whatever a producer has open in a partition; to get one there, the transaction has to have a record in it.
    fn abort_records(&self, transactional_id: &str, topic: &str, partitions: &[u32]) -> Result<(), Failure> {
        self.abort(transactional_id, |client| {
            for partition in partitions {
                let record = BaseRecord::<[u8], [u8]>::to(topic).partition(partition.cast_signed()).payload(&[]);
                client.send(record).map_err(|(error, _)| Failure::of(&error))?;
            }
            client.flush(ASK_WAIT_MAX).map_err(|error| Failure::of(&error))
        })
    }

    /// Those of the partitions that have an open transaction, and still have one after a while.
    fn stay_open(&self, topic: &str, partitions: Vec<u32>) -> Vec<u32> {
        let patience = Deadline::after(OPEN_TRANSACTION_PATIENCE);
        let mut open = self.open_ones(topic, partitions);
        while !open.is_empty() && !patience.is_over() {
            clock::rest(LOOK_EVERY);
            open = self.open_ones(topic, open);
        }
        open
    }

    /// Those of the partitions that have an open transaction. None where the cluster does not say: then the replay waits, and reports it.
    fn open_ones(&self, topic: &str, partitions: Vec<u32>) -> Vec<u32> {
        // In this order: a transaction that begins in between does not count, and one that ends in between does not either.
        let Ok(all) = self.inspector.high_watermarks(topic, &partitions, ASK_WAIT_MAX) else {
            return Vec::new();
        };
        let Ok(stable) = self.member_question(topic, &partitions).high() else {
            return Vec::new();
        };
        let is_open = |partition: &u32| stable.get(partition) < all.get(partition);
        partitions.into_iter().filter(is_open).collect()
    }

    fn end_owners<'c>(&self, committed: impl Iterator<Item = &'c Committed>, is_over: impl Fn(&Self) -> bool) {
        let own = self.producer.transactional_id();
        for owner in signers(committed).into_iter().filter(|owner| *owner != own) {
            match self.fence(owner, &is_over) {
                Ok(()) => {
                    tracing::warn!(owner, "fenced a former owner and aborted its open transaction");
                    self.processor.observe.trouble(TransientFault::Fenced);
                }
                Err(failure) => tracing::warn!(owner, %failure, "a former owner could not be fenced yet"),
            }
        }
    }
}

/// The transactional ids in the metadata of offsets; an offset that a tool has set has none.
fn signers<'c>(committed: impl Iterator<Item = &'c Committed>) -> BTreeSet<&'c str> {
    let owners = committed.map(|committed| committed.metadata.transactional_id.as_str());
    owners.filter(|owner| !owner.is_empty()).collect()
}
