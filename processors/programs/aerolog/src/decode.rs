//! `aerolog decode`: Debian's kcat is built without Avro; this reads what it writes with -f '%R%s'.

use crate::{Connection, Verdict};
use anyhow::{Context, anyhow, bail};
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

/// No record is larger; a greater length means that the input is something else.
const VALUE_BYTES_MAX: usize = 16 << 20;

pub(crate) fn run(connection: &Connection, _: &Arguments) -> anyhow::Result<Verdict> {
    let registry = connection.registry()?;
    let mut known: BTreeMap<u32, Schema> = BTreeMap::new();
    let mut input = std::io::stdin().lock();
    let mut output = std::io::stdout().lock();
    let mut number = 0;
    while let Some(value) = next_value(&mut input).with_context(|| format!("value {}", number + 1))? {
        number += 1;
        let line = match schemas::unframe(&value) {
            Ok((id, body)) => {
                let schema = match known.entry(id) {
                    Entry::Occupied(entry) => entry.into_mut(),
                    Entry::Vacant(entry) => entry.insert(schema_of(&registry, id).with_context(|| format!("value {number}"))?),
                };
                schema.to_json(body).map_err(|reason| anyhow!("value {number}: {reason}"))?
            }
            // A JSON command, or a dead letter of any kind.
            Err(reason) => serde_json::from_slice(&value)
                .unwrap_or_else(|_| serde_json::json!({ "undecodable": reason, "text": String::from_utf8_lossy(&value) })),
        };
        writeln!(output, "{line}")?;
    }
    Ok(Verdict::Fine)
}

fn schema_of(registry: &Registry, id: u32) -> anyhow::Result<Schema> {
    let json = registry.schema(id)?.ok_or_else(|| anyhow!("the registry knows no schema {id}"))?;
    Schema::parse(&json).map_err(|reason| anyhow!("schema {id}: {reason}"))
}

/// `None` at the end of the input. kcat writes -1 as the length of a null.
fn next_value(input: &mut impl Read) -> anyhow::Result<Option<Vec<u8>>> {
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
    let mut value = vec![0; length];
    input.read_exact(&mut value).context("the input ends within a value")?;
    Ok(Some(value))
}

#[cfg(test)]
mod tests;
