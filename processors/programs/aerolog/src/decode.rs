//! `aerolog decode`: Debian's kcat is built without Avro; this reads what it writes with -f.

mod format;

use crate::{Connection, Verdict};
use anyhow::Context;
use clap::Args;
use format::Format;
use schemas::Schema;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::Write;
use stream::registry::Registry;

/// Reads records from standard input as kcat writes them, and prints each as a line of JSON.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// What kcat was given with -f. With more than the value in it, each line is an envelope: topic, partition, offset, timestamp_ms, key, headers, as
    /// far as the format has them, and value
    #[arg(long, short, value_name = "FORMAT", default_value = "%R%s", value_parser = Format::parse)]
    format: Format,
}

const EXAMPLES: &str = "\
Examples:
  kcat -C -b localhost:9092 -t schedule.events -e -q -f '%R%s' | aerolog decode
  kcat -C -b localhost:9092 -t schedule.events -e -q -f '%p %o %T %K:%k [%h] %R%s' | aerolog decode -f '%p %o %T %K:%k [%h] %R%s'

Tokens are kcat's: %t topic, %p partition, %o offset, %T timestamp, %h headers, %K and %k key, %R or %S and %s value. The value needs its
length before it (%R in four bytes, %S as a number); every other text and number needs something that ends it.";

/// Schemas that are kept, or known to be missing.
const SCHEMAS_MAX: usize = 10_000;

pub(crate) fn run(connection: &Connection, arguments: &Arguments) -> anyhow::Result<Verdict> {
    let registry = connection.registry()?;
    let mut known = Schemas::new();
    let mut input = std::io::stdin().lock();
    let mut output = std::io::stdout().lock();
    let mut number = 0;
    let with_envelope = !arguments.format.is_of_values_alone();
    while let Some(record) = arguments
        .format
        .read(&mut input)
        .with_context(|| format!("record {}", number + 1))?
    {
        number += 1;
        let value = &record.value;
        let line = match decoded(&registry, &mut known, value).with_context(|| format!("record {number}"))? {
            Ok(json) => json,
            // A JSON command, or a dead letter of any kind.
            Err(reason) => serde_json::from_slice(value)
                .unwrap_or_else(|_| serde_json::json!({ "undecodable": reason, "text": String::from_utf8_lossy(value) })),
        };
        let line = if with_envelope { record.envelope(line) } else { line };
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
