//! A command of the airline as it was decoded.

use crate::commands;
use domain::{AggregateId, Rejection};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A command as it was decoded: what is asked of an aggregate, or why it cannot even be asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    pub id: AggregateId,
    pub command: Result<domain::Command, Invalid>,
}

/// The type of a command that this build does not know.
const UNKNOWN: &str = "Unknown";

/// A command of which a field holds what it may not.
#[derive(Debug, Clone, PartialEq)]
pub struct Invalid {
    /// Its rule is `invalid-value`.
    pub rejection: Rejection,
    /// The name of the payload, or `Unknown`.
    pub command_type: &'static str,
    /// What was asked, as JSON in the latest schema, keys in order and without those that are null.
    pub asked: String,
}

impl Invalid {
    /// With all that the command asks for.
    pub(crate) fn of(rejection: Rejection, expected_version: &Value, payload: &Value) -> Self {
        let asked = json_codec::without_nulls(json!([expected_version, payload]));
        let name = json_codec::name_of(payload);
        let known = commands::BRANCHES.into_iter().find(|known| name == Some(*known));
        Self {
            rejection,
            command_type: known.unwrap_or(UNKNOWN),
            asked: asked.to_string(),
        }
    }
}

/// The rejection of a command in which the value at `path` cannot be.
pub(crate) fn invalid_value(path: &str, reason: &str) -> Rejection {
    Rejection {
        rule: "invalid-value",
        message: format!("{path}: {reason}"),
        facts: vec![BTreeMap::from([("field", path.to_owned()), ("problem", reason.to_owned())])],
    }
}
