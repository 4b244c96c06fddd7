//! Reading partitions of one topic from positions of one's own, without any group. Only committed records are seen.

use crate::Settings;
use crate::clock;
use crate::failure::{Failure, is_transient};
use crate::logging_context::LoggingContext;
pub use crate::marks::Watermarks;
use crate::marks::{self, Question};
use crate::raw::{self, Headers, TopicIdsError};
use crate::read_stall::{READ_STALL_MAX, ReadStall};
use decider::{SCHEMA_FINGERPRINT, schema_fingerprint};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A group-less reader of one topic.
pub struct Reader {
    config: ClientConfig,
    consumer: BaseConsumer<LoggingContext>,
    topic: String,
    next: BTreeMap<u32, i64>,
    /// Partitions of which no more is wanted.
    paused: BTreeSet<u32>,
    /// One that reads nothing, and is asked where the log ends.
    asking: Option<Box<Reader>>,
    read_stall: ReadStall,
}

/// One record as it lies in the client's memory.
pub struct Record<'r> {
    pub partition: u32,
    pub offset: i64,
    /// Milliseconds since the epoch, as the topic's timestamp type says.
    pub timestamp_ms: i64,
    pub key: Option<&'r [u8]>,
    pub value: Option<&'r [u8]>,
    message: &'r BorrowedMessage<'r>,
}

impl<'r> Record<'r> {
    fn of(message: &'r BorrowedMessage<'r>) -> Self {
        Self {
            partition: message.partition().cast_unsigned(),
            offset: message.offset(),
            timestamp_ms: message.timestamp().to_millis().unwrap_or(0),
            key: message.key(),
            value: message.payload(),
            message,
        }
    }

    /// The fingerprint of the value's schema, where the record says it.
    pub fn schema_fingerprint(&self) -> Option<u64> {
        self.header(SCHEMA_FINGERPRINT).and_then(schema_fingerprint)
    }

    /// The last header of that name.
    pub fn header(&self, name: &str) -> Option<&'r [u8]> {
        Headers::of(self.message).last(name)
    }

    /// All headers, in their order.
    pub fn headers(&self) -> impl Iterator<Item = (&'r [u8], Option<&'r [u8]>)> + use<'r> {
        Headers::of(self.message)
    }
}

/// What one poll has brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Polled {
    pub records: usize,
    /// Partitions whose end was reached since the last poll.
    pub ended: Vec<u32>,
}

/// Why a topic could not be read on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadFailure {
    #[error("topic {topic} could not be read: {failure}")]
    Kafka { topic: String, failure: Failure },
    #[error(
        "offset {offset} of {topic}/{partition} is not in the log, which holds {low} to {high}: records that were to be read are gone, \
         or the topic is not the one that was read before"
    )]
    OutOfRange {
        topic: String,
        partition: u32,
        offset: i64,
        low: i64,
        high: i64,
    },
    #[error(
        "partition {partition} of {topic} ends at offset {end}, and nothing has come from offset {offset} on for {} s",
        READ_STALL_MAX.as_secs()
    )]
    Unheard {
        topic: String,
        partition: u32,
        offset: i64,
        end: i64,
    },
}

impl ReadFailure {
    /// The cluster has no such topic, or not so many partitions of it.
    pub fn is_of_missing_topic(&self) -> bool {
        use RDKafkaErrorCode as Code;
        match self {
            Self::Kafka { failure, .. } => matches!(
                failure.code,
                Code::UnknownTopic | Code::UnknownTopicOrPartition | Code::UnknownPartition
            ),
            Self::OutOfRange { .. } | Self::Unheard { .. } => false,
        }
    }

    /// The cluster may be there again in a moment: nothing is wrong with what was read.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Kafka { failure, .. } => failure.retriable,
            Self::Unheard { .. } => true,
            Self::OutOfRange { .. } => false,
        }
    }
}

impl Reader {
    /// A reader that is assigned nothing yet.
    pub fn new(settings: &Settings, topic: &str) -> Result<Self, ReadFailure> {
        Self::configured(&settings.turn_taking_reader(), topic)
    }

    /// One that notices sooner that an end was reached, and asks the brokers more often for that.
    pub(crate) fn impatient(settings: &Settings, topic: &str) -> Result<Self, ReadFailure> {
        Self::configured(&settings.impatient_reader(), topic)
    }

    pub(crate) fn configured(config: &ClientConfig, topic: &str) -> Result<Self, ReadFailure> {
        let consumer = LoggingContext::consumer(config).map_err(|error| kafka(topic, &error))?;
        Ok(Self {
            config: config.clone(),
            consumer,
            topic: topic.to_owned(),
            next: BTreeMap::new(),
            paused: BTreeSet::new(),
            asking: None,
            read_stall: ReadStall::default(),
        })
    }

