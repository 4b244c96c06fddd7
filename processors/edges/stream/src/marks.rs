//! The offsets at which partitions begin and end: one question for each, however many partitions there are.

use crate::clock::Deadline;
use crate::failure::Failure;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::time::Duration;

/// The offsets of the first record and after the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watermarks {
    pub low: i64,
    pub high: i64,
}

impl Watermarks {
    /// Whether a record may be read from there, now or when the next one is written.
    pub(crate) fn contain(self, offset: i64) -> bool {
        (self.low..=self.high).contains(&offset)
    }
}

/// Waits until a new client knows the topic. A question for offsets from a client that is connected to no broker yet waits for a timer of a
/// second (librdkafka 2.12.1); this one waits for the connection.
pub(crate) fn connect<C: ConsumerContext>(client: &BaseConsumer<C>, topic: &str, timeout: Duration) -> Result<(), Failure> {
    let metadata = client.fetch_metadata(Some(topic), timeout);
    metadata.map(|_| ()).map_err(|error| Failure::of(&error))
}

/// A question to the brokers about partitions of a topic, which must differ.
pub(crate) struct Question<'q, C: ConsumerContext> {
    pub(crate) client: &'q BaseConsumer<C>,
    pub(crate) topic: &'q str,
    pub(crate) partitions: &'q [u32],
    pub(crate) timeout: Duration,
}

impl<C: ConsumerContext> Question<'_, C> {
    /// Both marks of each partition. What the end is depends on the client: that of what is committed, or that of the log.
    pub(crate) fn watermarks(&self) -> Result<BTreeMap<u32, Watermarks>, Failure> {
        // In this order: a log that is cut at its beginning in between does not seem to end before it begins.
        let (low, high) = (self.low()?, self.high()?);
        let marks = low.into_iter().zip(high.into_values());
        Ok(marks
            .map(|((partition, low), high)| (partition, Watermarks { low, high }))
            .collect())
    }

    pub(crate) fn low(&self) -> Result<BTreeMap<u32, i64>, Failure> {
        self.ask(Offset::Beginning)
    }

    pub(crate) fn high(&self) -> Result<BTreeMap<u32, i64>, Failure> {
        self.ask(Offset::End)
    }

    /// An answer for every partition. Asks again with fresh metadata where one is missing: librdkafka 2.12.1 takes leaders from its cache
    /// for this question, drops the refusal of one that is no leader any more, and does not look for the new one.
    fn ask(&self, end: Offset) -> Result<BTreeMap<u32, i64>, Failure> {
        let is_whole = |offsets: &BTreeMap<u32, i64>| offsets.len() == self.partitions.len();
        let deadline = Deadline::after(self.timeout);
        let asked = self.ask_cached(end, self.timeout);
        if asked.as_ref().is_ok_and(is_whole) {
            return asked;
        }
        connect(self.client, self.topic, deadline.left())?;
        let offsets = self.ask_cached(end, deadline.left())?;
        if is_whole(&offsets) {
            return Ok(offsets);
        }
        Err(Failure::of(&KafkaError::MetadataFetch(RDKafkaErrorCode::LeaderNotAvailable)))
    }

    /// What is answered for. The protocol knows both ends as timestamps (ListOffsets: -1 is the latest, -2 the earliest), as librdkafka
    /// numbers its logical offsets.
    fn ask_cached(&self, end: Offset, timeout: Duration) -> Result<BTreeMap<u32, i64>, Failure> {
        if self.partitions.is_empty() {
            return Ok(BTreeMap::new());
        }
        let failed = |error: KafkaError| Failure::of(&error);
        let mut list = TopicPartitionList::with_capacity(self.partitions.len());
        for partition in self.partitions {
            list.add_partition_offset(self.topic, partition.cast_signed(), end)
                .map_err(failed)?;
        }
        let found = self.client.offsets_for_times(list, timeout).map_err(failed)?;
        let mut offsets = BTreeMap::new();
        for element in found.elements() {
            element.error().map_err(failed)?;
            if let Offset::Offset(offset) = element.offset() {
                offsets.insert(element.partition().cast_unsigned(), offset);
            }
        }
        Ok(offsets)
    }
}
