//! `aerolog send`: one command, by flags or as JSON, and its outcome.

mod command;

use crate::outcomes::verdict_of;
use crate::{Connection, READINESS, Verdict, say};
use anyhow::{Context, anyhow, bail};
use clap::{Args, ValueEnum};
use command::What;
use command_client::{Answer, Client, CommandWriter, ContentType, Limits, NewCommand, Place, WaitError, outcome_json};
use decider::CommandEnvelope;
use schemas::{command_to_avro, command_to_json, command_type};
use std::io::Read;
use std::time::Duration;
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
    /// W3C trace context, passed on to the events and the outcome
    #[arg(long, global = true)]
    traceparent: Option<String>,
    /// Do not wait for the outcome
    #[arg(long, global = true)]
    no_wait: bool,
    /// How long to wait for the outcome, in seconds
    #[arg(long, global = true, default_value_t = 30)]
    timeout: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Avro,
    Json,
}

const WRITE_WAIT_MAX: Duration = Duration::from_secs(10);

pub(crate) fn run(connection: &Connection, arguments: &Arguments) -> anyhow::Result<Verdict> {
    let command = match (&arguments.what, arguments.json) {
        (Some(what), false) => by_flags(connection, arguments, what)?,
        (None, true) if arguments.expected_version.is_some() || arguments.issued_by.is_some() => {
            bail!("with --json, expected_version and issued_by stand in the JSON, not in flags")
        }
        (None, true) => from_json(std::io::stdin().lock(), arguments.command_id)?,
        (Some(_), true) => bail!("either a command by name or --json, not both"),
        (None, false) => bail!("name a command, or give one with --json; `aerolog send --help` lists them"),
    };
    let command = NewCommand {
        traceparent: arguments.traceparent.clone(),
        ..command
    };
    let (settings, topology) = (connection.settings()?, connection.open_log()?);
    if arguments.no_wait {
        CommandWriter::new(&settings, &topology)?.write(&command, WRITE_WAIT_MAX)?;
        say(serde_json::json!({ "command_id": command.command_id.to_string(), "status": "sent" }))?;
        return Ok(Verdict::Fine);
    }
    let limits = Limits {
        commands_max: 1,
        ..Limits::default()
    };
    let client = Client::start(&settings, &topology, connection.outcome_decoder()?, limits)?;
    match client.send(&command)?.wait(Duration::from_secs(arguments.timeout)) {
        Ok(Answer::Outcome { partition, outcome }) => {
            say(outcome_json(partition, &outcome))?;
            Ok(verdict_of(&outcome))
        }
        Ok(Answer::DeadLetter { reason, .. }) => bail!("this is no command: {reason}"),
        Err(WaitError::Late { place, waited }) => {
            eprintln!("aerolog: {}", late(command.command_id, place, waited));
            Ok(Verdict::TimedOut)
        }
        Err(error) => Err(error.into()),
    }
}

fn late(command_id: Uuid, place: Option<Place>, waited: Duration) -> String {
    let written = match place {
        Some(Place { partition, offset }) => format!("It is written to partition {partition} at offset {offset} and may still be decided"),
        None => "It is not known whether it was written; it may still be decided".to_owned(),
    };
    format!(
        "no outcome of command {command_id} within {} s. {written}; `aerolog outcomes {command_id}` shows its outcome then. {READINESS}",
        waited.as_secs()
    )
}

/// An id that a processor takes.
fn command_id(text: &str) -> Result<Uuid, String> {
    let id = Uuid::try_parse(text).map_err(|error| error.to_string())?;
    if id.is_nil() || id.is_max() {
        return Err("this UUID stands for no id; each command needs an id of its own".to_owned());
    }
    Ok(id)
}

fn by_flags(connection: &Connection, arguments: &Arguments, what: &What) -> anyhow::Result<NewCommand> {
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

/// More than the topic takes of a command.
const JSON_BYTES_MAX: u64 = 1 << 20;

/// Only what is needed to send it is looked at; whether it is a command, the processor says.
fn from_json(input: impl Read, command_id: Option<Uuid>) -> anyhow::Result<NewCommand> {
    let mut bytes = Vec::new();
    input.take(JSON_BYTES_MAX + 1).read_to_end(&mut bytes).context("standard input")?;
    if bytes.len() as u64 > JSON_BYTES_MAX {
        bail!("standard input has more than {JSON_BYTES_MAX} bytes, which no command has");
    }
    // As strictly as the topic: once a value is made of it, a doubled key is gone.
    let mut value = schemas::parse_typed_json(&bytes).map_err(|reason| anyhow!("standard input: {reason}"))?;
    let object = value
        .as_object_mut()
        .ok_or_else(|| anyhow!("standard input is not a JSON object"))?;
    if let Some(id) = command_id
        && object.insert("command_id".to_owned(), id.to_string().into()).is_some()
    {
        bail!("command_id stands in the JSON and in --command-id; give one of them");
    }
    let entry = object.entry("command_id").or_insert_with(|| Uuid::new_v4().to_string().into());
    let text = entry.as_str().ok_or_else(|| anyhow!("command_id is not a UUID"))?;
    let command_id = self::command_id(text).map_err(|reason| anyhow!("command_id {text:?}: {reason}"))?;
    let aggregate_id = object
        .get("aggregate_id")
        .and_then(|id| id.as_str())
        .ok_or_else(|| anyhow!("aggregate_id is missing"))?
        .to_owned();
    let type_name = NewCommand::type_name_of(object);
    Ok(NewCommand {
        command_id,
        aggregate_id,
        value: value.to_string().into_bytes(),
        content_type: ContentType::Json,
        type_name,
        traceparent: None,
    })
}

#[cfg(test)]
mod tests;
