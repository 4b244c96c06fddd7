//! The live topics compared with the topology: what differs, and whether it could lose or reorder data.

use crate::{Timestamp, Topic, Topology};

/// A topic as the cluster describes it; `None` where the cluster did not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveTopic {
    pub name: String,
    pub partitions: u32,
    /// Kafka's `cleanup.policy`, as text.
    pub cleanup: Option<String>,
    pub retention_ms: Option<i64>,
    /// Kafka's `retention.bytes`: a partition that grows beyond it loses its oldest records, however young they are.
    pub retention_bytes: Option<i64>,
    /// Kafka's `message.timestamp.type`, as text.
    pub timestamp: Option<String>,
    pub message_bytes_max: Option<u32>,
    /// Kafka's `message.timestamp.before.max.ms`: how much older than the broker's clock a record with CreateTime may be.
    pub timestamp_before_max_ms: Option<i64>,
    /// Kafka's `message.timestamp.after.max.ms`: how far ahead of the broker's clock it may be.
    pub timestamp_after_max_ms: Option<i64>,
    pub replication: Option<Replication>,
}

/// How many copies there are of each record, and how many must be written before it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replication {
    /// The brokers of the cluster that are there.
    pub brokers: u32,
    /// Of the partition that has the fewest.
    pub replicas: u32,
    /// Kafka's `min.insync.replicas`.
    pub in_sync_min: Option<u32>,
}

/// Copies of each record that a cluster of so many brokers is to keep: three, so that one broker may be away and another may fail.
pub fn replicas_wanted(brokers: u32) -> u32 {
    brokers.clamp(1, REPLICAS_WANTED)
}

/// How many of the copies must be written before a record counts.
pub fn in_sync_wanted(replicas: u32) -> u32 {
    if replicas >= REPLICAS_WANTED { IN_SYNC_WANTED } else { 1 }
}

const REPLICAS_WANTED: u32 = 3;
const IN_SYNC_WANTED: u32 = 2;

/// Of topics with CreateTime, whose timestamps are those of commands: no age of a command, and no clock, may keep an answer from being written.
/// Kafka 4 allows a record to be one hour ahead by default.
pub const TIMESTAMP_BOUND_MS: i64 = i64::MAX;

/// How bad a difference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Works, but is not as wanted, or the broker may refuse a record for it: then the partition that needs the record stops, and nothing is lost.
    Warning,
    /// Could lose or reorder data, or cannot work: a process refuses to run.
    Fatal,
}

/// One difference between a live topic and the topology.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("topic {topic}: {what} is {live}, but the topology says {wanted}{}", .advice)]
pub struct Difference {
    pub topic: String,
    pub what: &'static str,
    pub live: String,
    pub wanted: String,
    pub severity: Severity,
    advice: &'static str,
}

const CREATE: &str = "; create it with `aerolog topics apply`";
/// Kafka adds partitions to a topic, and takes none away.
const FEWER: &str = "; Kafka takes no partitions away, so this is not the topic that the log was begun with, or the log is not begun yet and was to \
                     have more: see \"More partitions\" in docs/operations.md";
/// A client's partitioner puts records there, and into wrong partitions of the others.
const MORE_COMMANDS: &str = "; processors forward what clients put into other partitions to where it belongs: nothing is lost, and nothing needs to be \
                             done. Kafka takes no partitions away, and no setting changes the log's number. For more partitions that are used, \
                             see `aerolog migrate`";
const MORE: &str = "; nothing is written to the others, and nothing needs to be done. Kafka takes no partitions away, and no setting changes the log's \
                    number. For more partitions that are used, see `aerolog migrate`";
/// No topic of the topology is kept by its size.
const UNLIMITED_BYTES: i64 = -1;
const REASSIGN: &str = "; raise it with kafka-reassign-partitions: what only a broker that is lost had is lost with it";
const ALTER: &str = "; set it back with kafka-configs --alter";

/// All differences, in the order of the topology; empty where the cluster is as it should be.
pub fn differences(topology: &Topology, live: &[LiveTopic]) -> Vec<Difference> {
    topology
        .topics()
        .into_iter()
        .flat_map(|topic| of_topic(topology, topic, live.iter().find(|live| live.name == topic.name)))
        .collect()
}