    /// Goes on from these offsets, and reads these partitions only. Each offset must be in the log or at its end. Returns what the log holds.
    pub fn assign(&mut self, from: &BTreeMap<u32, i64>, timeout: Duration) -> Result<BTreeMap<u32, Watermarks>, ReadFailure> {
        self.connect(timeout)?;
        let partitions: Vec<u32> = from.keys().copied().collect();
        let marks = self.all_watermarks(&partitions, timeout)?;
        for ((partition, offset), marks) in from.iter().zip(marks.values()) {
            if !marks.contain(*offset) {
                return Err(self.out_of_range(*partition, *offset, *marks));
            }
        }
        self.assign_unchecked(from)?;
        Ok(marks)
    }

    /// Goes on from what is not committed yet: from the ends of partitions 0 to `partitions` as they are now.
    pub fn assign_ends(&mut self, partitions: u32, timeout: Duration) -> Result<(), ReadFailure> {
        let partitions: Vec<u32> = (0..partitions).collect();
        let ends = self.ends(&partitions, timeout)?;
        self.assign_unchecked(&ends)
    }

    /// Goes on from so many offsets before the ends of partitions 0 to `partitions`, or from their beginnings where they hold less.
    pub fn assign_newest(&mut self, partitions: u32, offsets_max: i64, timeout: Duration) -> Result<(), ReadFailure> {
        let partitions: Vec<u32> = (0..partitions).collect();
        self.connect(timeout)?;
        let marks = self.all_watermarks(&partitions, timeout)?;
        let from = marks
            .into_iter()
            .map(|(partition, Watermarks { low, high })| (partition, low.max(high.saturating_sub(offsets_max))));
        self.assign_unchecked(&from.collect())
    }

    /// The same where the caller knows that the offsets are in the log.
    pub(crate) fn assign_unchecked(&mut self, from: &BTreeMap<u32, i64>) -> Result<(), ReadFailure> {
        let mut list = TopicPartitionList::with_capacity(from.len());
        for (partition, offset) in from {
            let added = list.add_partition_offset(&self.topic, partition.cast_signed(), Offset::Offset(*offset));
            added.map_err(|error| kafka(&self.topic, &error))?;
        }
        self.consumer.assign(&list).map_err(|error| kafka(&self.topic, &error))?;
        self.next = from.clone();
        self.paused.clear();
        self.read_stall = ReadStall::default();
        Ok(())
    }

    /// The log's range in which everything is committed or aborted.
    pub fn watermarks(&self, partition: u32, timeout: Duration) -> Result<Watermarks, ReadFailure> {
        let marks = self.consumer.fetch_watermarks(&self.topic, partition.cast_signed(), timeout);
        marks
            .map(|(low, high)| Watermarks { low, high })
            .map_err(|error| kafka(&self.topic, &error))
    }

    /// The same of several partitions at once.
    pub fn all_watermarks(&self, partitions: &[u32], timeout: Duration) -> Result<BTreeMap<u32, Watermarks>, ReadFailure> {
        self.question(partitions, timeout)
            .watermarks()
            .map_err(|failure| self.failed(failure))
    }

    /// The id of a topic; `None` where there is none of that name.
    pub(crate) fn topic_id(&self, topic: &str, timeout: Duration) -> Result<Option<String>, TopicIdsError> {
        let ids = raw::topic_ids(self.consumer.client(), &[topic], timeout)?;
        Ok(ids.into_iter().next().flatten())
    }

    /// Waits until the topic's brokers are known.
    pub(crate) fn connect(&self, timeout: Duration) -> Result<(), ReadFailure> {
        marks::connect(&self.consumer, &self.topic, timeout).map_err(|failure| self.failed(failure))
    }

    /// How many partitions the topic has now.
    pub fn partitions(&self, timeout: Duration) -> Result<u32, ReadFailure> {
        let metadata = self.consumer.fetch_metadata(Some(&self.topic), timeout);
        let metadata = metadata.map_err(|error| kafka(&self.topic, &error))?;
        let count = metadata.topics().first().map_or(0, |found| found.partitions().len());
        Ok(u32::try_from(count).unwrap_or(0))
    }

    /// Where what is committed or aborted ends.
    pub fn ends(&self, partitions: &[u32], timeout: Duration) -> Result<BTreeMap<u32, i64>, ReadFailure> {
        self.question(partitions, timeout).high().map_err(|failure| self.failed(failure))
    }

    /// The ends of all partitions that are read; an error where one lies before what was read already, or where the log holds more and
    /// nothing of it has come for `READ_STALL_MAX`.
    ///
    /// Asked over connections of its own: a broker answers what comes on one in order, and this reader's hold a request for records that waits
    /// for some to come.
    pub fn checked_ends(&mut self, timeout: Duration) -> Result<BTreeMap<u32, i64>, ReadFailure> {
        let partitions: Vec<u32> = self.next.keys().copied().collect();
        let asked = self.asking.as_ref().map(|asking| asking.all_watermarks(&partitions, timeout));
        let marks = match asked {
            Some(Ok(marks)) => marks,
            // A leader does not answer a client that knows of a later epoch than its own: it answers one that knows of none.
            Some(Err(_)) | None => {
                let asking = Self::configured(&self.config, &self.topic)?;
                asking.connect(timeout)?;
                let marks = asking.all_watermarks(&partitions, timeout)?;
                self.asking = Some(Box::new(asking));
                marks
            }
        };
        let mut ends = BTreeMap::new();
        for (partition, marks) in marks {
            ends.insert(partition, marks.high);
            let offset = self.next_offset(partition).unwrap_or(0);
            if marks.high < offset {
                return Err(self.out_of_range(partition, offset, marks));
            }
        }
        let behind = self.behind(&ends);
        if self.read_stall.lasts(clock::now(), behind.is_some())
            && let Some((partition, offset, end)) = behind
        {
            return Err(ReadFailure::Unheard {
                topic: self.topic.clone(),
                partition,
                offset,
                end,
            });
        }
        Ok(ends)
    }

