//! Kafka's log as far as transactions reach: partitions whose markers take offsets, producers with epochs, committed offsets.
//!
//! A transaction that has ended is seen partition by partition, as its markers arrive one after the other.

mod record;

use crate::simulation::Violation;
use record::Place;
pub(crate) use record::{Committed, Isolation, LateEnd, Producer, Record, Refused, Stored, Topic};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Open,
    Commit,
    Abort,
}

#[derive(Debug)]
struct Transaction {
    transactional_id: String,
    epoch: u32,
    ending: Ending,
    /// Partitions that wait for a marker, and where the first record in each is.
    touched: BTreeMap<Place, i64>,
    /// Offsets that wait for the marker of the offsets topic.
    offsets: BTreeMap<u32, i64>,
}

impl Transaction {
    /// How many markers are still to be written, now that it has ended.
    fn markers_pending(&self) -> usize {
        if self.ending == Ending::Open {
            return 0;
        }
        self.touched.len() + usize::from(!self.offsets.is_empty())
    }
}

enum Slot {
    Record(Box<Record>, Option<u64>),
    Marker,
}

#[derive(Default)]
pub(crate) struct Log {
    partitions: BTreeMap<Place, Vec<Slot>>,
    transactions: Vec<Transaction>,
    /// Transactions that are open, or whose markers are not all written.
    unsettled: BTreeSet<u64>,
    epochs: BTreeMap<String, u32>,
    /// The transaction in hand of each transactional id.
    current: BTreeMap<String, u64>,
    /// How the last transaction of each epoch has ended.
    last_commits: BTreeMap<String, bool>,
    committed: BTreeMap<u32, Committed>,
    /// Every offset that was ever committed, in order.
    pub(crate) offset_history: Vec<(u32, Committed)>,
    pub(crate) now_ms: i64,
    /// How far the brokers' clock is ahead of the time.
    pub(crate) ahead_ms: i64,
}

impl Log {
    /// Appends without a transaction, as clients do. Returns the offset.
    pub(crate) fn append(&mut self, topic: Topic, partition: u32, record: Record) -> i64 {
        self.push(topic, partition, record, None)
    }

    fn push(&mut self, topic: Topic, partition: u32, mut record: Record, transaction: Option<u64>) -> i64 {
        if topic != Topic::Outcomes {
            record.timestamp_ms = self.now_ms + self.ahead_ms;
        }
        let slots = self.partitions.entry((topic, partition)).or_default();
        slots.push(Slot::Record(Box::new(record), transaction));
        slots.len() as i64 - 1
    }

    /// A new epoch for a transactional id: whatever the one before left open is aborted.
    pub(crate) fn init_producer(&mut self, transactional_id: &str) -> Producer {
        self.abort_open(transactional_id);
        self.settle(transactional_id);
        let epoch = self.epochs.entry(transactional_id.to_owned()).or_default();
        *epoch += 1;
        self.last_commits.remove(transactional_id);
        Producer::new(transactional_id, *epoch)
    }

    /// The coordinator loses patience with an open transaction.
    pub(crate) fn expire(&mut self, transactional_id: &str) {
        self.abort_open(transactional_id);
        *self.epochs.entry(transactional_id.to_owned()).or_default() += 1;
    }

    /// A partition is added to the transaction once, when the client first writes to it; what it writes there later has to find it added.
    pub(crate) fn produce(&mut self, producer: &mut Producer, topic: Topic, partition: u32, record: Record) -> Result<i64, Refused> {
        let place = (topic, partition);
        if producer.added.contains(&place) {
            self.check(producer)?;
            let open = self.open(producer).ok_or(Refused::InvalidState)?;
            if !self.transaction(open).touched.contains_key(&place) {
                return Err(Refused::InvalidState);
            }
        }
        let number = self.begin(producer)?;
        producer.added.insert(place);
        let offset = self.push(topic, partition, record, Some(number));
        self.transaction_mut(number).touched.entry(place).or_insert(offset);
        Ok(offset)
    }

    /// Offsets that become visible with the transaction. The caller has asked the group.
    pub(crate) fn send_offsets(&mut self, producer: &mut Producer, offsets: &[(u32, i64)]) -> Result<(), Refused> {
        let number = self.begin(producer)?;
        producer.has_offsets = true;
        self.transaction_mut(number).offsets.extend(offsets.iter().copied());
        Ok(())
    }

