//! `aerolog decode`: records as lines of JSON, as for every application; and the airline's events as tables.

mod table;

use airline::Airline;
use clap::Args;
use command_line::decode::{FORMAT, Format, lines};
use command_line::{Connection, Verdict};

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

/// With --table, which needs to see that no event of a partition is missing.
const FORMAT_OF_TABLES: &str = "%p %R%s";

pub(crate) fn run(connection: &Connection<Airline>, arguments: &Arguments) -> anyhow::Result<Verdict> {
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
