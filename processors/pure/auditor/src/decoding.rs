//! Bytes to envelopes, with schemas that are learned when they are first met.

use decider::{Codec, Domain, EventEnvelope, Outcome, WriterSchema, decode_learning, read_event, read_outcome};
use std::collections::BTreeMap;

/// Records or schemas could not be read: nothing can be said about the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(pub String);

/// Where schemas come from: the schema of an id, or why there is none. An error means that it is not known now.
pub type Schemas<'s> = Box<dyn FnMut(u32) -> Result<Result<WriterSchema, String>, SourceError> + 's>;

pub(crate) struct Decoding<'s, C> {
    pub(crate) codec: C,
    schemas: Schemas<'s>,
    /// Why schemas cannot be used.
    unusable: BTreeMap<u32, String>,
}

impl<'s, C> Decoding<'s, C> {
    pub(crate) fn new(codec: C, schemas: Schemas<'s>) -> Self {
        Self {
            codec,
            schemas,
            unusable: BTreeMap::new(),
        }
    }

    /// The event, or why the bytes are none.
    pub(crate) fn event<D: Domain>(
        &mut self,
        fingerprint: Option<u64>,
        value: &[u8],
    ) -> Result<Result<EventEnvelope<D::Event>, String>, SourceError>
    where
        C: Codec<D>,
    {
        let Self { codec, schemas, unusable } = self;
        decode_learning(
            codec,
            |codec| read_event::<D, C>(codec, fingerprint, value),
            |codec, id| learn::<D, C>(codec, schemas, unusable, id),
        )
    }

    /// The outcome, or why the bytes are none.
    pub(crate) fn outcome<D: Domain>(&mut self, fingerprint: Option<u64>, value: &[u8]) -> Result<Result<Outcome, String>, SourceError>
    where
        C: Codec<D>,
    {
        let Self { codec, schemas, unusable } = self;
        decode_learning(
            codec,
            |codec| read_outcome::<D, C>(codec, fingerprint, value),
            |codec, id| learn::<D, C>(codec, schemas, unusable, id),
        )
    }

    /// Makes a schema known; `Some` says why it cannot be.
    pub(crate) fn learn<D: Domain>(&mut self, id: u32) -> Result<Option<String>, SourceError>
    where
        C: Codec<D>,
    {
        let Self { codec, schemas, unusable } = self;
        Ok(learn::<D, C>(codec, schemas, unusable, id)?.err())
    }
}

/// Asks for a schema once: why it cannot be used is remembered.
fn learn<D: Domain, C: Codec<D>>(
    codec: &mut C,
    schemas: &mut Schemas<'_>,
    unusable: &mut BTreeMap<u32, String>,
    id: u32,
) -> Result<Result<(), String>, SourceError> {
    if let Some(reason) = unusable.get(&id) {
        return Ok(Err(reason.clone()));
    }
    let learned = match schemas(id)? {
        Err(reason) => Err(reason),
        Ok(schema) => codec.learn(id, &schema).map_err(|reason| format!("schema id {id}: {reason}")),
    };
    if let Err(reason) = &learned {
        unusable.insert(id, reason.clone());
    }
    Ok(learned)
}
