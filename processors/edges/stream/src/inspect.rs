//! Looking at topics and at a group from outside, for those who audit them: every record with all its headers, whether it was
//! committed or aborted, and the group's offsets, now and in the past. Nothing here takes part in anything.

mod history;
mod open;
mod walk;

pub use history::{Entry, UnknownForm, history, offset_in, offsets_partition};
pub use open::OpenTransactions;
pub use walk::{Found, Walk};

use crate::Settings;
use crate::decided::Decided;
use crate::failure::Failure;
use crate::logging_context::LoggingContext;
use crate::offset_metadata::OffsetMetadata;
use crate::raw::{self, metadata};
use crate::reader::Watermarks;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::time::Duration;

/// Why a topic or a group could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InspectError {
    #[error("{what} could not be read: {failure}")]
    Kafka { what: String, failure: Failure },
    #[error("the id of topic {topic} could not be read: {reason}")]
    TopicId { topic: String, reason: String },
    #[error("{topic}/{partition} does not go on at offset {offset}, before its end at {end}: is a transaction open there?")]
    NoProgress {
        topic: String,
        partition: u32,
        offset: i64,
        end: i64,
    },
    #[error("{topic}/{partition} shows offset {offset} to readers of committed records only: was the log cut?")]
    Unwitnessed { topic: String, partition: u32, offset: i64 },
    #[error("entry {offset} of {topic}/{partition} is not in a form that is known here")]
    UnknownForm { topic: String, partition: u32, offset: i64 },
}

const ASK_WAIT_MAX: Duration = Duration::from_secs(20);

/// Looks at a cluster.
pub struct Inspector {
    settings: Settings,
    client: BaseConsumer<LoggingContext>,
}

impl Inspector {
    pub fn new(settings: &Settings) -> Result<Self, InspectError> {
        let client = LoggingContext::consumer(&settings.witness());
        Ok(Self {
            settings: settings.clone(),
            client: client.map_err(|error| failed("the cluster", &error))?,
        })
    }

    /// The first offset of a partition and the one after its last record, open transactions included.
    pub fn watermarks(&self, topic: &str, partition: u32) -> Result<Watermarks, InspectError> {
        let marks = self.client.fetch_watermarks(topic, partition.cast_signed(), ASK_WAIT_MAX);
        marks
            .map(|(low, high)| Watermarks { low, high })
            .map_err(|error| failed(topic, &error))
    }

    /// The id of a topic; `None` where there is none of that name.
    pub fn topic_id(&self, topic: &str) -> Result<Option<String>, InspectError> {
        let ids = raw::topic_ids(self.client.client(), &[topic], ASK_WAIT_MAX);
        let failed = |reason: String| InspectError::TopicId {
            topic: topic.to_owned(),
            reason,
        };
        Ok(ids.map_err(|error| failed(error.to_string()))?.into_iter().next().flatten())
    }

    /// A group whose offsets of one topic are to be looked at.
    pub fn group(&self, group: &str, topic: &str, partitions: u32) -> Result<Group, InspectError> {
        let mut config = self.settings.reader();
        config.set("group.id", group);
        Ok(Group {
            client: LoggingContext::consumer(&config).map_err(|error| failed(group, &error))?,
            group: group.to_owned(),
            topic: topic.to_owned(),
            partitions,
        })
    }

    /// The ids of a group's members. Static ones are in it until their session is over.
    pub fn members(&self, group: &str) -> Result<Vec<String>, InspectError> {
        let list = self
            .client
            .fetch_group_list(Some(group), ASK_WAIT_MAX)
            .map_err(|error| failed(group, &error))?;
        let members = list.groups().iter().flat_map(|group| group.members());
        Ok(members.map(|member| member.id().to_owned()).collect())
    }

    /// How many partitions a topic has now.
    pub fn partitions_of(&self, topic: &str) -> Result<u32, InspectError> {
        let metadata = self
            .client
            .fetch_metadata(Some(topic), ASK_WAIT_MAX)
            .map_err(|error| failed(topic, &error))?;
        let count = metadata.topics().first().map_or(0, |found| found.partitions().len());
        Ok(u32::try_from(count).unwrap_or(0))
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }
}

/// An offset that a group has committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupOffset {
    pub offset: i64,
    /// The transactional id in its metadata; empty where a tool has set the offset.
    pub owner: String,
    /// The last command that was decided before it, as its metadata says.
    pub last: Option<Decided>,
}

impl GroupOffset {
    /// With what its metadata says, which is whatever the one has written who has set it.
    pub fn read(offset: i64, metadata: &str) -> Self {
        let metadata = OffsetMetadata::read(metadata);
        Self {
            offset,
            owner: metadata.transactional_id,
            last: metadata.last,
        }
    }

    /// Whether it says how far this commands topic was decided: a processor, or a recovery, has signed it.
    pub fn is_of(&self, topic_id: &str) -> bool {
        !self.owner.is_empty() && self.last.as_ref().is_none_or(|last| last.topic_id == topic_id)
    }
}

/// A group from outside: looking at it adds no member.
pub struct Group {
    client: BaseConsumer<LoggingContext>,
    group: String,
    topic: String,
    partitions: u32,
}

impl Group {
    /// What the group has committed, with who has signed it, once no transaction that writes it is open any more.
    pub fn committed(&self) -> Result<BTreeMap<u32, GroupOffset>, InspectError> {
        let mut list = TopicPartitionList::new();
        for partition in 0..self.partitions {
            list.add_partition(&self.topic, partition.cast_signed());
        }
        let failed = |error| failed(&self.group, &error);
        let found = self.client.committed_offsets(list, ASK_WAIT_MAX).map_err(failed)?;
        let mut offsets = BTreeMap::new();
        for (element, metadata) in found.elements().iter().zip(metadata(&found)) {
            element.error().map_err(failed)?;
            if let Offset::Offset(offset) = element.offset() {
                offsets.insert(element.partition().cast_unsigned(), GroupOffset::read(offset, &metadata));
            }
        }
        Ok(offsets)
    }
}

fn failed(what: &str, error: &rdkafka::error::KafkaError) -> InspectError {
    InspectError::Kafka {
        what: what.to_owned(),
        failure: Failure::of(error),
    }
}
