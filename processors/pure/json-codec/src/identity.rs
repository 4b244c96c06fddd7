//! The identity of a command in JSON, which is read even where the command cannot be, so that its sender finds the answer.

use crate::shortened;
use decider::Identity;
use serde_json::Value;
use uuid::Uuid;

const UTF_8_BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
/// Longer names are cut.
const TEXT_CHARS_MAX: usize = 80;

/// The name of a payload, without its namespace.
pub fn name_of(payload: &Value) -> Option<&str> {
    match payload {
        // A payload without fields is often sent as its name alone.
        Value::String(name) => Some(unqualified(name)),
        Value::Object(named) if named.len() == 1 => named.keys().next().map(|name| unqualified(name)),
        Value::Object(_) | Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// What tells a sender that this was its command, whether or not it is one.
pub fn identity(command: &Value) -> Identity {
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
pub fn identity_of_text(text: &[u8]) -> Identity {
    let text = text.strip_prefix(UTF_8_BYTE_ORDER_MARK).unwrap_or(text);
    serde_json::from_slice(text).as_ref().map(identity).unwrap_or_default()
}

fn unqualified(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, name)| name)
}
