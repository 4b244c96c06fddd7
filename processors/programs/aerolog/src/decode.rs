//! `aerolog decode`: Debian's kcat is built without Avro; this reads what it writes with -f '%R%s'.

use crate::{Connection, Verdict};
use anyhow::{Context, bail};
use clap::Args;
use schemas::Schema;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::{ErrorKind, Read, Write};
use stream::registry::Registry;

/// Reads values from standard input, each with four bytes of length before it, and prints each as a line of JSON.
#[derive(Args)]
#[command(after_help = "Example: kcat -C -b localhost:9092 -t schedule.events -e -q -f '%R%s' | aerolog decode")]
pub(crate) struct Arguments {}

/// A greater length means that the input is something else: the first four characters of a text say more than this.
const VALUE_BYTES_MAX: usize = 512 << 20;
/// Schemas that are kept, or known to be missing.
const SCHEMAS_MAX: usize = 10_000;

pub(crate) fn run(connection: &Connection, _: &Arguments) -> anyhow::Result<Verdict> {
    let registry = connection.registry()?;
    let mut known = Schemas::new();
    let mut input = std::io::stdin().lock();
    let mut output = std::io::stdout().lock();
    let mut number = 0;
    while let Some(value) = next_value(&mut input).with_context(|| format!("value {}", number + 1))? {
        number += 1;
        let line = match decoded(&registry, &mut known, &value).with_context(|| format!("value {number}"))? {
            Ok(json) => json,
            // A JSON command, or a dead letter of any kind.
            Err(reason) => serde_json::from_slice(&value)
                .unwrap_or_else(|_| serde_json::json!({ "undecodable": reason, "text": String::from_utf8_lossy(&value) })),
        };
        writeln!(output, "{line}")?;
    }
    Ok(Verdict::Fine)
}

/// Schemas by id, or why their records cannot be read.
type Schemas = BTreeMap<u32, Result<Schema, String>>;

/// What a value says, or why it is none of ours. An error where the registry cannot be asked.
fn decoded(registry: &Registry, known: &mut Schemas, value: &[u8]) -> anyhow::Result<Result<serde_json::Value, String>> {
    let (id, body) = match schemas::unframe(value) {
        Ok(framed) => framed,
        Err(reason) => return Ok(Err(reason.to_string())),
    };
    if known.len() >= SCHEMAS_MAX {
        known.clear();
    }
    let schema = match known.entry(id) {
        Entry::Occupied(entry) => entry.into_mut(),
        Entry::Vacant(entry) => entry.insert(schema_of(registry, id)?),
    };
    Ok(match schema {
        Ok(schema) => schema.to_json(body).map_err(|reason| reason.to_string()),
        Err(reason) => Err(reason.clone()),
    })
}

fn schema_of(registry: &Registry, id: u32) -> anyhow::Result<Result<Schema, String>> {
    let found = registry.schema(id)?.into_result();
    Ok(found.and_then(|schema| Schema::of_writer(&schema).map_err(|reason| format!("schema {id}: {reason}"))))
}

/// `None` at the end of the input. kcat writes -1 as the length of a null.
fn next_value(mut input: impl Read) -> anyhow::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match input.read_exact(&mut length) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let length = match i32::from_be_bytes(length) {
        -1 => 0,
        length => usize::try_from(length).unwrap_or(usize::MAX),
    };
    if length > VALUE_BYTES_MAX {
        bail!("a length of {length} bytes: is this what kcat -f '%R%s' writes?");
    }
    // As it comes, not as large as it says.
    let mut value = Vec::new();
    input.take(length as u64).read_to_end(&mut value)?;
    if value.len() < length {
        bail!("the input ends within a value");
    }
    Ok(Some(value))
}

#[cfg(test)]
mod tests;
