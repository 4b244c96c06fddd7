//! Whether a log is one of this application.

use crate::reading::{fingerprint_of, next_committed};
use crate::{Connection, name};
use anyhow::bail;
use application::{Application, SchemaIds};
use decider::{Codec, DecodeError, read_event, read_outcome};
use stream::inspect::{Inspector, Walk};
use stream::registry::{Lookup, Registry, RegistryError};
use topology::{Topic, Topology};

/// Refuses the log of another application, before anything is written to it or said about it: every finding would be false.
///
/// It is one where it has events, or else outcomes, and no partition begins with one that this application reads. A log that has neither
/// may become one of any application.
///
/// # Errors
/// When it is one, or the cluster cannot be asked.
pub(crate) fn refuse<A: Application>(connection: &Connection<A>, topology: &Topology) -> anyhow::Result<()> {
    let events = &topology.topics.events;
    if is_known(connection, events, topology.partitions, read_event::<A, A::Codec>)? {
        return Ok(());
    }
    refuse_outcomes(connection, topology)
}

/// The same by outcomes alone, which is what a client may read of a log.
///
/// # Errors
/// As those of [`refuse`].
pub(crate) fn refuse_outcomes<A: Application>(connection: &Connection<A>, topology: &Topology) -> anyhow::Result<()> {
    let outcomes = &topology.topics.outcomes;
    is_known(connection, outcomes, topology.partitions, read_outcome::<A, A::Codec>)?;
    Ok(())
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
    decode: impl Fn(&mut A::Codec, Option<u64>, &[u8]) -> Result<T, DecodeError>,
) -> anyhow::Result<bool> {
    let (settings, registry) = (connection.settings()?, connection.registry()?);
    let (inspector, mut walk) = (Inspector::new(&settings)?, Walk::new(&settings, &topic.name)?);
    let mut codec = A::codec(SchemaIds::UNKNOWN);
    let mut strange = None;
    for partition in 0..partitions {
        let marks = inspector.watermarks(&topic.name, partition)?;
        if marks.low >= marks.high {
            continue;
        }
        walk.begin(partition, marks.low, marks.high)?;
        let Some(found) = next_committed(&mut walk)? else { continue };
        let (fingerprint, value) = (fingerprint_of(&found), found.value.as_deref().unwrap_or_default());
        match look::<A, T>(&mut codec, &registry, |codec| decode(codec, fingerprint, value))? {
            Look::Known => return Ok(true),
            Look::Strange(reason) => strange = strange.or(Some((partition, found.offset, reason))),
            Look::Untold => {}
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
