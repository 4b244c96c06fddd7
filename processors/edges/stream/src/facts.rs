//! The facts of a log in its metadata topic: read, written, and compared with what a process is configured for.
//!
//! The number of partitions that a log was begun with is the modulus by which every aggregate has its partition. No setting changes it.

mod agreement;
mod applying;

use crate::Settings;
use crate::admin::{Admin, AdminError};
use crate::clock::Deadline;
use crate::closing::close_aside;
use crate::reader::{ReadFailure, Reader};
use crate::writer::{Outgoing, WriteFailure, Writer};
use agreement::Agreement;
use rdkafka::error::RDKafkaErrorCode;
use std::collections::BTreeMap;
use std::time::Duration;
use topology::{Begun, Difference, Fact, Facts, Severity, Topology};

/// Why a process cannot work on a log.
#[derive(Debug, thiserror::Error)]
pub enum FactsError {
    #[error(transparent)]
    Read(#[from] ReadFailure),
    #[error(transparent)]
    Write(#[from] WriteFailure),
    #[error(transparent)]
    Admin(#[from] AdminError),
    #[error(
        "the record {topic}/0 at offset {offset} is not understood: {reason}. Was it written by a newer version, or by another program?"
    )]
    NotUnderstood { topic: String, offset: i64, reason: String },
    #[error(
        "the log was begun with {log} partitions ({topic}/0, offset {offset}), and AEROLOG_PARTITIONS (`partitions`) says {configured}. No setting \
         changes the log's number, because every aggregate's events lie in the partition that its id hashes to among {log}: set it to {log}, or \
         to 0, which stands for the log's number. For more partitions see `aerolog migrate`"
    )]
    OtherNumber {
        topic: String,
        offset: i64,
        log: u32,
        configured: u32,
    },
    #[error(
        "{topic} does not say yet how many partitions the log was begun with: the first command processor says it, or `aerolog topics apply`"
    )]
    NotBegun { topic: String },
    #[error(
        "{metadata} does not say how many partitions the log was begun with, and it was not begun with {partitions}: the record \
         {topic}/{partition} at offset {offset} is of {key}, which belongs in partition {belongs_in} of {partitions}. Set AEROLOG_PARTITIONS \
         (`partitions`) to the number that the log was begun with: it is checked against every record in the same way"
    )]
    Disagrees {
        metadata: String,
        topic: String,
        partition: u32,
        offset: i64,
        key: String,
        belongs_in: u32,
        partitions: u32,
    },
    #[error("the record {topic}/{partition} at offset {offset} has no key: a command processor writes none without; who has written it?")]
    NoKey { topic: String, partition: u32, offset: i64 },
    #[error("`aerolog migrate` fills this log from {from} and has not finished; run it again, to its end or with --abandon ({topic}/0)")]
    Filling { topic: String, from: String },
    #[error("the migration into this log was given up: it is never begun ({topic}/0). Migrate into another name")]
    Abandoned { topic: String },
    #[error(
        "this log is closed ({topic}/0): `aerolog migrate` carries it to {to}, and commands are decided there once that has finished. Start \
         processors with AEROLOG_TOPIC_PREFIX={to}"
    )]
    Closed { topic: String, to: String },
    #[error(
        "this log was migrated to {to} ({topic}/0), and nothing is decided here any more. Use AEROLOG_TOPIC_PREFIX={to}; commands that were \
         written here since are carried over by running `aerolog migrate` again"
    )]
    Migrated { topic: String, to: String },
    #[error(
        "the records of {topic} before offset {low} were deleted. They said how many partitions the log has, and whether `aerolog migrate` has carried it \
         to another one. If it was never migrated, delete the topic {topic} and run `aerolog topics apply`, which compares the number of partitions \
         of the events with every record; if it was, start processors with the topic prefix that it was carried to"
    )]
    Deleted { topic: String, low: i64 },
    #[error("no end of {topic} after {} s", READ_WAIT_MAX.as_secs())]
    NoProgress { topic: String },
}

