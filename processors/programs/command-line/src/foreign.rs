//! Whether a log is one of this application.

use crate::{Connection, name};
use anyhow::{bail, ensure};
use application::{Application, SchemaIds};
use decider::{Codec, DecodeError, read_event, read_outcome};
use service::clock;
use std::collections::BTreeMap;
use std::time::Duration;
use stream::reader::{Reader, Watermarks};
use stream::registry::{Lookup, Registry, RegistryError};
use topology::{Topic, Topology};

/// Records that are looked at from the beginning of each partition: one that was spoiled makes no log a foreign one.
pub(crate) const FIRST_MAX: usize = 10;
const READ_WAIT_MAX: Duration = Duration::from_secs(60);
const POLL_WAIT: Duration = Duration::from_millis(100);

/// One of the first records of a partition.
pub(crate) struct First {
    pub(crate) offset: i64,
    /// What its header says of the value's schema.
    pub(crate) fingerprint: Option<u64>,
    pub(crate) value: Option<Vec<u8>>,
}

/// Refuses the log of another application, before anything is written to it or said about it: every finding would be false.
///
/// It is one where it has events, or else outcomes, and this application reads none of the first ten of any partition. A log that has neither
/// may become one of any application. Records after the begin of a transaction that is still open count as not there.
///
/// # Errors
/// When it is one, or the cluster cannot be asked.
pub(crate) fn refuse<A: Application>(connection: &Connection<A>, topology: &Topology) -> anyhow::Result<()> {
    let mut events = Firsts::new(connection, &topology.topics.events, topology.partitions)?;
    if knows_events(connection, topology, |partition| events.of(partition))? {
        return Ok(());
    }
    refuse_outcomes(connection, topology)
}

/// The same by outcomes alone, which is what a client may read of a log.
///
/// # Errors
/// As those of [`refuse`].
pub(crate) fn refuse_outcomes<A: Application>(connection: &Connection<A>, topology: &Topology) -> anyhow::Result<()> {
    let mut outcomes = Firsts::new(connection, &topology.topics.outcomes, topology.partitions)?;
    knows_outcomes(connection, topology, |partition| outcomes.of(partition)).map(drop)
}

/// The same by the first events and outcomes of each partition, at most [`FIRST_MAX`], wherever they are kept.
///
/// # Errors
/// As those of [`refuse`].
pub(crate) fn refuse_first<A: Application>(
    connection: &Connection<A>,
    topology: &Topology,
    event: impl FnMut(u32) -> anyhow::Result<Vec<First>>,
    outcome: impl FnMut(u32) -> anyhow::Result<Vec<First>>,
) -> anyhow::Result<()> {
    if knows_events(connection, topology, event)? {
        return Ok(());
    }
    knows_outcomes(connection, topology, outcome).map(drop)
}

fn knows_events<A: Application>(
    connection: &Connection<A>,
    topology: &Topology,
    first: impl FnMut(u32) -> anyhow::Result<Vec<First>>,
) -> anyhow::Result<bool> {
    let topic = &topology.topics.events;
    is_known(connection, topic, topology.partitions, first, read_event::<A, A::Codec>)
}

fn knows_outcomes<A: Application>(
    connection: &Connection<A>,
    topology: &Topology,
    first: impl FnMut(u32) -> anyhow::Result<Vec<First>>,
) -> anyhow::Result<bool> {
    let topic = &topology.topics.outcomes;
    is_known(connection, topic, topology.partitions, first, read_outcome::<A, A::Codec>)
}

/// Reads the first committed records of a topic.
struct Firsts {
    reader: Reader,
    marks: BTreeMap<u32, Watermarks>,
}

impl Firsts {
    fn new(connection: &Connection<impl Application>, topic: &Topic, partitions: u32) -> anyhow::Result<Self> {
        let reader = Reader::new(&connection.settings()?, &topic.name)?;
        let all: Vec<u32> = (0..reader.partitions(READ_WAIT_MAX)?.min(partitions)).collect();
        let marks = reader.all_watermarks(&all, READ_WAIT_MAX)?;
        Ok(Self { reader, marks })
    }

