//! `decode`: Debian's kcat is built without Avro; this reads what it writes with -f.

mod format;

use crate::{Connection, Verdict};
use anyhow::Context;
use application::{Application, Shown, unframe};
use clap::Args;
pub use format::{Format, ReadError, Record};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::Write;
use stream::registry::Registry;

/// Reads records from standard input as kcat writes them, and prints each as a line of JSON.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Arguments {
    /// What kcat was given with -f. With more than the value in it, each line is an envelope: topic, partition, offset, timestamp_ms, key, headers,
    /// as far as the format has them, and value
    #[arg(long, short, value_name = "FORMAT", value_parser = Format::parse, default_value = FORMAT)]
    format: Format,
}

/// The value of each record, after its length.
pub const FORMAT: &str = "%R%s";

const EXAMPLES: &str = "\
Examples:
  kcat -C -b localhost:9092 -t {prefix}.events -e -q -f '%R%s' | {program} decode
  kcat -C -b localhost:9092 -t {prefix}.events -e -q -f '%p %o %T %K:%k [%h] %R%s' | {program} decode -f '%p %o %T %K:%k [%h] %R%s'

Tokens are kcat's: %t topic, %p partition, %o offset, %T timestamp, %h headers, %K and %k key, %R or %S and %s value. The value needs its
length before it (%R in four bytes, %S as a number); every other text and number needs something that ends it.";

/// Schemas that are kept, or known to be missing.
const SCHEMAS_MAX: usize = 10_000;

pub(crate) fn run(connection: &Connection<impl Application>, arguments: &Arguments) -> anyhow::Result<Verdict> {
    lines(connection, &arguments.format)
}

/// Prints each record of standard input as a line.
///
/// # Errors
/// Where the input is not of that format, or the registry cannot be asked for a schema.
pub fn lines<A: Application>(connection: &Connection<A>, format: &Format) -> anyhow::Result<Verdict> {
    let registry = connection.registry()?;
    let mut known = Schemas::new();
    let mut input = std::io::stdin().lock();
    let mut output = std::io::stdout().lock();
    let mut number = 0;
    let with_envelope = !format.is_of_values_alone();
    while let Some(record) = format.read(&mut input).with_context(|| format!("record {}", number + 1))? {
        number += 1;
        let value = &record.value;
        let line = match decoded::<A>(&registry, &mut known, value).with_context(|| format!("record {number}"))? {
            Ok(json) => json,
            // JSON itself, or a dead letter of any kind.
            Err(reason) => serde_json::from_slice(value)
                .unwrap_or_else(|_| serde_json::json!({ "undecodable": reason, "text": String::from_utf8_lossy(value) })),
        };
        let line = if with_envelope { record.envelope(line) } else { line };
        writeln!(output, "{line}")?;
    }
    Ok(Verdict::Fine)
}

/// Schemas by id, or why their records cannot be read.
type Schemas = BTreeMap<u32, Result<Shown, String>>;

/// What a value says, or why it has no schema of this application. An error where the registry cannot be asked.
fn decoded<A: Application>(registry: &Registry, known: &mut Schemas, value: &[u8]) -> anyhow::Result<Result<serde_json::Value, String>> {
    if A::schemas().is_empty() {
        return Ok(Err("it is not JSON".to_owned()));
    }
    let Some((id, body)) = unframe(value) else {
        return Ok(Err("it begins with no schema id".to_owned()));
    };
    if known.len() >= SCHEMAS_MAX {
        known.clear();
    }
    let schema = match known.entry(id) {
        Entry::Occupied(entry) => entry.into_mut(),
        Entry::Vacant(entry) => entry.insert(schema_of::<A>(registry, id)?),
    };
    Ok(match schema {
        Ok(shown) => shown(body),
        Err(reason) => Err(reason.clone()),
    })
}

fn schema_of<A: Application>(registry: &Registry, id: u32) -> anyhow::Result<Result<Shown, String>> {
    let found = registry.schema(id)?.into_result();
    Ok(found.and_then(|schema| A::shown(&schema).map_err(|reason| format!("schema {id}: {reason}"))))
}