impl FactsError {
    /// The cluster may answer in a moment, or another process may say what is missing.
    pub fn is_transient(&self) -> bool {
        match self {
            // The brokers hear of a new topic a moment after its creator does.
            Self::Read(ReadFailure::Kafka { failure, .. }) => failure.retriable || is_unknown(failure.code),
            Self::Read(failure) => failure.is_transient(),
            Self::Admin(AdminError::Unreachable(_)) | Self::NotBegun { .. } | Self::NoProgress { .. } => true,
            Self::Write(failure) => !matches!(failure, WriteFailure::Settings(_)),
            _ => false,
        }
    }
}

fn is_unknown(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(code, Code::UnknownTopic | Code::UnknownPartition | Code::UnknownTopicOrPartition)
}

/// What a process does with a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Writes to it, and says how many partitions it has where nothing does.
    Processor,
    /// Builds views from it.
    View,
}

/// One question to the cluster.
const ASK_WAIT_MAX: Duration = Duration::from_secs(5);
const POLL_WAIT: Duration = Duration::from_millis(100);
const READ_WAIT_MAX: Duration = Duration::from_secs(20);
const RECORDS_MAX: usize = 1_000;
const WRITE_WAIT_MAX: Duration = Duration::from_secs(10);
/// The metadata topic has one partition.
const PARTITION: u32 = 0;

/// Reads the metadata topic, again and again.
pub struct FactsReader {
    reader: Reader,
    /// Everything before this offset was read.
    reached: i64,
    facts: Facts,
}

impl FactsReader {
    pub fn new(settings: &Settings, topology: &Topology) -> Result<Self, FactsError> {
        Ok(Self {
            reader: Reader::impatient(settings, &topology.topics.metadata.name)?,
            reached: 0,
            facts: Facts::default(),
        })
    }

    /// What the log says, up to the end as it is now.
    pub fn read(&mut self) -> Result<&Facts, FactsError> {
        let topic = self.reader.topic().to_owned();
        if self.reader.next_offset(PARTITION).is_none() {
            let assigned = self.reader.assign(&BTreeMap::from([(PARTITION, 0)]), ASK_WAIT_MAX);
            assigned.map_err(|failure| match failure {
                ReadFailure::OutOfRange { topic, low, .. } if low > 0 => FactsError::Deleted { topic, low },
                failure => failure.into(),
            })?;
        }
        let ends = self.reader.ends(&[PARTITION], ASK_WAIT_MAX)?;
        let end = ends.get(&PARTITION).copied().unwrap_or(0);
        let patience = Deadline::after(READ_WAIT_MAX);
        let mut unknown = None;
        while self.reached < end {
            let facts = &mut self.facts;
            let polled = self.reader.poll(RECORDS_MAX, POLL_WAIT, |record| {
                match Fact::parse(record.value.unwrap_or_default()) {
                    Ok(fact) => facts.push(record.offset, fact),
                    Err(error) => unknown = unknown.take().or(Some((record.offset, error.to_string()))),
                }
            })?;
            if let Some((offset, reason)) = unknown {
                return Err(FactsError::NotUnderstood { topic, offset, reason });
            }
            self.reached = if polled.ended.is_empty() {
                self.reader.next_offset(PARTITION).unwrap_or(0)
            } else {
                end
            };
            if patience.is_over() {
                return Err(FactsError::NoProgress { topic });
            }
        }
        Ok(&self.facts)
    }
}

/// Appends a fact to the metadata topic.
pub fn say(settings: &Settings, topology: &Topology, fact: &Fact) -> Result<(), FactsError> {
    let writer = Writer::new(settings)?;
    writer.send(&Outgoing {
        topic: &topology.topics.metadata.name,
        key: Some(fact.key().as_bytes()),
        value: Some(fact.to_json().as_bytes()),
        headers: &[("content-type", b"application/json")],
        tag: 0,
        partition: Some(PARTITION),
    })?;
    writer.flush(WRITE_WAIT_MAX)?;
    for report in writer.reports(Duration::ZERO) {
        report.written.map_err(WriteFailure::Refused)?;
    }
    Ok(())
}

/// The topology with the number of partitions that its log was begun with, and what differs from it in the cluster.
#[derive(Debug)]
pub struct Settled {
    pub topology: Topology,
    pub differences: Vec<Difference>,
}