    /// Ends the transaction that is open under the producer's epoch, whichever that is, and returns its number. Its markers are still
    /// to be written. Where none is open, the repetition of the last end is granted and its contrary refused.
    pub(crate) fn end(&mut self, producer: &Producer, commit: bool) -> Result<Option<u64>, Refused> {
        self.check(producer)?;
        let transactional_id = &producer.transactional_id;
        match self.current.remove(transactional_id) {
            Some(number) => {
                self.close(number, if commit { Ending::Commit } else { Ending::Abort });
                self.last_commits.insert(transactional_id.clone(), commit);
                Ok(Some(number))
            }
            None if self.last_commits.get(transactional_id) == Some(&commit) => Ok(None),
            None => Err(Refused::InvalidState),
        }
    }

    /// The number of the transaction that is open under the producer's transactional id.
    pub(crate) fn open(&self, producer: &Producer) -> Option<u64> {
        self.current.get(&producer.transactional_id).copied()
    }

    /// Whose a transaction was, and in which epoch.
    pub(crate) fn writer(&self, number: u64) -> (&str, u32) {
        let transaction = self.transaction(number);
        (&transaction.transactional_id, transaction.epoch)
    }

    /// An offset without a transaction: the claim of a new owner.
    pub(crate) fn commit_offset(&mut self, partition: u32, offset: i64, transactional_id: &str) {
        let transactional_id = transactional_id.to_owned();
        let committed = Committed { offset, transactional_id };
        self.offset_history.push((partition, committed.clone()));
        self.committed.insert(partition, committed);
    }

    /// The group's offset; `Err` with whose transaction is open while that may still change it.
    pub(crate) fn stable_offset(&self, partition: u32) -> Result<Option<&Committed>, &str> {
        let pending = self
            .unsettled()
            .find(|transaction| transaction.ending != Ending::Abort && transaction.offsets.contains_key(&partition));
        match pending {
            Some(transaction) => Err(&transaction.transactional_id),
            None => Ok(self.committed.get(&partition)),
        }
    }

    /// The transactional ids with an open transaction.
    pub(crate) fn open_transactions(&self) -> Vec<String> {
        self.current.keys().cloned().collect()
    }

    /// How many markers are still to be written.
    pub(crate) fn markers_pending(&self) -> usize {
        self.unsettled().map(Transaction::markers_pending).sum()
    }

    /// Writes one of the pending markers.
    pub(crate) fn write_marker(&mut self, mut choice: usize) {
        let pending = |number: u64| self.transaction(number).markers_pending();
        let mut waiting = None;
        for number in self.unsettled.iter().copied() {
            if choice < pending(number) {
                waiting = Some(number);
                break;
            }
            choice -= pending(number);
        }
        let Some(number) = waiting else { return };
        match self.transaction(number).touched.keys().nth(choice).copied() {
            Some(place) => self.end_in(number, place),
            None => self.end_offsets(number),
        }
    }

    pub(crate) fn end_offset(&self, topic: Topic, partition: u32) -> i64 {
        self.partitions.get(&(topic, partition)).map_or(0, |slots| slots.len() as i64)
    }

    /// The first offset of an open transaction, or the end.
    pub(crate) fn last_stable_offset(&self, topic: Topic, partition: u32) -> i64 {
        let first = |transaction: &Transaction| transaction.touched.get(&(topic, partition)).copied();
        let open = self.unsettled().filter_map(first).min();
        open.unwrap_or_else(|| self.end_offset(topic, partition))
    }

    /// Up to `records_max` records from an offset on, and the offset to go on at.
    pub(crate) fn fetch(&self, topic: Topic, partition: u32, from: i64, records_max: usize, isolation: Isolation) -> (Vec<Stored>, i64) {
        let end = match isolation {
            Isolation::Committed => self.last_stable_offset(topic, partition),
            Isolation::Uncommitted => self.end_offset(topic, partition),
        };
        let mut records = Vec::new();
        let mut offset = from;
        while offset < end && records.len() < records_max {
            let slot = usize::try_from(offset)
                .ok()
                .and_then(|index| self.slots(topic, partition).get(index));
            if let Some(Slot::Record(record, transaction)) = slot
                && (isolation == Isolation::Uncommitted || !transaction.is_some_and(|number| self.is_aborted(number)))
            {
                let (record, transaction) = ((**record).clone(), *transaction);
                records.push(Stored {
                    offset,
                    record,
                    transaction,
                });
            }
            offset += 1;
        }
        (records, offset)
    }

    /// All that is committed in a partition.
    pub(crate) fn committed_records(&self, topic: Topic, partition: u32) -> Vec<Stored> {
        self.fetch(topic, partition, 0, usize::MAX, Isolation::Committed).0
    }

