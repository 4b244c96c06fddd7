//! For those who send commands: their bytes, their JSON, and ids that follow from what is asked.

use crate::binary::put_frame;
use crate::commands::{BRANCHES, branch_of, own_id, put_command, put_payload};
use crate::released::Content;
use decider::CommandEnvelope;
use domain::Command;
use uuid::Uuid;

/// Of ids that are made from what is asked. Never to change: a repeated import is recognised by it.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1d_3a52_94c8_4e0b_9a57_0c4b_8f62_d1e3);

/// The record's value: a frame with `schema_id`, the registry's id of the latest command schema, and the body.
pub fn command_to_avro(envelope: &CommandEnvelope<Command>, schema_id: u32) -> Vec<u8> {
    let mut value = Vec::with_capacity(256);
    put_frame(schema_id, &mut value);
    put_command(envelope, &mut value);
    value
}

/// The record's value for the header `content-type: application/json`.
pub fn command_to_json(envelope: &CommandEnvelope<Command>) -> serde_json::Value {
    let mut body = Vec::with_capacity(256);
    put_command(envelope, &mut body);
    Content::Command.schema().to_json(&body).expect("what was just written can be read")
}

/// The name of the command for the record header `type`.
pub fn command_type(command: &Command) -> &'static str {
    BRANCHES[branch_of(command)]
}

/// The same id for the same command to the same aggregate, so that sending it again changes nothing. It follows from the
/// command's bytes, so a later version of the schema gives other ids to commands that it writes otherwise.
pub fn command_id_of(aggregate_id: &str, command: &Command) -> Uuid {
    let mut content = Vec::with_capacity(256);
    content.extend_from_slice(aggregate_id.as_bytes());
    content.push(0);
    put_payload(own_id(aggregate_id), command, &mut content);
    Uuid::new_v5(&NAMESPACE, &content)
}

#[cfg(test)]
mod tests;