fn of_topic(topology: &Topology, topic: &Topic, live: Option<&LiveTopic>) -> Vec<Difference> {
    let partitions = topology.partitions_of(topic);
    let difference = |what, live: String, wanted: String, severity, advice| {
        let topic = topic.name.clone();
        Difference {
            topic,
            what,
            live,
            wanted,
            severity,
            advice,
        }
    };
    let Some(live) = live else {
        return vec![difference(
            "it",
            "missing".to_owned(),
            format!("{partitions} partitions"),
            Severity::Fatal,
            CREATE,
        )];
    };
    let mut found = Vec::new();
    if live.partitions != partitions {
        let (severity, advice) = of_partitions(topology, topic, live.partitions < partitions);
        let (is, wanted) = (live.partitions.to_string(), partitions.to_string());
        found.push(difference("the number of partitions", is, wanted, severity, advice));
    }
    if let Some(cleanup) = live.cleanup.as_deref().filter(|cleanup| *cleanup != topic.cleanup.name()) {
        found.push(difference(
            "cleanup.policy",
            cleanup.to_owned(),
            topic.cleanup.name().to_owned(),
            Severity::Fatal,
            ALTER,
        ));
    }
    if let Some(retention) = live.retention_ms.filter(|retention| *retention != topic.retention_ms) {
        let severity = of_retention(topology, topic, retention);
        found.push(difference(
            "retention.ms",
            retention.to_string(),
            topic.retention_ms.to_string(),
            severity,
            ALTER,
        ));
    }
    if let Some(bytes) = live.retention_bytes.filter(|bytes| *bytes >= 0) {
        let wanted = UNLIMITED_BYTES.to_string();
        found.push(difference("retention.bytes", bytes.to_string(), wanted, Severity::Fatal, ALTER));
    }
    if let Some(timestamp) = live.timestamp.as_deref().filter(|timestamp| *timestamp != topic.timestamp.name()) {
        let wanted = topic.timestamp.name().to_owned();
        found.push(difference(
            "message.timestamp.type",
            timestamp.to_owned(),
            wanted,
            Severity::Fatal,
            ALTER,
        ));
    }
    let copies = live.replication.iter().flat_map(too_few_copies);
    for (what, live, wanted, advice) in refusing(topic, live).into_iter().chain(copies) {
        found.push(difference(what, live, wanted, Severity::Warning, advice));
    }
    found
}

/// How bad another retention than the topology's is. Kept for longer than wanted, nothing is lost.
fn of_retention(topology: &Topology, topic: &Topic, retention_ms: i64) -> Severity {
    let is_shorter = topic.retention_ms < 0 || (retention_ms >= 0 && retention_ms < topic.retention_ms);
    let topics = &topology.topics;
    // An outcome that is deleted before its command is written again (docs/decisions/0027).
    let is_repaired = topic.name == topics.outcomes.name && retention_ms >= topics.commands.retention_ms;
    if is_shorter && !is_repaired {
        Severity::Fatal
    } else {
        Severity::Warning
    }
}

/// What is found, as it is, as it is wanted, and what to do.
type Found = (&'static str, String, String, &'static str);

/// Settings for which a broker refuses records that we write. It sets the time of a record with LogAppendTime itself, and looks at no bound.
fn refusing(topic: &Topic, live: &LiveTopic) -> Vec<Found> {
    let is_bounded = topic.timestamp == Timestamp::CreateTime;
    let bound = |bound_ms: Option<i64>| bound_ms.filter(|_| is_bounded);
    let least = [
        (
            "max.message.bytes",
            live.message_bytes_max.map(i64::from),
            i64::from(topic.message_bytes_max),
        ),
        (
            "message.timestamp.before.max.ms",
            bound(live.timestamp_before_max_ms),
            TIMESTAMP_BOUND_MS,
        ),
        (
            "message.timestamp.after.max.ms",
            bound(live.timestamp_after_max_ms),
            TIMESTAMP_BOUND_MS,
        ),
    ];
    let known = least.into_iter().filter_map(|(what, live, wanted)| Some((what, live?, wanted)));
    let too_little = known.filter(|(_, live, wanted)| live < wanted);
    too_little
        .map(|(what, live, wanted)| (what, live.to_string(), wanted.to_string(), ALTER))
        .collect()
}

fn too_few_copies(replication: &Replication) -> Vec<Found> {
    let Replication {
        brokers,
        replicas,
        in_sync_min,
    } = *replication;
    let mut found = Vec::new();
    let wanted = replicas_wanted(brokers);
    if replicas < wanted {
        found.push(("the replication factor", replicas.to_string(), wanted.to_string(), REASSIGN));
    }
    let wanted = in_sync_wanted(replicas);
    if let Some(in_sync_min) = in_sync_min.filter(|in_sync_min| *in_sync_min < wanted || *in_sync_min > replicas) {
        found.push(("min.insync.replicas", in_sync_min.to_string(), wanted.to_string(), ALTER));
    }
    found
}

/// What another number of partitions than the log's means.
fn of_partitions(topology: &Topology, topic: &Topic, are_fewer: bool) -> (Severity, &'static str) {
    let topics = &topology.topics;
    if are_fewer || topic.name == topics.metadata.name {
        (Severity::Fatal, FEWER)
    } else if topic.name == topics.commands.name {
        (Severity::Warning, MORE_COMMANDS)
    } else {
        (Severity::Warning, MORE)
    }
}
