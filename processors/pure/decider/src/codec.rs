//! Bytes on topics to envelopes and back; `airline` implements it for Avro, and `json-codec` for JSON.

use crate::{CommandEnvelope, Domain, EventEnvelope, Outcome};
use uuid::Uuid;

/// Why a value could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not known yet: to be fetched from the registry, learned, and tried again. Unknown to the registry too, it is a dead letter.
    #[error("schema id {0} is not known")]
    UnknownSchema(u32),
    /// The bytes are no such value; a dead letter.
    #[error("{0}")]
    Malformed(String),
}

/// The schema that a value was written with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriterSchema {
    pub json: String,
    /// The schemas that it refers to by name, each after those that it refers to itself.
    pub references: Vec<String>,
}

impl From<&str> for WriterSchema {
    fn from(json: &str) -> Self {
        let json = json.to_owned();
        Self {
            json,
            references: Vec::new(),
        }
    }
}

/// The header of events and outcomes that names the schema of their value: 16 hexadecimal digits. A schema id means what the registry of its day says;
/// this is in the log.
pub const SCHEMA_FINGERPRINT: &str = "schema-fingerprint";

/// The fingerprint in a header of that name; `None` where it is none.
pub fn schema_fingerprint(header: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(header).ok().filter(|text| text.len() == 16)?;
    u64::from_str_radix(text, 16).ok()
}

/// Decodes a value, and learns its schema where that is not known yet: the value, or why it can never be read.
///
/// `learn` makes a schema known to the codec, or says why its records cannot be read.
///
/// # Errors
/// That of `learn`, which says that the schema cannot be had now.
pub fn decode_learning<C, V, E>(
    codec: &mut C,
    mut decode: impl FnMut(&mut C) -> Result<V, DecodeError>,
    learn: impl FnOnce(&mut C, u32) -> Result<Result<(), String>, E>,
) -> Result<Result<V, String>, E> {
    let id = match decode(codec) {
        Ok(value) => return Ok(Ok(value)),
        Err(DecodeError::Malformed(reason)) => return Ok(Err(reason)),
        Err(DecodeError::UnknownSchema(id)) => id,
    };
    if let Err(reason) = learn(codec, id)? {
        return Ok(Err(reason));
    }
    // A value names one schema: what is still unknown after that was learned stays so.
    Ok(decode(codec).map_err(|error| match error {
        DecodeError::Malformed(reason) => reason,
        DecodeError::UnknownSchema(id) => format!("schema id {id} is not known, though its schema was learned"),
    }))
}

/// The ids under which the registry knows the latest schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchemaIds {
    pub command: u32,
    pub event: u32,
    pub outcome: u32,
}

impl SchemaIds {
    /// Ids that no registry gives, because they are signed 32-bit numbers there: for readers, which need no ids of their own.
    pub const UNKNOWN: Self = Self {
        command: u32::MAX,
        event: u32::MAX - 1,
        outcome: u32::MAX - 2,
    };
}

/// What the headers of encoded events and outcomes say of their values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WrittenWith {
    /// The header `content-type`.
    pub content_type: Option<&'static str>,
    /// The fingerprints of their schemas.
    pub event: Option<u64>,
    pub outcome: Option<u64>,
}

/// What can be read of a record that is no command, so that its sender finds what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    pub command_id: Option<Uuid>,
    /// The name of the payload.
    pub command_type: Option<String>,
    /// Who says to have sent it.
    pub issued_by: Option<String>,
}

/// How a domain's records are written. Schemas are learned by id; everything else is pure.
pub trait Codec<D: Domain>: Send {
    /// `content_type` is the record header of that name.
    fn decode_command(&mut self, content_type: Option<&[u8]>, value: &[u8]) -> Result<CommandEnvelope<D::Command>, DecodeError>;

    /// As much as can be read of a value that [`Self::decode_command`] refuses. Each text has at most some hundred bytes.
    fn identify(&mut self, _content_type: Option<&[u8]>, _value: &[u8]) -> Identity {
        Identity::default()
    }

    /// Appends bytes that say what a command asks for, from which its [`crate::Fingerprint`] is made. They follow from the decoded
    /// command alone: the same for every form in which it can be sent, whatever the order of its fields, and other ones for every
    /// command that asks for something else.
    ///
    /// Fingerprints are compared over weeks and over upgrades: of a command that could be sent before, the bytes never change. A field
    /// that a later version adds contributes nothing where it has its default.
    fn encode_meaning(&mut self, command: &D::Command, out: &mut Vec<u8>);

    /// The schema id that has to be learned before the value can be decoded as a command, if there is one.
    fn missing_schema(&self, _content_type: Option<&[u8]>, _value: &[u8]) -> Option<u32> {
        None
    }

    /// Makes a writer's schema known. An error says why it cannot be read with ours; its records are dead letters then.
    fn learn(&mut self, schema_id: u32, schema: &WriterSchema) -> Result<(), String>;

    /// Appends the value's bytes to `out`.
    fn encode_event(&mut self, event: &EventEnvelope<D::Event>, out: &mut Vec<u8>);

    fn decode_event(&mut self, value: &[u8]) -> Result<EventEnvelope<D::Event>, DecodeError>;

    /// What the headers of encoded events and outcomes are to say; no fingerprint where values have no schema.
    fn written_with(&self) -> WrittenWith {
        WrittenWith::default()
    }

    /// As [`Self::decode_event`], of a record whose header says which schema its value has, whatever the id in it means by now.
    fn decode_event_of(&mut self, _fingerprint: Option<u64>, value: &[u8]) -> Result<EventEnvelope<D::Event>, DecodeError> {
        self.decode_event(value)
    }

    /// As [`Self::decode_outcome`], of a record whose header says which schema its value has.
    fn decode_outcome_of(&mut self, _fingerprint: Option<u64>, value: &[u8]) -> Result<Outcome, DecodeError> {
        self.decode_outcome(value)
    }

    /// Appends the value's bytes to `out`.
    fn encode_outcome(&mut self, outcome: &Outcome, out: &mut Vec<u8>);

    fn decode_outcome(&mut self, value: &[u8]) -> Result<Outcome, DecodeError>;
}

#[cfg(test)]
mod tests;