impl Settled {
    /// The differences that could lose or reorder data, one a line; `None` where there are none.
    pub fn fatal(&self) -> Option<String> {
        let fatal = self.differences.iter().filter(|difference| difference.severity == Severity::Fatal);
        let lines: Vec<String> = fatal.map(|difference| format!("  {difference}")).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

/// Asks the log for its number of partitions, which `configured` must not contradict, and compares the live topics with the topology.
///
/// A processor begins a log that is empty, and one that does not say its number where the keys of all records agree with it. Where a topic is
/// missing, that is a difference, and nothing is asked or said.
pub fn settle(settings: &Settings, admin: &Admin, topology: &Topology, configured: Option<u32>, role: Role) -> Result<Settled, FactsError> {
    let live = admin.live(topology)?;
    let settled = |topology: Topology| {
        let differences = topology::differences(&topology, &live);
        Settled { topology, differences }
    };
    let of_events = live.iter().find(|live| live.name == topology.topics.events.name);
    let wanted = configured.or(of_events.map(|live| live.partitions)).unwrap_or(topology.partitions);
    let topology = topology.clone().with_partitions(wanted);
    if live.len() < topology.topics().len() {
        return Ok(settled(topology));
    }
    let mut reader = FactsReader::new(settings, &topology)?;
    let facts = reader.read()?;
    allowed(&topology, facts, role)?;
    if facts.begun.is_none() && role == Role::Processor {
        let before = settled(topology.clone());
        if before.fatal().is_some() {
            return Ok(before);
        }
        begin(settings, &topology, &mut reader)?;
    }
    let topology = number(&topology, reader.read()?, configured)?;
    close_aside(reader);
    Ok(settled(topology))
}

/// Whether this may be done with the log at all.
pub fn allowed(topology: &Topology, facts: &Facts, role: Role) -> Result<(), FactsError> {
    let topic = || topology.topics.metadata.name.clone();
    if let Some(to) = &facts.migrated {
        let (topic, to) = (topic(), to.clone());
        return Err(FactsError::Migrated { topic, to });
    }
    if let (Some(to), Role::Processor) = (&facts.closed, role) {
        let (topic, to) = (topic(), to.clone());
        return Err(FactsError::Closed { topic, to });
    }
    if facts.abandoned {
        return Err(FactsError::Abandoned { topic: topic() });
    }
    match &facts.filling {
        Some((from, _)) if facts.begun.is_none() => {
            let (topic, from) = (topic(), from.clone());
            Err(FactsError::Filling { topic, from })
        }
        Some(_) | None => Ok(()),
    }
}

/// The topology with the log's number, which `configured` must not contradict.
pub fn number(topology: &Topology, facts: &Facts, configured: Option<u32>) -> Result<Topology, FactsError> {
    let topic = topology.topics.metadata.name.clone();
    let Some(Begun { partitions, offset, .. }) = facts.begun else {
        return Err(FactsError::NotBegun { topic });
    };
    match configured.filter(|configured| *configured != partitions) {
        Some(configured) => Err(FactsError::OtherNumber {
            topic,
            offset,
            log: partitions,
            configured,
        }),
        None => Ok(topology.clone().with_partitions(partitions)),
    }
}

/// Says with how many partitions the log is begun, where it holds nothing that contradicts the topology's number.
fn begin(settings: &Settings, topology: &Topology, reader: &mut FactsReader) -> Result<(), FactsError> {
    let mut records = 0;
    for topic in [&topology.topics.events, &topology.topics.outcomes] {
        records += Agreement::new(settings, topology, &topic.name)?.check()?;
    }
    tracing::info!(
        partitions = topology.partitions,
        records,
        "the log is begun: no record of it contradicts this number of partitions"
    );
    say_begun(settings, topology, reader)
}

fn say_begun(settings: &Settings, topology: &Topology, reader: &mut FactsReader) -> Result<(), FactsError> {
    let begun = Fact::Begun {
        partitions: topology.partitions,
        migrated_from: None,
    };
    say(settings, topology, &begun)?;
    reader.read()?;
    Ok(())
}

#[cfg(test)]
mod tests;