    /// All that is written in a partition, each with whether it is committed: for the end, when nothing is open.
    pub(crate) fn all_records(&self, topic: Topic, partition: u32) -> impl Iterator<Item = (Stored, bool)> {
        let (records, _) = self.fetch(topic, partition, 0, usize::MAX, Isolation::Uncommitted);
        records.into_iter().map(|stored| {
            let is_aborted = stored.transaction.is_some_and(|number| self.is_aborted(number));
            (stored, !is_aborted)
        })
    }

    /// Is there a record from an offset on whose transaction was not aborted?
    pub(crate) fn goes_on(&self, topic: Topic, partition: u32, from: i64) -> bool {
        let left = |slot: &Slot| matches!(slot, Slot::Record(_, number) if !number.is_some_and(|number| self.is_aborted(number)));
        let from = usize::try_from(from).unwrap_or_default();
        self.slots(topic, partition).iter().skip(from).any(left)
    }

    /// After everything has ended nothing may be open.
    pub(crate) fn settled(&self) -> Result<(), Violation> {
        let open = self.open_transactions();
        if open.is_empty() && self.markers_pending() == 0 {
            return Ok(());
        }
        Err(Violation::new("I11", format!("transactions are left open: {open:?}")))
    }

    fn check(&self, producer: &Producer) -> Result<(), Refused> {
        match self.epochs.get(&producer.transactional_id) {
            Some(epoch) if *epoch == producer.epoch => Ok(()),
            _ => Err(Refused::Fenced),
        }
    }

    /// The number of the producer's open transaction. A new one waits for the markers of the one before.
    fn begin(&mut self, producer: &Producer) -> Result<u64, Refused> {
        self.check(producer)?;
        if let Some(number) = self.current.get(&producer.transactional_id) {
            return Ok(*number);
        }
        self.settle(&producer.transactional_id);
        let number = self.transactions.len() as u64;
        self.transactions.push(Transaction {
            transactional_id: producer.transactional_id.clone(),
            epoch: producer.epoch,
            ending: Ending::Open,
            touched: BTreeMap::new(),
            offsets: BTreeMap::new(),
        });
        self.unsettled.insert(number);
        self.current.insert(producer.transactional_id.clone(), number);
        Ok(number)
    }

    fn abort_open(&mut self, transactional_id: &str) {
        if let Some(number) = self.current.remove(transactional_id) {
            self.close(number, Ending::Abort);
        }
    }

    fn close(&mut self, number: u64, ending: Ending) {
        self.transaction_mut(number).ending = ending;
        self.settle_if_done(number);
    }

    /// Writes all pending markers of a transactional id.
    fn settle(&mut self, transactional_id: &str) {
        for number in self.unsettled.clone() {
            let transaction = self.transaction(number);
            if transaction.ending == Ending::Open || transaction.transactional_id != transactional_id {
                continue;
            }
            for place in transaction.touched.clone().into_keys() {
                self.end_in(number, place);
            }
            self.end_offsets(number);
        }
    }

    fn end_in(&mut self, number: u64, place: Place) {
        self.transaction_mut(number).touched.remove(&place);
        self.partitions.entry(place).or_default().push(Slot::Marker);
        self.settle_if_done(number);
    }

    fn end_offsets(&mut self, number: u64) {
        let offsets = std::mem::take(&mut self.transaction_mut(number).offsets);
        self.settle_if_done(number);
        if self.transaction(number).ending == Ending::Commit {
            let transactional_id = self.transaction(number).transactional_id.clone();
            for (partition, offset) in offsets {
                self.commit_offset(partition, offset, &transactional_id);
            }
        }
    }

    /// Forgets that a transaction is unsettled when its last marker is written.
    fn settle_if_done(&mut self, number: u64) {
        let transaction = self.transaction(number);
        if transaction.ending != Ending::Open && transaction.markers_pending() == 0 {
            self.unsettled.remove(&number);
        }
    }

    fn unsettled(&self) -> impl Iterator<Item = &Transaction> {
        self.unsettled.iter().map(|number| self.transaction(*number))
    }

    fn transaction(&self, number: u64) -> &Transaction {
        let index = usize::try_from(number).expect("it was made from an index");
        &self.transactions[index]
    }

    fn transaction_mut(&mut self, number: u64) -> &mut Transaction {
        let index = usize::try_from(number).expect("it was made from an index");
        &mut self.transactions[index]
    }

    fn is_aborted(&self, number: u64) -> bool {
        self.transaction(number).ending == Ending::Abort
    }

    fn slots(&self, topic: Topic, partition: u32) -> &[Slot] {
        self.partitions.get(&(topic, partition)).map_or(&[], Vec::as_slice)
    }
}
