//! The offsets of a consumer group, with what processors write into their metadata.

use crate::failure::Failure;
use crate::offset_metadata::OffsetMetadata;
use crate::raw::metadata;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::time::Duration;

/// A committed offset with its metadata.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Committed {
    pub(crate) offset: i64,
    pub(crate) metadata: OffsetMetadata,
}

impl Committed {
    /// Whether a processor has committed it: an offset that a tool has set names no transactional id.
    pub(crate) fn has_owner(&self) -> bool {
        !self.metadata.transactional_id.is_empty()
    }
}

/// Asks the group's coordinator for the offsets that the client's group has committed.
pub(crate) fn committed<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    topic: &str,
    partitions: &[u32],
    timeout: Duration,
) -> Result<BTreeMap<u32, Committed>, Failure> {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for partition in partitions {
        list.add_partition(topic, partition.cast_signed());
    }
    let found = client.committed_offsets(list, timeout).map_err(|error| Failure::of(&error))?;
    let mut offsets = BTreeMap::new();
    for (element, metadata) in found.elements().iter().zip(metadata(&found)) {
        element.error().map_err(|error| Failure::of(&error))?;
        if let Offset::Offset(offset) = element.offset() {
            let metadata = OffsetMetadata::read(&metadata);
            let committed = Committed { offset, metadata };
            offsets.insert(element.partition().cast_unsigned(), committed);
        }
    }
    Ok(offsets)
}
