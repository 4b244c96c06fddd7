//! Bytes to envelopes, with schemas that are learned when they are first met.

use decider::{Codec, DecodeError, Domain, EventEnvelope, Outcome, WriterSchema};
use std::collections::BTreeMap;

/// Records or schemas could not be read: nothing can be said about the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(pub String);

/// Where schemas come from: the schema of an id, or why there is none. An error means that it cannot be told now.
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
        loop {
            match self.codec.decode_event_of(fingerprint, value) {
                Ok(event) => return Ok(Ok(event)),
                Err(DecodeError::Malformed(reason)) => return Ok(Err(reason)),
                Err(DecodeError::UnknownSchema(id)) => {
                    if let Some(reason) = self.learn::<D>(id)? {
                        return Ok(Err(reason));
                    }
                }
            }
        }
    }

    /// The outcome, or why the bytes are none.
    pub(crate) fn outcome<D: Domain>(&mut self, fingerprint: Option<u64>, value: &[u8]) -> Result<Result<Outcome, String>, SourceError>
    where
        C: Codec<D>,
    {
        loop {
            match self.codec.decode_outcome_of(fingerprint, value) {
                Ok(outcome) => return Ok(Ok(outcome)),
                Err(DecodeError::Malformed(reason)) => return Ok(Err(reason)),
                Err(DecodeError::UnknownSchema(id)) => {
                    if let Some(reason) = self.learn::<D>(id)? {
                        return Ok(Err(reason));
                    }
                }
            }
        }
    }

    /// Makes a schema known; `Some` says why it cannot be.
    pub(crate) fn learn<D: Domain>(&mut self, id: u32) -> Result<Option<String>, SourceError>
    where
        C: Codec<D>,
    {
        if let Some(reason) = self.unusable.get(&id) {
            return Ok(Some(reason.clone()));
        }
        let learned = match (self.schemas)(id)? {
            Err(reason) => Err(reason),
            Ok(schema) => self.codec.learn(id, &schema).map_err(|reason| format!("schema id {id}: {reason}")),
        };
        if let Err(reason) = &learned {
            self.unusable.insert(id, reason.clone());
        }
        Ok(learned.err())
    }
}
