//! Instants as text, RFC 3339.

use crate::shortened;
use jiff::Timestamp;
use serde_json::Value;

/// Of a value that an error quotes.
const VALUE_CHARS_SHOWN: usize = 80;

/// With three fractional digits. Far outside of the calendar there is no text: the milliseconds are shown then.
pub fn instant_text(ms: i64) -> Value {
    let text = Timestamp::from_millisecond(ms).map(|instant| format!("{instant:.3}"));
    text.map_or(ms.into(), Value::from)
}

/// Milliseconds since the epoch, from text such as [`instant_text`] writes, or from their number.
///
/// # Errors
/// What is wrong with the value, to be read after its name.
pub fn instant(value: &Value) -> Result<i64, String> {
    if let Some(ms) = value.as_i64() {
        return Ok(ms);
    }
    let differs = |expected: &str| {
        let found = shortened(value.to_string(), VALUE_CHARS_SHOWN);
        format!("is {found} where {expected} belongs")
    };
    let expected = "an instant such as 2008-01-31T18:05:00Z";
    let text = value.as_str().ok_or_else(|| differs(expected))?;
    let instant: Timestamp = text.parse().map_err(|error| format!("{}: {error}", differs(expected)))?;
    if instant.subsec_nanosecond() % 1_000_000 != 0 {
        return Err(differs("an instant to the millisecond"));
    }
    Ok(instant.as_millisecond())
}
