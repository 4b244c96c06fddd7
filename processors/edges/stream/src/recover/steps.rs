//! The steps: losses are put on record, then the group's offsets are set.

use super::{InspectError, LOST_COMMANDS, Loss, RECOVERY, RECOVERY_OWNER, ReadFailure, Step};
use crate::committed::Committed;
use crate::failure::Failure;
use crate::logging_context::LoggingContext;
use crate::offset_metadata::OffsetMetadata;
use crate::processor::ProcessorError;
use crate::processor::group_inspector::GroupInspector;
use crate::writer::{Outgoing, WriteFailure, Writer};
use crate::{Settings, SettingsError};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::time::Duration;
use topology::Topology;

/// Why a recovery could not be planned or done.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    #[error(transparent)]
    Inspect(#[from] InspectError),
    #[error(transparent)]
    Read(#[from] ReadFailure),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Client(#[from] ProcessorError),
    #[error("there is no topic {0}; `aerolog topics apply` creates it")]
    Missing(String),
    #[error(
        "topic {0} could not be read up to its end: is a transaction open there? Nothing was changed; the same command may be run again"
    )]
    NoProgress(String),
    #[error("the members of group {group} could not be looked at: {failure}")]
    Members { group: String, failure: Failure },
    #[error("the loss could not be put on record in {topic}: {reason}; no offset was set. The same command may be run again")]
    Record { topic: String, reason: String },
    #[error(
        "the offsets of group {group} could not be set: {failure}. What is lost is on record already; the same command may be run again"
    )]
    Offsets { group: String, failure: Failure },
    #[error(
        "group {group} has offset {found:?} in partition {partition}, where {expected} was set: has a process joined the group meanwhile? Run the \
         same command again"
    )]
    NotSet {
        group: String,
        partition: u32,
        expected: i64,
        found: Option<i64>,
    },
}

const ASK_WAIT_MAX: Duration = Duration::from_secs(20);

/// The members of a group now. While there are any, its offsets cannot be set.
pub fn members(settings: &Settings, group: &str) -> Result<Vec<String>, RecoverError> {
    let inspector = GroupInspector::new(settings, group)?;
    let members = inspector.members(group, ASK_WAIT_MAX);
    members.map(|members| members.ids).map_err(|failure| RecoverError::Members {
        group: group.to_owned(),
        failure,
    })
}

/// Takes these steps: all losses are on record before the first offset is set, and all offsets are set at once.
pub fn execute(settings: &Settings, topology: &Topology, group: &str, steps: &[Step], by: &str) -> Result<(), RecoverError> {
    record(settings, topology, steps, by)?;
    let offsets = steps.iter().map(|step| (step.partition, signed(step))).collect();
    set(settings, topology, group, &offsets)
}

fn signed(step: &Step) -> Committed {
    Committed {
        offset: step.offset,
        metadata: OffsetMetadata {
            transactional_id: RECOVERY_OWNER.to_owned(),
            last: Some(step.last.clone()),
            ..OffsetMetadata::default()
        },
    }
}

fn record(settings: &Settings, topology: &Topology, steps: &[Step], by: &str) -> Result<(), RecoverError> {
    let letters = &topology.topics.dead_letters;
    let failed = |reason: String| RecoverError::Record {
        topic: letters.name.clone(),
        reason,
    };
    let writer = Writer::new(settings).map_err(|error| failed(error.to_string()))?;
    for loss in steps.iter().flat_map(|step| &step.losses) {
        let Loss {
            partition,
            topic_id,
            from,
            to,
        } = loss;
        let to = to.map_or_else(|| "unknown".to_owned(), |to| to.to_string());
        let (number, from) = (partition.to_string(), from.to_string());
        let commands = &topology.topics.commands.name;
        let text =
            format!("commands of {commands}/{number} (topic id {topic_id}) from offset {from} to {to} were lost before they were decided");
        let headers = [
            (RECOVERY, LOST_COMMANDS),
            ("topic", commands),
            ("topic-id", topic_id),
            ("partition", &number),
            ("from", &from),
            ("to", &to),
            ("by", by),
        ];
        let headers = headers.map(|(name, value)| (name, value.as_bytes()));
        let record = Outgoing {
            topic: &letters.name,
            key: None,
            value: Some(text.as_bytes()),
            headers: &headers,
            tag: 0,
            partition: Some(partition % topology.partitions_of(letters)),
        };
        writer.send(&record).map_err(|error: WriteFailure| failed(error.to_string()))?;
    }
    writer.flush(ASK_WAIT_MAX).map_err(|error| failed(error.to_string()))?;
    let refused = writer.reports(Duration::ZERO).into_iter().find_map(|report| report.written.err());
    refused.map_or(Ok(()), |reason| Err(failed(reason)))
}

fn set(settings: &Settings, topology: &Topology, group: &str, offsets: &BTreeMap<u32, Committed>) -> Result<(), RecoverError> {
    let failed = |error: &rdkafka::error::KafkaError| RecoverError::Offsets {
        group: group.to_owned(),
        failure: Failure::of(error),
    };
    let mut config = settings.reader();
    config.set("group.id", group);
    let client: BaseConsumer<LoggingContext> = LoggingContext::consumer(&config).map_err(|error| failed(&error))?;
    let commands = &topology.topics.commands.name;
    let mut list = TopicPartitionList::with_capacity(offsets.len());
    for (partition, committed) in offsets {
        let mut element = list.add_partition(commands, partition.cast_signed());
        element
            .set_offset(Offset::Offset(committed.offset))
            .map_err(|error| failed(&error))?;
        element.set_metadata(committed.metadata.to_string());
    }
    client.commit(&list, CommitMode::Sync).map_err(|error| failed(&error))?;
    let partitions: Vec<u32> = offsets.keys().copied().collect();
    let found = crate::committed::committed(&client, commands, &partitions, ASK_WAIT_MAX);
    let found = found.map_err(|failure| RecoverError::Offsets {
        group: group.to_owned(),
        failure,
    })?;
    for (partition, committed) in offsets {
        if found.get(partition) != Some(committed) {
            return Err(RecoverError::NotSet {
                group: group.to_owned(),
                partition: *partition,
                expected: committed.offset,
                found: found.get(partition).map(|found| found.offset),
            });
        }
    }
    Ok(())
}
