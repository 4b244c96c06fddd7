//! The member of the group.

mod claiming;

use super::{Configuration, End, ProcessorError};
use crate::Settings;
use crate::advice::advice;
use crate::clock::{self, Deadline};
use crate::committed::{Committed, committed};
use crate::failure::{Failure, is_transient, is_unreadable};
use crate::logging_context::LoggingContext;
use crate::marks;
use crate::raw::seen_end;
use rdkafka::bindings::rd_kafka_resp_err_t;
use rdkafka::client::ClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::CString;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use topology::Topology;

/// Moving the fetchers of all partitions; and between two tries for one that is not started yet.
const SEEK_WAIT_MAX: Duration = Duration::from_secs(2);
const SEEK_PAUSE: Duration = Duration::from_millis(5);
/// Where nothing is fetched, the client's main thread is woken so often.
const WAKE_EVERY: Duration = Duration::from_millis(50);

/// What the group has decided about this member, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    Assigned(Vec<u32>),
    Revoked,
}

/// Notes what the group decides; the loop acts on it between transactions.
///
/// An assignment is accepted with nothing to fetch: fetching begins at offsets of our own once the partitions' state is restored.
#[derive(Debug, Default)]
pub(crate) struct GroupContext {
    changes: Mutex<Vec<Change>>,
    /// What is owned at this moment, as the last callback said.
    owned: Mutex<BTreeSet<u32>>,
    /// What is being fetched, or paused.
    assigned: Mutex<BTreeSet<u32>>,
    poll_gaps: AtomicU64,
    logging: LoggingContext,
}

impl ClientContext for GroupContext {
    fn error(&self, error: KafkaError, reason: &str) {
        self.logging.error(error, reason);
    }
}

impl ConsumerContext for GroupContext {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, event: rd_kafka_resp_err_t, partitions: &mut TopicPartitionList) {
        let change = match event {
            rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => {
                if let Err(error) = consumer.assign(&TopicPartitionList::new()) {
                    tracing::error!(%error, "an assignment could not be accepted");
                }
                Change::Assigned(
                    partitions
                        .elements()
                        .iter()
                        .map(|element| element.partition().cast_unsigned())
                        .collect(),
                )
            }
            _ => {
                if let Err(error) = consumer.unassign() {
                    tracing::error!(%error, "a revocation could not be accepted");
                }
                Change::Revoked
            }
        };
        lock(&self.assigned).clear();
        *lock(&self.owned) = match &change {
            Change::Assigned(partitions) => partitions.iter().copied().collect(),
            Change::Revoked => BTreeSet::new(),
        };
        lock(&self.changes).push(change);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a poll brought.
pub(crate) enum Polled<'c> {
    Nothing,
    Message(BorrowedMessage<'c>),
    /// The client is of no use any more, and says so from now on.
    Over(End),
}

/// The member of the group.
pub(crate) struct GroupConsumer {
    pub(crate) client: BaseConsumer<GroupContext>,
    commands: String,
    /// The same for the C interface.
    commands_c: CString,
    over: RefCell<Option<End>>,
    /// A batch of records could not be read, in some partition.
    unreadable: Cell<bool>,
    /// Why the broker gives no commands, until it gives some. The client says so once for each partition, and asks again by itself.
    denied: RefCell<Option<String>>,
    woken: Cell<Deadline>,
    /// By partition of which everything was consumed: the end of its log at that moment. Between the last command and that end there are only
    /// control records and aborted ones.
    drained: RefCell<BTreeMap<u32, i64>>,
}

impl GroupConsumer {
    pub(crate) fn new(settings: &Settings, configuration: &Configuration, topology: &Topology) -> Result<Self, ProcessorError> {
        let config = settings.group_consumer(&configuration.group, &configuration.instance_id);
        let client: BaseConsumer<GroupContext> = config
            .create_with_context(GroupContext::default())
            .map_err(|error| ProcessorError::Client(Failure::of(&error)))?;
        client.context().logging.watch(client.client(), &config);
        let commands = topology.topics.commands.name.clone();
        client
            .subscribe(&[&commands])
            .map_err(|error| ProcessorError::Client(Failure::of(&error)))?;
        Ok(Self {
            client,
            commands_c: CString::new(commands.as_str()).unwrap_or_default(),
            commands,
            over: RefCell::new(None),
            unreadable: Cell::new(false),
            denied: RefCell::new(None),
            woken: Cell::new(Deadline::after(Duration::ZERO)),
            drained: RefCell::new(BTreeMap::new()),
        })
    }

    /// Gives everything back, and leaves the group once a poll has served the revocation.
    pub(crate) fn unsubscribe(&self) {
        self.client.unsubscribe();
    }

    /// Waits until the client has a connection, and has it ask for the group's coordinator over it at once.
    pub(crate) fn connect(&self, timeout: Duration) -> Result<(), Failure> {
        marks::connect(&self.client, &self.commands, timeout)?;
        self.wake();
        Ok(())
    }

