//! Everything that is written to topics: the Avro schemas, and the airline's commands, events and outcomes in their bytes. Pure.
//!
//! Serialization stops here: `domain` knows no bytes, and this crate decides nothing. Reading order: `released` (the schemas),
//! `avro_codec` (records on Kafka), then the bytes: `commands`, `events`, `outcomes` over `values` over `binary`; `schema` and `resolve`
//! for the bytes of other schemas, `json` for JSON.
#![deny(clippy::wildcard_enum_match_arm)]

mod avro_codec;
mod binary;
mod client;
mod command;
mod commands;
mod events;
mod json;
mod later;
mod outcomes;
mod problem;
mod released;
mod resolve;
#[cfg(test)]
mod samples;
mod schema;
mod typed;
mod values;

pub use avro_codec::AvroCodec;
pub use client::{command_id_of, command_to_avro, command_to_json, command_type};
pub use command::{Command, Invalid};
pub use decider::SchemaIds;
pub use events::event_type;
pub use later::UNKNOWN_COMMAND;
pub use released::{Compatibility, Content, RELEASED, Released};
pub use schema::{SCHEMA_BYTES_MAX, Schema};

/// JSON as a command on the topic is read, before it is known whether it is a command.
///
/// # Errors
/// What is wrong with it: a key that occurs twice at any depth, a byte order mark, bytes that are not UTF-8, or no JSON.
pub fn parse_typed_json(bytes: &[u8]) -> Result<serde_json::Value, String> {
    json_codec::parse(bytes).map_err(|reason| format!("the value {reason}"))
}

/// Whether a field of a command's payload may be left out in JSON, though the schema requires it.
pub fn may_be_left_out(command: &str, field: &str) -> bool {
    typed::may_be_left_out(command, field)
}
