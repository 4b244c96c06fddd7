//! `aerolog decode --table`: the events of the log folded into rows that DuckDB, pandas and spreadsheets read.

mod rows;
mod sheet;

use airline::Airline;
use anyhow::{Context, anyhow, bail};
use clap::ValueEnum;
use command_line::decode::Format;
use command_line::{Connection, LocalView, Reading, Verdict, complain, decoded, position};
use decider::read_event;
use schemas::{AvroCodec, SchemaIds};
use sheet::Sheet;
use std::io::BufRead;
use views::ScheduleGraph;

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Table {
    /// A leg that is planned, with its rotation's mode and airplane
    Legs,
    /// A rotation, from its first departure to its last arrival
    Rotations,
    /// Something that a check finds wrong, once, with the legs between which it is
    Checks,
}

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// A line of names, then a line for each row
    Csv,
    /// An object for each row, one a line
    Ndjson,
}

/// Prints the table of the events that come on standard input in `format`, or without one of those in the topic.
pub(super) fn run(connection: &Connection<Airline>, table: Table, form: Form, format: Option<&Format>) -> anyhow::Result<Verdict> {
    if format.is_some_and(|format| !format.has_partition()) {
        bail!("a table needs the partition of each event, to see that none is missing: give kcat and --format '%p %R%s'");
    }
    let scratch = tempfile::Builder::new().prefix("aerolog-table-").tempdir();
    let scratch = scratch.context("no directory to work in under TMPDIR")?;
    let mut view = LocalView::<ScheduleGraph>::open(&scratch.path().join("view"))?;
    match format {
        Some(format) => take_input(connection, format, &mut std::io::stdin().lock(), &mut view)?,
        None => take_log(connection, &mut view)?,
    }
    let events: u64 = view.position().values().sum();
    let position = position::text(view.position());
    let view = view.read()?;
    let mut sheet = Sheet::new(form, rows::columns(table), std::io::stdout().lock())?;
    rows::each(table, view, |row| Ok(sheet.write(row)?))?;
    let rows = sheet.end()?;
    complain(format_args!("{rows} rows after {events} events, at position {position}"));
    Ok(Verdict::Fine)
}

/// The events that kcat has written.
fn take_input(
    connection: &Connection<Airline>,
    format: &Format,
    input: &mut impl BufRead,
    view: &mut LocalView<ScheduleGraph>,
) -> anyhow::Result<()> {
    let registry = connection.registry()?;
    let mut codec = AvroCodec::new(SchemaIds::UNKNOWN);
    let mut number = 0_u64;
    while let Some(record) = format.read(input).with_context(|| format!("record {}", number + 1))? {
        number += 1;
        let partition = record.partition.and_then(|partition| u32::try_from(partition).ok());
        let partition = partition.ok_or_else(|| anyhow!("record {number}: {:?} is no partition", record.partition))?;
        let event = decoded::<Airline, _>(&mut codec, &registry, |codec| read_event::<Airline, _>(codec, None, &record.value));
        let event = event.with_context(|| format!("record {number} is no event, of which a table is made: is it of schedule.events?"))?;
        view.take(partition, event).with_context(|| {
            format!("record {number}: a table needs every committed event once, from the beginning of the log: kcat -o beginning -e, without -p and -c")
        })?;
    }
    Ok(())
}

/// The events of every partition, up to where it ends now.
fn take_log(connection: &Connection<Airline>, view: &mut LocalView<ScheduleGraph>) -> anyhow::Result<()> {
    let topology = connection.log()?;
    let mut reading = Reading::new(connection, &topology)?;
    for partition in 0..topology.partitions {
        reading.begin_events(partition, 0)?;
        while let Some((offset, event)) = reading.next_event()? {
            view.take(partition, event).with_context(|| format!("offset {offset}"))?;
        }
    }
    Ok(())
}
