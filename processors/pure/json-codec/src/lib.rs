//! Commands, events and outcomes as JSON, for domains whose values have serde and need no registry; and JSON as clients write it. Pure.
//!
//! [`JsonCodec`] is the codec of such a domain, and [`Json`] the form of its stored states. Events are kept for ever: [`EventForms`] says how a domain reads the forms of before.
#![deny(clippy::wildcard_enum_match_arm)]

mod codec;
mod forms;
mod identity;
mod instants;
mod representation;
mod strict;

pub use codec::JsonCodec;
pub use forms::{EventForms, OneForm};
pub use identity::{identity, identity_of_text, name_of};
pub use instants::{instant, instant_text};
pub use representation::Json;
pub use strict::parse;

use serde_json::Value;

/// The record header `content-type` of JSON.
pub const CONTENT_TYPE: &str = "application/json";

/// What was sent is quoted in outcomes and dead letters, and must not make them larger than the record that they answer.
const REASON_CHARS_MAX: usize = 300;

/// The value without the members of objects that are null, as they may be left out.
pub fn without_nulls(mut value: Value) -> Value {
    match &mut value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(|member| *member = without_nulls(member.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = without_nulls(item.take())),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    value
}

/// At most `chars_max` characters of a text, and an ellipsis for the rest.
fn shortened(mut text: String, chars_max: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(chars_max) {
        text.truncate(end);
        text.push('…');
    }
    text
}