    /// A partition of which not all was read, how far it was, and where it ends. The client's own position counts, too: it passes the
    /// markers of transactions, which are never handed out and which an isolated event is always followed by.
    fn behind(&self, ends: &BTreeMap<u32, i64>) -> Option<(u32, i64, i64)> {
        let positions = self.consumer.position().unwrap_or_default();
        ends.iter().find_map(|(partition, end)| {
            let position = positions.find_partition(&self.topic, partition.cast_signed());
            let position = position.and_then(|position| position.offset().to_raw()).unwrap_or(0);
            let reached = position.max(self.next_offset(*partition).unwrap_or(0));
            (reached < *end).then_some((*partition, reached, *end))
        })
    }

    fn question<'q>(&'q self, partitions: &'q [u32], timeout: Duration) -> Question<'q, LoggingContext> {
        Question {
            client: &self.consumer,
            topic: &self.topic,
            partitions,
            timeout,
        }
    }

    fn out_of_range(&self, partition: u32, offset: i64, Watermarks { low, high }: Watermarks) -> ReadFailure {
        ReadFailure::OutOfRange {
            topic: self.topic.clone(),
            partition,
            offset,
            low,
            high,
        }
    }

    fn failed(&self, failure: Failure) -> ReadFailure {
        let topic = self.topic.clone();
        ReadFailure::Kafka { topic, failure }
    }

    /// Reads nothing any more, and stays connected. Every partition must have brought a record or its end since it was assigned: see
    /// [`crate::processor`]'s consumer for what librdkafka makes of two changes in a row.
    pub(crate) fn release(&mut self) -> Result<(), ReadFailure> {
        self.next.clear();
        self.consumer.unassign().map_err(|error| kafka(&self.topic, &error))
    }

    /// Reads no more of a partition, for as long as this assignment lasts.
    pub fn pause(&mut self, partition: u32) -> Result<(), ReadFailure> {
        let mut list = TopicPartitionList::with_capacity(1);
        list.add_partition(&self.topic, partition.cast_signed());
        self.consumer.pause(&list).map_err(|error| kafka(&self.topic, &error))?;
        self.next.remove(&partition);
        self.paused.insert(partition);
        Ok(())
    }

    /// Waits up to `wait` for a first record, then takes what is there, up to `records_max`.
    pub fn poll(&mut self, records_max: usize, wait: Duration, mut visit: impl FnMut(&Record<'_>)) -> Result<Polled, ReadFailure> {
        let mut polled = Polled::default();
        let mut patience = wait;
        while polled.records < records_max {
            match self.consumer.poll(patience) {
                None => break,
                Some(Ok(message)) => {
                    let record = Record::of(&message);
                    // It may have come before the pause.
                    if self.paused.contains(&record.partition) {
                        continue;
                    }
                    visit(&record);
                    self.next.insert(record.partition, record.offset + 1);
                    polled.records += 1;
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => polled.ended.push(partition.cast_unsigned()),
                Some(Err(KafkaError::MessageConsumption(code))) if is_transient(code) => {}
                Some(Err(error)) => return Err(self.explain(&error)),
            }
            patience = Duration::ZERO;
        }
        if polled != Polled::default() {
            self.read_stall.broken();
        }
        Ok(polled)
    }

    /// The offset after the last record that was read of a partition.
    pub fn next_offset(&self, partition: u32) -> Option<i64> {
        self.next.get(&partition).copied()
    }

    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// An offset that the log does not have comes without its partition: finds out which it was.
    fn explain(&self, error: &KafkaError) -> ReadFailure {
        let out_of_range = matches!(
            error.rdkafka_error_code(),
            Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange)
        );
        if out_of_range {
            for (partition, offset) in &self.next {
                if let Ok(marks) = self.watermarks(*partition, EXPLAIN_WAIT_MAX)
                    && !marks.contain(*offset)
                {
                    return self.out_of_range(*partition, *offset, marks);
                }
            }
        }
        kafka(&self.topic, error)
    }
}

const EXPLAIN_WAIT_MAX: Duration = Duration::from_secs(2);

fn kafka(topic: &str, error: &KafkaError) -> ReadFailure {
    ReadFailure::Kafka {
        topic: topic.to_owned(),
        failure: Failure::of(error),
    }
}
