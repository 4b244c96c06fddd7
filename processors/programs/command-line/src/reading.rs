//! The committed events and outcomes of a log, as an application reads them.

use crate::Connection;
use anyhow::anyhow;
use application::{Application, SchemaIds};
use decider::{
    Codec, DecodeError, EventEnvelope, Outcome, SCHEMA_FINGERPRINT, decode_learning, read_event, read_outcome, schema_fingerprint,
};
use stream::Settings;
use stream::inspect::{Found, Inspector, Walk};
use stream::registry::Registry;
use topology::Topology;

/// Reads committed events and outcomes of one partition after the other.
pub struct Reading<A: Application> {
    inspector: Inspector,
    topology: Topology,
    events: Walk,
    outcomes: Walk,
    codec: A::Codec,
    registry: Registry,
    commands_topic_id: Option<String>,
}

/// An outcome with where it lies.
pub(crate) struct FoundOutcome {
    pub(crate) offset: i64,
    pub(crate) timestamp_ms: i64,
    /// Its command is of a topic that was deleted since.
    pub(crate) former: bool,
    pub(crate) outcome: Outcome,
}

impl<A: Application> Reading<A> {
    /// Reads the log of this topology.
    ///
    /// # Errors
    /// When the cluster cannot be asked.
    pub fn new(connection: &Connection<A>, topology: &Topology) -> anyhow::Result<Self> {
        let settings = connection.settings()?;
        let inspector = Inspector::new(&settings)?;
        Ok(Self {
            commands_topic_id: inspector.topic_id(&topology.topics.commands.name)?,
            inspector,
            topology: topology.clone(),
            events: Walk::new(&settings, &topology.topics.events.name)?,
            outcomes: Walk::new(&settings, &topology.topics.outcomes.name)?,
            codec: A::codec(SchemaIds::UNKNOWN),
            registry: connection.registry()?,
        })
    }

    /// Begins with this offset of a partition's events, or the first that is there, and ends where the partition ends now.
    ///
    /// # Errors
    /// When the cluster cannot be asked.
    pub fn begin_events(&mut self, partition: u32, from: i64) -> anyhow::Result<()> {
        let marks = self.inspector.watermarks(&self.topology.topics.events.name, partition)?;
        Ok(self.events.begin(partition, from.max(marks.low), marks.high)?)
    }

    /// From the first outcome that is left, whose offset it returns.
    pub(crate) fn begin_outcomes(&mut self, partition: u32) -> anyhow::Result<i64> {
        let marks = self.inspector.watermarks(&self.topology.topics.outcomes.name, partition)?;
        self.outcomes.begin(partition, marks.low, marks.high)?;
        Ok(marks.low)
    }

    /// The next event with its offset; `None` at the end.
    ///
    /// # Errors
    /// When it cannot be had or read.
    pub fn next_event(&mut self) -> anyhow::Result<Option<(i64, EventEnvelope<A::Event>)>> {
        let Some(found) = next_committed(&mut self.events)? else {
            return Ok(None);
        };
        let event = decoded_record::<A, _>(&mut self.codec, &self.registry, &found, read_event::<A, A::Codec>)?;
        Ok(Some((found.offset, event)))
    }

    pub(crate) fn next_outcome(&mut self) -> anyhow::Result<Option<FoundOutcome>> {
        let Some(found) = next_committed(&mut self.outcomes)? else {
            return Ok(None);
        };
        let outcome = decoded_record::<A, _>(&mut self.codec, &self.registry, &found, read_outcome::<A, A::Codec>)?;
        Ok(Some(FoundOutcome {
            offset: found.offset,
            timestamp_ms: found.timestamp_ms,
            former: is_former(&found, self.commands_topic_id.as_deref()),
            outcome,
        }))
    }
}

/// The value of the last header of that name.
pub(crate) fn header<'h>(headers: &'h [(String, Option<Vec<u8>>)], name: &str) -> Option<&'h [u8]> {
    let (_, value) = headers.iter().rev().find(|(header, _)| header == name)?;
    value.as_deref()
}

/// The same as text.
pub(crate) fn text_header<'h>(headers: &'h [(String, Option<Vec<u8>>)], name: &str) -> Option<&'h str> {
    std::str::from_utf8(header(headers, name)?).ok()
}

/// Calls `visit` on every committed record of a topic, partition by partition in the order of their offsets.
pub(crate) fn each_committed(
    settings: &Settings,
    topic: &str,
    mut visit: impl FnMut(u32, Found) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let inspector = Inspector::new(settings)?;
    let mut walk = Walk::new(settings, topic)?;
    for partition in 0..inspector.partitions_of(topic)? {
        let marks = inspector.watermarks(topic, partition)?;
        walk.begin(partition, marks.low, marks.high)?;
        while let Some(found) = next_committed(&mut walk)? {
            visit(partition, found)?;
        }
    }
    Ok(())
}

/// The next record that is not of an aborted transaction.
pub(crate) fn next_committed(walk: &mut Walk) -> anyhow::Result<Option<Found>> {
    while let Some(found) = walk.next_record()? {
        if found.committed {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn is_former(found: &Found, topic_id: Option<&str>) -> bool {
    let decided = text_header(&found.headers, stream::COMMAND).and_then(stream::Decided::read);
    decided.is_some_and(|decided| topic_id.is_some_and(|topic_id| decided.topic_id != topic_id))
}

/// The value of a record, whose schema is asked of the registry where it is not known.
pub(crate) fn decoded_record<A: Application, T>(
    codec: &mut A::Codec,
    registry: &Registry,
    found: &Found,
    decode: impl Fn(&mut A::Codec, Option<u64>, &[u8]) -> Result<T, DecodeError>,
) -> anyhow::Result<T> {
    let fingerprint = header(&found.headers, SCHEMA_FINGERPRINT).and_then(schema_fingerprint);
    let value = found.value.as_deref().unwrap_or_default();
    decoded::<A, T>(codec, registry, |codec| decode(codec, fingerprint, value))
}

/// What `decode` makes of bytes, after the registry was asked for a schema that it did not know.
///
/// # Errors
/// When the registry cannot be asked, or why the bytes can never be read.
pub fn decoded<A: Application, T>(
    codec: &mut A::Codec,
    registry: &Registry,
    decode: impl Fn(&mut A::Codec) -> Result<T, DecodeError>,
) -> anyhow::Result<T> {
    let decoded = decode_learning(
        codec,
        |codec| decode(codec),
        |codec, id| {
            let schema = registry.schema(id)?.into_result();
            let learn = |schema| Codec::<A>::learn(codec, id, &schema).map_err(|reason| format!("schema {id}: {reason}"));
            anyhow::Ok(schema.and_then(learn))
        },
    )?;
    decoded.map_err(|reason| anyhow!(reason))
}
