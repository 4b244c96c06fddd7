//! Payloads of a later version than this build knows: what is said of them.
//!
//! An event of a later version is a fact that this build cannot apply: its reader stops there, and says which build is needed. A command
//! of a later version is refused, like any other command that cannot be decided here: its sender gets an answer, and no partition stops.

use crate::problem::shortened;
use crate::released::{Content, Released};
use crate::schema::unqualified;
use domain::Rejection;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The rule by which a command is refused that is not known.
pub const UNKNOWN_COMMAND: &str = "unknown-command";

/// Longer names are no names.
const NAME_CHARS_MAX: usize = 80;

/// The version that a schema of ours has: an attribute of its record, from the second version on.
pub(crate) fn version_of(schema_json: &str) -> Option<u64> {
    let schema: Value = serde_json::from_str(schema_json).ok()?;
    schema.get("schema_version")?.as_u64()
}

/// A payload that this build does not know.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Unknown {
    pub(crate) name: String,
    /// As it was sent, its name included.
    pub(crate) payload: Value,
}

impl Unknown {
    /// The payload of a value that was read with its writer's schema. A payload that is no union there is named as one of ours would be.
    pub(crate) fn of(name: String, mut value: Value) -> Self {
        let payload = value.get_mut("payload").map(Value::take).unwrap_or_default();
        let is_named = payload
            .as_object()
            .is_some_and(|object| object.len() == 1 && object.contains_key(&name));
        let payload = if is_named { payload } else { json!({ &name: payload }) };
        Self { name, payload }
    }
}

/// The payload, if it is one that this version does not have. Another one takes its place, so that the rest can be read.
pub(crate) fn take_unknown_payload(known: &Released, value: &mut Value) -> Option<Unknown> {
    let payload = value.get_mut("payload")?;
    let object = payload.as_object().filter(|object| object.len() == 1)?;
    let name = unqualified(object.keys().next()?);
    let plain = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic()) && name.chars().all(plain);
    if !is_name || known.payload_names().contains(&name) {
        return None;
    }
    let name = shortened(name.to_owned(), NAME_CHARS_MAX);
    let other = json!({ stand_in(known.content)?: {} });
    let payload = std::mem::replace(payload, other);
    Some(Unknown { name, payload })
}

/// The payload that takes the place of an unknown one.
pub(crate) fn stand_in(content: Content) -> Option<&'static str> {
    match content {
        Content::Command => Some("RetireAirplane"),
        Content::Event => Some("AirplaneRetired"),
        Content::Outcome => None,
    }
}

/// Says which build can read an event that this one cannot. `version` is what its schema says of itself.
pub(crate) fn needed_build(event: &str, schema_id: u32, version: Option<u64>, known: u32) -> String {
    let version = version.map_or("a later event schema".to_owned(), |version| {
        format!("event schema version {version}")
    });
    format!(
        "needs a build that knows event {event} ({version}, schema id {schema_id}); this build knows event schema version {known}. \
         It is not skipped: upgrade this process, and it goes on from here"
    )
}

/// The answer to a command that this build does not know.
pub(crate) fn unknown_command(name: &str, known: u32) -> Rejection {
    Rejection {
        rule: UNKNOWN_COMMAND,
        message: format!(
            "there is no command {name} in command schema version {known}, which is the latest that the processor of this partition knows; \
             if a later version has it, upgrade the processors and send it again with a new command_id"
        ),
        facts: vec![BTreeMap::from([
            ("command", name.to_owned()),
            ("known_schema_version", known.to_string()),
        ])],
    }
}

#[cfg(test)]
mod tests;
