//! The topics: their names, shapes, writers and readers, as data. Pure.
//!
//! `topology.toml` is the one place that names them. Processes compare it with the live topics ([`differences`]); `aerolog topics`
//! creates them from it; [`describe`] shows it.
#![deny(clippy::wildcard_enum_match_arm)]

pub mod acls;
mod compare;
pub mod describe;
mod facts;
pub mod headers;
mod parse;
mod partitioner;

pub use compare::{Difference, LiveTopic, Replication, Severity, TIMESTAMP_BOUND_MS, differences, in_sync_wanted, replicas_wanted};
pub use facts::{Begun, Fact, FactError, Facts};
pub use parse::TopologyError;
pub use partitioner::partition_of;

use serde::Deserialize;

/// Five topics, and the processes around them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topology {
    /// What the names of its topics and of the processors' group begin with.
    #[serde(skip)]
    prefix: String,
    /// Of commands, events and outcomes.
    pub partitions: u32,
    pub topics: Topics,
}

/// In the order in which data flows.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topics {
    pub commands: Topic,
    pub events: Topic,
    pub outcomes: Topic,
    pub dead_letters: Topic,
    pub metadata: Topic,
}

/// The largest message that a client of ours sends: a dead letter with its headers. No topic takes a larger one.
pub const MESSAGE_BYTES_MAX: u32 = 2 << 20;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    pub name: String,
    pub purpose: String,
    pub key: String,
    /// Only where it is not the topology's number.
    pub partitions: Option<u32>,
    pub cleanup: Cleanup,
    /// -1 is forever.
    pub retention_ms: i64,
    pub timestamp: Timestamp,
    pub message_bytes_max: u32,
    pub writers: Vec<String>,
    pub readers: Vec<String>,
}

/// Kafka's `cleanup.policy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cleanup {
    Delete,
    Compact,
}

impl Cleanup {
    pub fn name(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Compact => "compact",
        }
    }
}

/// Kafka's `message.timestamp.type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Timestamp {
    CreateTime,
    LogAppendTime,
}

impl Timestamp {
    pub fn name(self) -> &'static str {
        match self {
            Self::CreateTime => "CreateTime",
            Self::LogAppendTime => "LogAppendTime",
        }
    }
}

impl Topology {
    /// What the names of its topics begin with, before a dot.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The consumer group of its command processors, which is also how their transactional ids begin.
    pub fn processors_group(&self) -> String {
        format!("{}-command-processor", self.prefix)
    }

    /// All topics, in the order in which data flows.
    pub fn topics(&self) -> [&Topic; 5] {
        let Topics {
            commands,
            events,
            outcomes,
            dead_letters,
            metadata,
        } = &self.topics;
        [commands, events, outcomes, dead_letters, metadata]
    }

    /// The same topics of a log that was begun with this number of partitions.
    pub fn with_partitions(self, partitions: u32) -> Self {
        Self { partitions, ..self }
    }

    /// How many partitions a topic has.
    pub fn partitions_of(&self, topic: &Topic) -> u32 {
        topic.partitions.unwrap_or(self.partitions)
    }
}

#[cfg(test)]
mod tests;