    /// Has the client's main thread look at what it has to do. It looks when it is asked something, and by itself only every second
    /// (librdkafka 2.12.1, `rd_kafka_thread_main`): a question for the coordinator that found no connection, and a heartbeat that is due, wait
    /// for that. What it is asked for here is of no interest.
    fn wake(&self) {
        let _assigned = self.client.assignment();
        self.woken.set(Deadline::after(WAKE_EVERY));
    }

    /// Serves the group during something else; `false` where that has to end, because the group changes or the process is to stop. What is
    /// fetched meanwhile is fetched again later.
    pub(super) fn keep_alive(&self, wait: Duration, stop: &dyn Fn(Duration) -> bool) -> bool {
        let is_over = matches!(self.poll(wait), Polled::Over(_));
        !is_over && !self.has_changes() && !stop(Duration::ZERO)
    }

    pub(crate) fn poll(&self, wait: Duration) -> Polled<'_> {
        if let Some(end) = &*self.over.borrow() {
            return Polled::Over(end.clone());
        }
        let deadline = Deadline::after(wait);
        let end = loop {
            match self.client.poll(deadline.left()) {
                None => {
                    if self.woken.get().is_over() {
                        self.wake();
                    }
                    return Polled::Nothing;
                }
                Some(Ok(message)) => {
                    self.denied.take();
                    self.drained.borrow_mut().remove(&message.partition().cast_unsigned());
                    return Polled::Message(message);
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    self.denied.take();
                    self.note_drained(partition.cast_unsigned());
                }
                Some(Err(error)) => break self.end_of(&error),
            }
        };
        match end {
            None => Polled::Nothing,
            Some(end) => {
                self.over.replace(Some(end.clone()));
                Polled::Over(end)
            }
        }
    }

    /// A record that was fetched after the end was reached, and is still queued, takes this back when it is polled.
    fn note_drained(&self, partition: u32) {
        if let Some(end) = seen_end(&self.client, &self.commands_c, partition) {
            self.drained.borrow_mut().insert(partition, end);
        }
    }

    /// Why the client is of no use any more, if it is. A call that fails for it need not say so, and may come before the poll that does.
    pub(crate) fn fatal_end(&self) -> Option<End> {
        let (code, reason) = self.client.client().fatal_error()?;
        Some(match code {
            RDKafkaErrorCode::FencedInstanceId => End::Taken,
            code => End::Renew(format!("{code}: {reason}")),
        })
    }

