//! `aerolog send`: one command, by flags or as JSON, and its outcome.

mod command;

use airline::Airline;
use anyhow::bail;
use clap::{Args, ValueEnum};
use command::What;
use command_client::{ContentType, NewCommand};
use command_line::send::{Delivery, command_id, deliver, from_json};
use command_line::{Connection, Verdict};
use decider::CommandEnvelope;
use schemas::{command_to_avro, command_to_json, command_type};
use uuid::Uuid;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Read the command as JSON from standard input; a missing command_id is made up
    #[arg(long, conflicts_with = "format")]
    json: bool,
    #[command(subcommand)]
    what: Option<What>,
    /// The same id and the same command again: it is decided once. Another command to the same aggregate under this id is rejected
    #[arg(long, global = true, value_parser = command_id)]
    command_id: Option<Uuid>,
    /// Reject the command unless the aggregate is at this version
    #[arg(long, global = true)]
    expected_version: Option<u64>,
    /// Who wants it
    #[arg(long, global = true)]
    issued_by: Option<String>,
    /// How the command is written
    #[arg(long, global = true, value_enum, default_value_t = Format::Avro)]
    format: Format,
    #[command(flatten)]
    delivery: Delivery,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Avro,
    Json,
}

pub(crate) fn run(connection: &Connection<Airline>, arguments: &Arguments) -> anyhow::Result<Verdict> {
    let command = match (&arguments.what, arguments.json) {
        (Some(what), false) => by_flags(connection, arguments, what)?,
        (None, true) if arguments.expected_version.is_some() || arguments.issued_by.is_some() => {
            bail!("with --json, expected_version and issued_by stand in the JSON, not in flags")
        }
        (None, true) => from_json(std::io::stdin().lock(), arguments.command_id)?,
        (Some(_), true) => bail!("either a command by name or --json, not both"),
        (None, false) => bail!("name a command, or give one with --json; `aerolog send --help` lists them"),
    };
    deliver(connection, command, &arguments.delivery)
}

fn by_flags(connection: &Connection<Airline>, arguments: &Arguments, what: &What) -> anyhow::Result<NewCommand> {
    let (aggregate_id, command) = what.to_command();
    let envelope = CommandEnvelope {
        command_id: arguments.command_id.unwrap_or_else(Uuid::new_v4),
        aggregate_id: aggregate_id.to_string(),
        expected_version: arguments.expected_version,
        issued_by: arguments.issued_by.clone(),
        command,
    };
    let json = arguments.format == Format::Json;
    let value = if json {
        command_to_json(&envelope).to_string().into_bytes()
    } else {
        command_to_avro(&envelope, connection.schema_ids()?.command)
    };
    let type_name = command_type(&envelope.command).to_owned();
    Ok(NewCommand {
        command_id: envelope.command_id,
        aggregate_id: envelope.aggregate_id,
        value,
        content_type: if json { ContentType::Json } else { ContentType::Framed },
        type_name,
        traceparent: None,
    })
}

#[cfg(test)]
mod tests;
