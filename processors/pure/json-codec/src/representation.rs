//! How a domain whose values have serde looks from outside.

use decider::{Domain, Parts, Representation};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io;

/// A state is stored as one part, in JSON; commands and events are called as their variants are in JSON.
///
/// A decision writes the whole state, however little of it has changed: for aggregates that stay small, of some kilobytes. A domain with larger
/// ones says itself in which parts they are stored.
#[derive(Debug)]
pub struct Json;

/// The key of the only part.
const STATE: &[u8] = b"state";
/// In memory, text is about as long as in JSON, and numbers, lists and maps are longer.
const MEMORY_PER_JSON: usize = 2;

impl<D> Representation<D> for Json
where
    D: Domain<Command: Serialize, Event: Serialize, State: Serialize + DeserializeOwned>,
{
    const IS_WHOLE: bool = true;

    /// An estimate from the length of the JSON, which is not kept: it costs about as much as storing the state does.
    fn size_bytes(state: &D::State) -> usize {
        let mut length = Length(0);
        write(state, &mut length);
        size_of::<D::State>() + MEMORY_PER_JSON * length.0
    }

    fn store(after: &D::State, _: &D::Event, parts: &mut Parts<'_>) {
        let mut value = Vec::new();
        write(after, &mut value);
        parts.put(STATE, value);
    }

    fn load(_: &str, parts: &mut dyn Iterator<Item = (&[u8], &[u8])>) -> Result<D::State, String> {
        let (key, value) = parts.next().ok_or("the state is missing")?;
        let other = if key == STATE {
            parts.next().map(|(key, _)| key)
        } else {
            Some(key)
        };
        if let Some(other) = other {
            let other = String::from_utf8_lossy(other);
            return Err(format!(
                "it has a part {other:?} of a former form of states: raise STATE_VERSION, so that they are rebuilt"
            ));
        }
        let raise = |error| format!("the stored state cannot be read: {error}; where its type has changed, raise STATE_VERSION");
        serde_json::from_slice(value).map_err(raise)
    }

    fn command_type(command: &D::Command) -> &'static str {
        name(command)
    }

    fn event_type(event: &D::Event) -> &'static str {
        name(event)
    }
}

/// # Panics
/// When the domain's serde implementation fails, or has maps whose keys are no text.
fn write(state: &impl Serialize, out: impl io::Write) {
    serde_json::to_writer(out, state).unwrap_or_else(|error| panic!("the state cannot be written as JSON: {error}"));
}

/// The variant's name; of what is no enum in JSON's usual form, that of the type.
fn name<T: Serialize>(value: &T) -> &'static str {
    serde_variant::to_variant_name(value).unwrap_or_else(|_| {
        let path = std::any::type_name::<T>();
        path.rsplit("::").next().unwrap_or(path)
    })
}

/// Counts what is written.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
