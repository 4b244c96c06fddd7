//! The parts that may be left out of a command that is typed as JSON, though its schema requires it of Avro: in JSON the branch is named and unknown fields
//! are refused, so that nothing can be mistaken for something else.

use crate::commands::{own_id, own_id_field};
use crate::schema::unqualified;
use crate::values::EVERY_AIRCRAFT_TYPE;
use serde_json::{Map, Value};

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

fn fill(fields: &mut Map<String, Value>, field: &str, value: Value) {
    let found = fields.entry(field).or_insert(Value::Null);
    if found.is_null() {
        *found = value;
    }
}

#[cfg(test)]
mod tests;
