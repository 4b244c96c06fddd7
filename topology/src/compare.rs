//! The live topics beside the topology: what differs, and whether it could lose or reorder data.

use crate::{Topic, Topology};

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
}

/// How bad a difference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Works, but is not as wanted.
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
const FIXED: &str = "; the number is fixed once records exist: set AEROLOG_PARTITIONS to it, or begin with new topics";
/// No topic of the topology is kept by its size.
const UNLIMITED_BYTES: i64 = -1;
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
        found.push(difference(
            "the number of partitions",
            live.partitions.to_string(),
            partitions.to_string(),
            Severity::Fatal,
            FIXED,
        ));
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
        // Kept for longer than wanted, nothing is lost.
        let shorter = topic.retention_ms < 0 || (retention >= 0 && retention < topic.retention_ms);
        let severity = if shorter { Severity::Fatal } else { Severity::Warning };
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
    if let Some(bytes) = live.message_bytes_max.filter(|bytes| *bytes < topic.message_bytes_max) {
        let wanted = topic.message_bytes_max.to_string();
        found.push(difference("max.message.bytes", bytes.to_string(), wanted, Severity::Fatal, ALTER));
    }
    found
}
