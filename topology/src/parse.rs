//! Reading a topology from its text, and refusing one that could not work.

use crate::{Cleanup, MESSAGE_BYTES_MAX, Timestamp, Topic, Topics, Topology};

const SHIPPED: &str = include_str!("../topology.toml");

const PREFIX_BYTES_MAX: usize = 100;
pub(crate) const PARTITIONS_MAX: u32 = 1000;
/// Kafka's `segment.ms`: so long it may write to one segment of a topic, which it deletes as a whole.
const SEGMENT_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// Why a text is no topology.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TopologyError {
    #[error("the topology cannot be read: {0}")]
    Syntax(String),
    #[error("the topology cannot work: {0}")]
    Invalid(String),
}

impl Topology {
    /// The topics of `topology.toml` under a prefix, so that several logs live in one cluster: `night.commands` for the prefix `night`.
    /// `partitions` overrides the number in the file.
    ///
    /// # Errors
    /// [`TopologyError::Invalid`] where no topics can have that prefix, or there cannot be so many partitions.
    pub fn with_prefix(prefix: &str, partitions: Option<u32>) -> Result<Self, TopologyError> {
        Self::parse(SHIPPED, prefix, partitions)
    }

    /// A topology from TOML, checked. The names of topics in the text have no prefix.
    ///
    /// # Errors
    /// [`TopologyError`] where the text is none, or one that could not work.
    pub fn parse(text: &str, prefix: &str, partitions: Option<u32>) -> Result<Self, TopologyError> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=PREFIX_BYTES_MAX).contains(&prefix.len()) || !prefix.bytes().all(plain) {
            return Err(TopologyError::Invalid(format!(
                "the topic prefix {prefix:?}; 1 to {PREFIX_BYTES_MAX} small letters, digits and hyphens are possible"
            )));
        }
        let mut topology: Self = toml::from_str(text).map_err(|error| TopologyError::Syntax(error.to_string()))?;
        topology.partitions = partitions.unwrap_or(topology.partitions);
        prefix.clone_into(&mut topology.prefix);
        let Topics {
            commands,
            events,
            outcomes,
            dead_letters,
            metadata,
        } = &mut topology.topics;
        for topic in [commands, events, outcomes, dead_letters, metadata] {
            topic.name = format!("{prefix}.{}", topic.name);
        }
        match topology.problem() {
            None => Ok(topology),
            Some(problem) => Err(TopologyError::Invalid(problem)),
        }
    }

    fn problem(&self) -> Option<String> {
        if !(1..=PARTITIONS_MAX).contains(&self.partitions) {
            return Some(format!("{} partitions; 1 to {PARTITIONS_MAX} are possible", self.partitions));
        }
        let topics = &self.topics;
        for topic in [&topics.commands, &topics.events, &topics.outcomes] {
            if topic.partitions.is_some() {
                return Some(format!(
                    "{} has its own number of partitions; commands, events and outcomes share one",
                    topic.name
                ));
            }
        }
        if topics.dead_letters.partitions == Some(0) {
            return Some(format!("{} has no partitions", topics.dead_letters.name));
        }
        let mut names: Vec<_> = self.topics().map(|topic| topic.name.as_str()).to_vec();
        names.sort_unstable();
        names.dedup();
        if names.len() < self.topics().len() || names.iter().any(|name| name.ends_with('.')) {
            return Some("the five topics need five names".to_owned());
        }
        let metadata = &topics.metadata;
        if metadata.partitions != Some(1) {
            return Some(format!(
                "{} must have one partition: the first record of a kind counts",
                metadata.name
            ));
        }
        for topic in [&topics.events, &topics.outcomes] {
            if topic.writers.len() != 1 {
                return Some(format!(
                    "{} has the writers {:?}; one processor decides, and only it writes",
                    topic.name, topic.writers
                ));
            }
        }
        for topic in [&topics.events, &topics.metadata] {
            if topic.cleanup != Cleanup::Delete || topic.retention_ms != -1 {
                return Some(format!("{} must keep everything: cleanup delete, retention_ms -1", topic.name));
            }
        }
        if topics.commands.timestamp != Timestamp::LogAppendTime {
            return Some(format!(
                "{} must have the timestamp LogAppendTime: it is the time of the decision",
                topics.commands.name
            ));
        }
        if topics.outcomes.timestamp != Timestamp::CreateTime {
            return Some(format!(
                "{} must have the timestamp CreateTime: it is the time of the decision",
                topics.outcomes.name
            ));
        }
        if let Some(topic) = self.topics().iter().find(|topic| topic.message_bytes_max > MESSAGE_BYTES_MAX) {
            return Some(format!(
                "{} takes messages of {} bytes; no client sends more than {MESSAGE_BYTES_MAX}",
                topic.name, topic.message_bytes_max
            ));
        }
        if topics.dead_letters.message_bytes_max <= topics.commands.message_bytes_max {
            return Some(format!(
                "{} must take a larger message than {}",
                topics.dead_letters.name, topics.commands.name
            ));
        }
        self.problem_of_retention()
    }

    fn problem_of_retention(&self) -> Option<String> {
        let topics = &self.topics;
        if !outlives(&topics.outcomes, &topics.commands) {
            return Some(format!(
                "{} must be kept for {SEGMENT_MS} ms longer than {}: an outcome is missed while its command is there",
                topics.outcomes.name, topics.commands.name
            ));
        }
        None
    }
}

/// Whether no record of a topic is deleted before one of another topic that is as old.
fn outlives(topic: &Topic, other: &Topic) -> bool {
    topic.retention_ms < 0 || other.retention_ms >= 0 && topic.retention_ms >= other.retention_ms.saturating_add(SEGMENT_MS)
}
