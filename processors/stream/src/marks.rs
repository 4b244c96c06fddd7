//! The offsets at which partitions begin and end: one question for each, however many partitions there are.

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
    pub fn contain(self, offset: i64) -> bool {
        (self.low..=self.high).contains(&offset)
    }
}

/// Waits until a new client knows the topic. A question for offsets from a client that is connected to no broker yet waits for a timer of a
/// second (librdkafka 2.12.1); this one waits for the connection.
pub(crate) fn connect<C: ConsumerContext>(client: &BaseConsumer<C>, topic: &str, timeout: Duration) -> Result<(), Failure> {
    let metadata = client.fetch_metadata(Some(topic), timeout);
    metadata.map(|_| ()).map_err(|error| Failure::of(&error))
}

/// Both marks of each partition. What the end is depends on the client: that of what is committed, or that of the log.
pub(crate) fn watermarks<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    topic: &str,
    partitions: &[u32],
    timeout: Duration,
) -> Result<BTreeMap<u32, Watermarks>, Failure> {
    // In this order: a log that is cut at its beginning in between does not seem to end before it begins.
    let low = low_watermarks(client, topic, partitions, timeout)?;
    let high = high_watermarks(client, topic, partitions, timeout)?;
    let marks = |(partition, low): (u32, i64)| {
        Some((
            partition,
            Watermarks {
                low,
                high: *high.get(&partition)?,
            },
        ))
    };
    Ok(low.into_iter().filter_map(marks).collect())
}

pub(crate) fn low_watermarks<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    topic: &str,
    partitions: &[u32],
    timeout: Duration,
) -> Result<BTreeMap<u32, i64>, Failure> {
    ask(client, topic, partitions, Offset::Beginning, timeout)
}

pub(crate) fn high_watermarks<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    topic: &str,
    partitions: &[u32],
    timeout: Duration,
) -> Result<BTreeMap<u32, i64>, Failure> {
    ask(client, topic, partitions, Offset::End, timeout)
}

/// Asks again with fresh metadata where a partition was not answered for: librdkafka 2.12.1 takes leaders from its cache for this question,
/// drops the refusal of one that is no leader any more, and does not look for the new one.
fn ask<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    topic: &str,
    partitions: &[u32],
    end: Offset,
    timeout: Duration,
) -> Result<BTreeMap<u32, i64>, Failure> {
    let asked = ask_cached(client, topic, partitions, end, timeout);
    if asked.as_ref().is_ok_and(|offsets| offsets.len() == partitions.len()) {
        return asked;
    }
    connect(client, topic, timeout)?;
    let offsets = ask_cached(client, topic, partitions, end, timeout)?;
    if offsets.len() == partitions.len() {
        return Ok(offsets);
    }
    Err(Failure::of(&KafkaError::MetadataFetch(RDKafkaErrorCode::LeaderNotAvailable)))
}

/// What is answered for; the partitions must differ. The protocol knows both ends as timestamps (ListOffsets: -1 is the latest, -2 the earliest), as librdkafka numbers its logical offsets.
fn ask_cached<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    topic: &str,
    partitions: &[u32],
    end: Offset,
    timeout: Duration,
) -> Result<BTreeMap<u32, i64>, Failure> {
    if partitions.is_empty() {
        return Ok(BTreeMap::new());
    }
    let failed = |error: KafkaError| Failure::of(&error);
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for partition in partitions {
        list.add_partition_offset(topic, partition.cast_signed(), end).map_err(failed)?;
    }
    let found = client.offsets_for_times(list, timeout).map_err(failed)?;
    let mut offsets = BTreeMap::new();
    for element in found.elements() {
        element.error().map_err(failed)?;
        if let Offset::Offset(offset) = element.offset() {
            offsets.insert(element.partition().cast_unsigned(), offset);
        }
    }
    Ok(offsets)
}
