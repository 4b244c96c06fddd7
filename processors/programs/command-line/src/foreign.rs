//! Whether a log is one of this application.

use crate::reading::next_committed;
use crate::{Connection, name};
use anyhow::bail;
use application::{Application, SchemaIds};
use decider::{Codec, DecodeError, SCHEMA_FINGERPRINT, read_event, read_outcome, schema_fingerprint};
use stream::inspect::{Inspector, Walk};
use stream::registry::{Lookup, Registry, RegistryError};
use topology::{Topic, Topology};

/// Records that are looked at from the beginning of each partition: one that was spoiled makes no log a foreign one.
pub(crate) const FIRST_MAX: usize = 10;

/// One of the first records of a partition.
pub(crate) struct First {
    pub(crate) offset: i64,
    pub(crate) headers: Vec<(String, Option<Vec<u8>>)>,
    pub(crate) value: Option<Vec<u8>>,
}

/// Refuses the log of another application, before anything is written to it or said about it: every finding would be false.
///
/// It is one where it has events, or else outcomes, and this application reads none of the first ten of any partition. A log that has neither
/// may become one of any application.
///
/// # Errors
/// When it is one, or the cluster cannot be asked.
pub(crate) fn refuse<A: Application>(connection: &Connection<A>, topology: &Topology) -> anyhow::Result<()> {
    let mut events = Firsts::new(connection, &topology.topics.events)?;
    let mut outcomes = Firsts::new(connection, &topology.topics.outcomes)?;
    refuse_first(
        connection,
        topology,
        |partition| events.of(partition),
        |partition| outcomes.of(partition),
    )
}

/// The same by outcomes alone, which is what a client may read of a log.
///
/// # Errors
/// As those of [`refuse`].
pub(crate) fn refuse_outcomes<A: Application>(connection: &Connection<A>, topology: &Topology) -> anyhow::Result<()> {
    let mut outcomes = Firsts::new(connection, &topology.topics.outcomes)?;
    refuse_first(connection, topology, |_| Ok(Vec::new()), |partition| outcomes.of(partition))
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
    let topics = &topology.topics;
    if is_known(connection, &topics.events, topology.partitions, event, read_event::<A, A::Codec>)? {
        return Ok(());
    }
    is_known(
        connection,
        &topics.outcomes,
        topology.partitions,
        outcome,
        read_outcome::<A, A::Codec>,
    )?;
    Ok(())
}

/// Reads the first records of a topic.
struct Firsts<'t> {
    topic: &'t Topic,
    inspector: Inspector,
    walk: Walk,
}

impl<'t> Firsts<'t> {
    fn new(connection: &Connection<impl Application>, topic: &'t Topic) -> anyhow::Result<Self> {
        let settings = connection.settings()?;
        Ok(Self {
            topic,
            inspector: Inspector::new(&settings)?,
            walk: Walk::new(&settings, &topic.name)?,
        })
    }

    fn of(&mut self, partition: u32) -> anyhow::Result<Vec<First>> {
        let marks = self.inspector.watermarks(&self.topic.name, partition)?;
        let mut first = Vec::new();
        if marks.low >= marks.high {
            return Ok(first);
        }
        self.walk.begin(partition, marks.low, marks.high)?;
        while first.len() < FIRST_MAX
            && let Some(found) = next_committed(&mut self.walk)?
        {
            first.push(First {
                offset: found.offset,
                headers: found.headers,
                value: found.value,
            });
        }
        Ok(first)
    }
}

/// What a record says of the application that has written it.
enum Look {
    Known,
    /// And why.
    Strange(String),
    /// The registry does not have its schema: it may have lost it, and is to get it again.
    Untold,
}

fn look<A: Application, T>(
    codec: &mut A::Codec,
    registry: &Registry,
    decode: impl Fn(&mut A::Codec) -> Result<T, DecodeError>,
) -> Result<Look, RegistryError> {
    let id = match decode(codec) {
        Ok(_) => return Ok(Look::Known),
        Err(DecodeError::Malformed(reason)) => return Ok(Look::Strange(reason)),
        Err(DecodeError::UnknownSchema(id)) => id,
    };
    let Lookup::Found(schema) = registry.schema(id)? else {
        return Ok(Look::Untold);
    };
    Ok(match codec.learn(id, &schema).map(|()| decode(codec)) {
        Ok(Ok(_)) => Look::Known,
        Ok(Err(error)) => Look::Strange(error.to_string()),
        Err(reason) => Look::Strange(format!("schema {id}: {reason}")),
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
        for First { offset, headers, value } in first(partition)? {
            let header = headers.iter().rev().find(|(name, _)| name == SCHEMA_FINGERPRINT);
            let fingerprint = header.and_then(|(_, value)| schema_fingerprint(value.as_deref()?));
            let value = value.as_deref().unwrap_or_default();
            match look::<A, T>(&mut codec, &registry, |codec| decode(codec, fingerprint, value))? {
                Look::Known => return Ok(true),
                Look::Strange(reason) => strange = strange.or(Some((partition, offset, reason))),
                Look::Untold => {}
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
