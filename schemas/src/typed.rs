//! Commands as JSON: what can be read of any of them, and what may be left out of one that is typed, though its schema requires it of Avro: there the branch is named and unknown
//! fields are refused, so that nothing can be mistaken for something else.

use crate::commands::{own_id, own_id_field};
use crate::problem::shortened;
use crate::schema::unqualified;
use crate::values::EVERY_AIRCRAFT_TYPE;
use decider::Identity;
use serde_json::{Map, Value};
use uuid::Uuid;

const UTF_8_BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
/// Longer names are cut.
const TEXT_CHARS_MAX: usize = 80;

/// Fills in what was left out or is null.
pub(crate) fn complete(command: &mut Value) {
    let own_id = command.get("aggregate_id").and_then(Value::as_str).map(own_id);
    let own_id = Value::from(own_id.unwrap_or_default());
    let payload = command
        .get_mut("payload")
        .and_then(Value::as_object_mut)
        .filter(|named| named.len() == 1);
    let Some((name, Value::Object(fields))) = payload.and_then(|named| named.iter_mut().next()) else {
        return;
    };
    let name = unqualified(name);
    if let Some(field) = own_id_field(name) {
        fill(fields, field, own_id);
    }
    match name {
        "SetMinimumGroundTime" => fill(fields, "aircraft_type", EVERY_AIRCRAFT_TYPE.into()),
        "CorrectAirport" => ["name", "zone"].into_iter().for_each(|field| fill(fields, field, Value::Null)),
        _ => {}
    }
}

/// Whether a field of a command's payload may be left out in JSON: [`complete`] fills it in.
pub(crate) fn may_be_left_out(command: &str, field: &str) -> bool {
    own_id_field(command) == Some(field)
        || matches!(
            (command, field),
            ("SetMinimumGroundTime", "aircraft_type") | ("CorrectAirport", "name" | "zone")
        )
}

/// The name of a payload, without its namespace.
pub(crate) fn name_of(payload: &Value) -> Option<&str> {
    match payload {
        // A payload without fields is often sent as its name alone.
        Value::String(name) => Some(unqualified(name)),
        Value::Object(named) if named.len() == 1 => named.keys().next().map(|name| unqualified(name)),
        Value::Object(_) | Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// What tells a sender that this was its command, whether or not it is one.
pub(crate) fn identity(command: &Value) -> Identity {
    let text = |text: &str| shortened(text.to_owned(), TEXT_CHARS_MAX);
    Identity {
        command_id: command
            .get("command_id")
            .and_then(Value::as_str)
            .and_then(|id| Uuid::try_parse(id).ok()),
        command_type: command.get("payload").and_then(name_of).map(text),
        issued_by: command.get("issued_by").and_then(Value::as_str).map(text),
    }
}

/// As [`identity`], of text that may be no JSON, or JSON with a mistake that a command may not have.
pub(crate) fn identity_of_text(text: &[u8]) -> Identity {
    let text = text.strip_prefix(UTF_8_BYTE_ORDER_MARK).unwrap_or(text);
    serde_json::from_slice(text).as_ref().map(identity).unwrap_or_default()
}

fn fill(fields: &mut Map<String, Value>, field: &str, value: Value) {
    let found = fields.entry(field).or_insert(Value::Null);
    if found.is_null() {
        *found = value;
    }
}

#[cfg(test)]
mod tests;