    fn of(&mut self, partition: u32) -> anyhow::Result<Vec<First>> {
        let mut first = Vec::new();
        let Some(marks) = self.marks.get(&partition).filter(|marks| marks.low < marks.high) else {
            return Ok(first);
        };
        self.reader.assign(&BTreeMap::from([(partition, marks.low)]), READ_WAIT_MAX)?;
        let (began, mut is_over) = (clock::monotonic(), false);
        while first.len() < FIRST_MAX && !is_over {
            ensure!(
                began.elapsed() < READ_WAIT_MAX,
                "{}/{partition} has records from offset {} on, and none has come for {} s",
                self.reader.topic(),
                marks.low,
                READ_WAIT_MAX.as_secs()
            );
            let polled = self.reader.poll(FIRST_MAX - first.len(), POLL_WAIT, |record| {
                first.push(First {
                    offset: record.offset,
                    fingerprint: record.schema_fingerprint(),
                    value: record.value.map(<[u8]>::to_vec),
                });
            })?;
            is_over = polled.ended.contains(&partition);
        }
        Ok(first)
    }
}

/// What a record says of the application that has written it.
enum RecordOrigin {
    Known,
    /// And why.
    Strange(String),
    /// The registry does not have its schema: it may have lost it, and is to get it again.
    SchemaMissing,
}

fn look<A: Application, T>(
    codec: &mut A::Codec,
    registry: &Registry,
    decode: impl Fn(&mut A::Codec) -> Result<T, DecodeError>,
) -> Result<RecordOrigin, RegistryError> {
    let id = match decode(codec) {
        Ok(_) => return Ok(RecordOrigin::Known),
        Err(DecodeError::Malformed(reason)) => return Ok(RecordOrigin::Strange(reason)),
        Err(DecodeError::UnknownSchema(id)) => id,
    };
    let Lookup::Found(schema) = registry.schema(id)? else {
        return Ok(RecordOrigin::SchemaMissing);
    };
    Ok(match codec.learn(id, &schema).map(|()| decode(codec)) {
        Ok(Ok(_)) => RecordOrigin::Known,
        Ok(Err(error)) => RecordOrigin::Strange(error.to_string()),
        Err(reason) => RecordOrigin::Strange(format!("schema {id}: {reason}")),
    })
}

/// Whether a topic has a record that can be read; `false` where it is empty.
fn is_known<A: Application, T>(
    connection: &Connection<A>,
    topic: &Topic,
    partitions: u32,
    mut first: impl FnMut(u32) -> anyhow::Result<Vec<First>>,
    decode: impl Fn(&mut A::Codec, Option<u64>, &[u8]) -> Result<T, DecodeError>,
) -> anyhow::Result<bool> {
    let (mut codec, registry) = (A::codec(SchemaIds::UNKNOWN), connection.registry()?);
    let mut strange = None;
    for partition in 0..partitions {
        for First {
            offset,
            fingerprint,
            value,
        } in first(partition)?
        {
            let value = value.as_deref().unwrap_or_default();
            match look::<A, T>(&mut codec, &registry, |codec| decode(codec, fingerprint, value))? {
                RecordOrigin::Known => return Ok(true),
                RecordOrigin::Strange(reason) => strange = strange.or(Some((partition, offset, reason))),
                RecordOrigin::SchemaMissing => {}
            }
        }
    }
    let Some((partition, offset, reason)) = strange else {
        return Ok(false);
    };
    let application = A::NAME;
    bail!(
        "{}/{partition} at offset {offset} is no record of the application {application} ({reason}). {} works with logs of {application} alone: \
         nothing was sent or changed, and nothing is said of this one. Does --topic-prefix (AEROLOG_TOPIC_PREFIX) name the log that you mean? \
         A later build of {application} may have written the record, too",
        topic.name,
        name(),
    )
}
