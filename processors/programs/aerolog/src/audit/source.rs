//! What the parts of an audit read in the same way.

use crate::Connection;
use airline::Airline;
use anyhow::anyhow;
use auditor::{Place, Record, Seen, SourceError, Topic};
use decider::{
    Codec, DecodeError, EventEnvelope, Outcome, SCHEMA_FINGERPRINT, decode_learning, read_event, read_outcome, schema_fingerprint,
};
use schemas::{AvroCodec, SchemaIds};
use stream::inspect::{Found, Inspector, Walk};
use stream::registry::Registry;
use topology::Topology;

pub(super) fn place(topic: Topic, partition: u32, offset: i64) -> Place {
    Place { topic, partition, offset }
}

pub(super) fn seen(committed: bool, record: Record) -> Seen {
    if committed {
        Seen::Committed(record)
    } else {
        Seen::Aborted(record)
    }
}

pub(super) fn source(error: impl std::fmt::Display) -> SourceError {
    SourceError(error.to_string())
}

/// Reads committed events and outcomes of one partition after the other.
pub(crate) struct Reading {
    inspector: Inspector,
    topology: Topology,
    events: Walk,
    outcomes: Walk,
    codec: AvroCodec,
    registry: Registry,
    commands_topic_id: Option<String>,
}

/// An outcome with where it lies.
pub(super) struct FoundOutcome {
    pub(super) offset: i64,
    pub(super) timestamp_ms: i64,
    /// Its command is of a topic that was deleted since.
    pub(super) former: bool,
    pub(super) outcome: Outcome,
}

pub(crate) fn reading(connection: &Connection, topology: &Topology) -> anyhow::Result<Reading> {
    let settings = connection.settings()?;
    let inspector = Inspector::new(&settings)?;
    Ok(Reading {
        commands_topic_id: inspector.topic_id(&topology.topics.commands.name)?,
        inspector,
        topology: topology.clone(),
        events: Walk::new(&settings, &topology.topics.events.name)?,
        outcomes: Walk::new(&settings, &topology.topics.outcomes.name)?,
        codec: AvroCodec::new(SchemaIds::UNKNOWN),
        registry: connection.registry()?,
    })
}

impl Reading {
    pub(crate) fn begin_events(&mut self, partition: u32, from: i64) -> anyhow::Result<()> {
        let marks = self.inspector.watermarks(&self.topology.topics.events.name, partition)?;
        Ok(self.events.begin(partition, from.max(marks.low), marks.high)?)
    }

    /// From the first outcome that is left, whose offset it returns.
    pub(super) fn begin_outcomes(&mut self, partition: u32) -> anyhow::Result<i64> {
        let marks = self.inspector.watermarks(&self.topology.topics.outcomes.name, partition)?;
        self.outcomes.begin(partition, marks.low, marks.high)?;
        Ok(marks.low)
    }

    pub(crate) fn next_event(&mut self) -> anyhow::Result<Option<(i64, EventEnvelope<domain::Event>)>> {
        let Some(found) = next_committed(&mut self.events)? else {
            return Ok(None);
        };
        let event = decoded(&mut self.codec, &self.registry, &found, read_event::<Airline, _>)?;
        Ok(Some((found.offset, event)))
    }

    pub(super) fn next_outcome(&mut self) -> anyhow::Result<Option<FoundOutcome>> {
        let Some(found) = next_committed(&mut self.outcomes)? else {
            return Ok(None);
        };
        let outcome = decoded(&mut self.codec, &self.registry, &found, read_outcome::<Airline, _>)?;
        Ok(Some(FoundOutcome {
            offset: found.offset,
            timestamp_ms: found.timestamp_ms,
            former: is_former(&found, self.commands_topic_id.as_deref()),
            outcome,
        }))
    }
}

/// The schema that a record says it has.
pub(crate) fn fingerprint_of(found: &Found) -> Option<u64> {
    let (_, value) = found.headers.iter().rev().find(|(name, _)| name == SCHEMA_FINGERPRINT)?;
    schema_fingerprint(value.as_deref()?)
}

fn next_committed(walk: &mut Walk) -> anyhow::Result<Option<Found>> {
    while let Some(found) = walk.next_record()? {
        if found.committed {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn is_former(found: &Found, topic_id: Option<&str>) -> bool {
    let command = found.headers.iter().rev().find(|(name, _)| name == stream::COMMAND);
    let text = command.and_then(|(_, value)| std::str::from_utf8(value.as_deref()?).ok());
    let decided = text.and_then(stream::Decided::read);
    decided.is_some_and(|decided| topic_id.is_some_and(|topic_id| decided.topic_id != topic_id))
}

/// The value of a record, whose schema is asked of the registry where it is not known.
pub(crate) fn decoded<T>(
    codec: &mut AvroCodec,
    registry: &Registry,
    found: &Found,
    decode: impl Fn(&mut AvroCodec, Option<u64>, &[u8]) -> Result<T, DecodeError>,
) -> anyhow::Result<T> {
    let value = found.value.as_deref().unwrap_or_default();
    decoded_value(codec, registry, fingerprint_of(found), value, decode)
}

/// The same of a value alone; `fingerprint` is what its record says of the schema, if that is known.
pub(crate) fn decoded_value<T>(
    codec: &mut AvroCodec,
    registry: &Registry,
    fingerprint: Option<u64>,
    value: &[u8],
    decode: impl Fn(&mut AvroCodec, Option<u64>, &[u8]) -> Result<T, DecodeError>,
) -> anyhow::Result<T> {
    let decoded = decode_learning(
        codec,
        |codec| decode(codec, fingerprint, value),
        |codec, id| {
            let schema = registry.schema(id)?.into_result();
            let learn = |schema| Codec::<Airline>::learn(codec, id, &schema).map_err(|reason| format!("schema {id}: {reason}"));
            anyhow::Ok(schema.and_then(learn))
        },
    )?;
    decoded.map_err(|reason| anyhow!(reason))
}