    /// What an error of the poll means; `None` where the client goes on by itself.
    fn end_of(&self, error: &KafkaError) -> Option<End> {
        let fatal = self.fatal_end();
        if fatal.is_some() {
            return fatal;
        }
        match error.rdkafka_error_code() {
            Some(code) if is_transient(code) => None,
            Some(code) if is_unreadable(code) => {
                self.unreadable.set(true);
                None
            }
            Some(RDKafkaErrorCode::PollExceeded) => {
                tracing::warn!("the group was not served in time and has given the partitions away");
                self.client.context().poll_gaps.fetch_add(1, Ordering::Relaxed);
                None
            }
            Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange) => {
                Some(End::Renew(format!("{} no longer holds the next command: {error}", self.commands)))
            }
            code => {
                if code == Some(RDKafkaErrorCode::TopicAuthorizationFailed) {
                    self.denied
                        .replace(Some(format!("{} cannot be read: {}", self.commands, Failure::of(error))));
                }
                self.client.context().logging.note(error, "");
                tracing::warn!(%error, advice = error.rdkafka_error_code().and_then(advice), "the poll reports an error");
                None
            }
        }
    }

    /// Why the broker gives no commands at the moment.
    pub(crate) fn denied(&self) -> Option<String> {
        self.denied.borrow().clone()
    }

    /// The last error that the client reported within this time, with what to do about it.
    pub(crate) fn last_error(&self, within: Duration) -> Option<String> {
        self.client.context().logging.last_error(within)
    }

    /// Whether a broker could not be reached within this time.
    pub(crate) fn was_unreachable(&self, within: Duration) -> bool {
        self.client.context().logging.was_unreachable(within)
    }

    /// Whether a batch could not be read since the last call. The client does not say in which partition, and tries it again and again.
    pub(crate) fn take_unreadable(&self) -> bool {
        self.unreadable.take()
    }

    pub(crate) fn take_changes(&self) -> Vec<Change> {
        std::mem::take(&mut *lock(&self.client.context().changes))
    }

    pub(crate) fn has_changes(&self) -> bool {
        !lock(&self.client.context().changes).is_empty()
    }

    /// Whether the group has given all of these partitions to this member, and has not spoken since the loop has listened: one that was
    /// taken back and given again is another owner's in between.
    pub(crate) fn owns<'p>(&self, mut partitions: impl Iterator<Item = &'p u32>) -> bool {
        let owned = lock(&self.client.context().owned);
        partitions.all(|partition| owned.contains(partition)) && !self.has_changes()
    }

    /// How many offsets lie between the next command to decide and the end of its partition, as far as was seen; 0 where only control records
    /// and aborted ones lie between.
    pub(crate) fn lag(&self, partition: u32, next_command_offset: i64) -> Option<i64> {
        let end = seen_end(&self.client, &self.commands_c, partition)?;
        if self.drained.borrow().get(&partition) == Some(&end) {
            return Some(0);
        }
        Some((end - next_command_offset).max(0))
    }

    /// How often the group was not served in time, since the last call.
    pub(crate) fn take_poll_gaps(&self) -> u64 {
        self.client.context().poll_gaps.swap(0, Ordering::Relaxed)
    }

    /// Fetches these partitions, and no others, from these offsets on. What was fetched before is dropped.
    ///
    /// Partitions that are assigned already are sought and never assigned again: librdkafka 2.12.1 stops the fetcher of a partition for every
    /// change of the assignment, and asserts (rd_kafka_assignment_partition_stopped) where a second stop is sent before the first is answered.
    pub(crate) fn fetch_from(&self, offsets: &BTreeMap<u32, i64>) -> Result<(), Failure> {
        self.drained.borrow_mut().clear();
        let assigned: BTreeSet<u32> = lock(&self.client.context().assigned).clone();
        if assigned.is_empty() {
            let list = self.list(offsets)?;
            // librdkafka 2.12.1 keeps a partition paused over a revocation (`RD_KAFKA_TOPPAR_F_APP_PAUSE`): one that was paused when the group took it
            // back, and gave it again to this member, would never be fetched.
            self.client.resume(&list).map_err(|error| Failure::of(&error))?;
            self.client.assign(&list).map_err(|error| Failure::of(&error))?;
            *lock(&self.client.context().assigned) = offsets.keys().copied().collect();
            return Ok(());
        }
        let (wanted, others): (BTreeSet<u32>, BTreeSet<u32>) = assigned.iter().partition(|partition| offsets.contains_key(partition));
        self.pause(&others)?;
        if wanted.is_empty() {
            return Ok(());
        }
        self.seek(offsets)?;
        let list = self.list(&wanted.iter().map(|partition| (*partition, 0)).collect())?;
        self.client.resume(&list).map_err(|error| Failure::of(&error))
    }

    /// Fetches these partitions from these offsets on, too. They have been assigned and paused.
    pub(crate) fn fetch_also(&self, offsets: &BTreeMap<u32, i64>) -> Result<(), Failure> {
        self.seek(offsets)?;
        self.client.resume(&self.list(offsets)?).map_err(|error| Failure::of(&error))
    }

    /// Fetches nothing more of these partitions until they are fetched from somewhere again.
    pub(crate) fn pause(&self, partitions: &BTreeSet<u32>) -> Result<(), Failure> {
        let list = self.list(&partitions.iter().map(|partition| (*partition, 0)).collect())?;
        self.client.pause(&list).map_err(|error| Failure::of(&error))
    }

    /// A partition that has just been assigned may not be ready to be sought: that passes.
    fn seek(&self, offsets: &BTreeMap<u32, i64>) -> Result<(), Failure> {
        let deadline = Deadline::after(SEEK_WAIT_MAX);
        let mut left = offsets.clone();
        loop {
            let sought = self.client.seek_partitions(self.list(&left)?, SEEK_WAIT_MAX);
            let sought = sought.map_err(|error| Failure::of(&error))?;
            let mut failed = None;
            for element in sought.elements() {
                match element.error() {
                    Ok(()) => {
                        left.remove(&element.partition().cast_unsigned());
                    }
                    Err(error) => failed = Some(Failure::of(&error)),
                }
            }
            match failed {
                None => return Ok(()),
                Some(failure) if deadline.is_over() => return Err(failure),
                Some(_) => clock::rest(SEEK_PAUSE),
            }
        }
    }

    /// The group's committed offsets, once no transaction that writes them is open any more. Partitions without one are left out.
    pub(crate) fn stable_offsets(&self, partitions: &[u32], timeout: Duration) -> Result<BTreeMap<u32, Committed>, Failure> {
        committed(&self.client, &self.commands, partitions, timeout)
    }

    fn list(&self, offsets: &BTreeMap<u32, i64>) -> Result<TopicPartitionList, Failure> {
        let mut list = TopicPartitionList::with_capacity(offsets.len());
        for (partition, offset) in offsets {
            let mut element = list.add_partition(&self.commands, partition.cast_signed());
            element.set_offset(Offset::Offset(*offset)).map_err(|error| Failure::of(&error))?;
        }
        Ok(list)
    }

    /// The offsets with their metadata, as the client takes them.
    pub(crate) fn signed(&self, offsets: &BTreeMap<u32, Committed>) -> Result<TopicPartitionList, Failure> {
        let mut list = TopicPartitionList::with_capacity(offsets.len());
        for (partition, committed) in offsets {
            let mut element = list.add_partition(&self.commands, partition.cast_signed());
            let offset = Offset::Offset(committed.offset);
            element.set_offset(offset).map_err(|error| Failure::of(&error))?;
            element.set_metadata(committed.metadata.to_string());
        }
        Ok(list)
    }
}
