//! `aerolog decode`: Debian's kcat is built without Avro; this reads what it writes with -f.

mod format;
mod table;

use crate::{Connection, Verdict};
use anyhow::Context;
use clap::Args;
use format::Format;
use schemas::Schema;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::Write;
use stream::registry::Registry;

/// Reads records from standard input as kcat writes them, and prints each as a line of JSON; or folds events into a table.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// What kcat was given with -f; '%R%s' if nothing is said, and with --table '%p %R%s'. With more than the value in it, each line is an envelope:
    /// topic, partition, offset, timestamp_ms, key, headers, as far as the format has them, and value
    #[arg(long, short, value_name = "FORMAT", value_parser = Format::parse)]
    format: Option<Format>,
    /// Fold all events into a table, and print it with a line for each row
    #[arg(long, value_enum)]
    table: Option<table::Table>,
    /// How the table is written
    #[arg(long, value_enum, default_value_t = table::Form::Csv, requires = "table")]
    form: table::Form,
    /// Read the events from the topic instead of from standard input, up to where it ends now
    #[arg(long, requires = "table", conflicts_with = "format")]
    from_log: bool,
}

const EXAMPLES: &str = "\
Examples:
  kcat -C -b localhost:9092 -t schedule.events -e -q -f '%R%s' | aerolog decode
  kcat -C -b localhost:9092 -t schedule.events -e -q -f '%p %o %T %K:%k [%h] %R%s' | aerolog decode -f '%p %o %T %K:%k [%h] %R%s'
  kcat -C -b localhost:9092 -t schedule.events -o beginning -e -q -f '%p %R%s' | aerolog decode --table legs > legs.csv
  aerolog decode --from-log --table checks --form ndjson > checks.ndjson

Tokens are kcat's: %t topic, %p partition, %o offset, %T timestamp, %h headers, %K and %k key, %R or %S and %s value. The value needs its
length before it (%R in four bytes, %S as a number); every other text and number needs something that ends it.

Tables, each with its columns in this order, now and in later builds, which may add some at the end:
  legs       rotation, leg, designator, origin, destination, departure, arrival, origin_date, mode, airplane, aircraft_type
  rotations  rotation, mode, airplane, aircraft_type, legs, first_departure, departs_from, last_arrival, arrives_at
  checks     check, rotation, leg, departure, arrival, arrives_at, next_rotation, next_leg, next_departure, departs_from, airport, airplane,
             designator, origin_date, ground_minutes, minimum_minutes, leg_count, discontinuous, overlapping, retired

A table is the state after the last event: every event of the log has to be read, from its beginning, by partition. A gap is an error.
Times are UTC with three digits of a second (2008-01-31T18:05:00.000Z), dates are local to the origin. A missing value is empty in CSV, and
null in NDJSON, in which every line has every column. In checks, columns that a check does not use are empty; leg_count legs have the designator,
of which leg and next_leg are the first two: all of them are the legs with that designator, origin (airport) and origin_date.

  DuckDB   select * from read_json('legs.ndjson');
           select * from read_csv('legs.csv', types = {'rotation': 'VARCHAR', 'leg': 'VARCHAR', 'designator': 'VARCHAR', 'aircraft_type': 'VARCHAR'});
  pandas   pandas.read_csv('legs.csv', dtype=str, parse_dates=['departure', 'arrival', 'origin_date'], keep_default_na=False, na_values=[''])

Both infer types from the values in CSV: without explicit types, leg 007 becomes the number 7, and designator 5E1 becomes 50.";

/// Without --format, and with --table, which needs to see that no event of a partition is missing.
const FORMAT: &str = "%R%s";
const FORMAT_OF_TABLES: &str = "%p %R%s";

/// Schemas that are kept, or known to be missing.
const SCHEMAS_MAX: usize = 10_000;

pub(crate) fn run(connection: &Connection, arguments: &Arguments) -> anyhow::Result<Verdict> {
    let default = if arguments.table.is_some() { FORMAT_OF_TABLES } else { FORMAT };
    let format = match &arguments.format {
        Some(format) => format.clone(),
        None => Format::parse(default).map_err(anyhow::Error::msg)?,
    };
    match arguments.table {
        Some(table) => table::run(connection, table, arguments.form, (!arguments.from_log).then_some(&format)),
        None => lines(connection, &format),
    }
}

/// Each record as a line.
fn lines(connection: &Connection, format: &Format) -> anyhow::Result<Verdict> {
    let registry = connection.registry()?;
    let mut known = Schemas::new();
    let mut input = std::io::stdin().lock();
    let mut output = std::io::stdout().lock();
    let mut number = 0;
    let with_envelope = !format.is_of_values_alone();
    while let Some(record) = format.read(&mut input).with_context(|| format!("record {}", number + 1))? {
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
