//! `send`: one command, and its outcome.

use crate::outcomes::verdict_of;
use crate::{Connection, READINESS, Verdict, complain, name, say};
use anyhow::{Context, anyhow, bail};
use application::Application;
use clap::Args;
use command_client::{Answer, Client, CommandWriter, ContentType, Limits, NewCommand, Place, WaitError, outcome_json};
use serde_json::{Value, json};
use std::io::Read;
use std::time::Duration;
use uuid::Uuid;

#[derive(Args)]
#[command(after_long_help = HELP)]
pub struct Arguments {
    /// The aggregate that is asked; without it and the payload, the whole command is read as JSON from standard input
    #[arg(requires = "payload")]
    aggregate_id: Option<String>,
    /// What it is asked: the name of the command with its fields, as JSON
    #[arg(requires = "aggregate_id", conflicts_with = "json")]
    payload: Option<String>,
    /// Read the command from standard input, as it is done without AGGREGATE_ID
    #[arg(long)]
    json: bool,
    /// The same id and the same command again: it is decided once. Another command to the same aggregate under this id is rejected
    #[arg(long, value_parser = command_id)]
    command_id: Option<Uuid>,
    #[command(flatten)]
    delivery: Delivery,
}

const HELP: &str = "\
A command as a whole is an object with aggregate_id and payload, and where they are wanted command_id (else it is made up), expected_version
and issued_by.

  {program} send a-1 '{\"NAME\": {\"FIELD\": 1}}'
  echo '{\"aggregate_id\": \"a-1\", \"payload\": {\"NAME\": {}}}' | {program} send

A rejection has status 3, and names its rule with its facts.";

/// How a command is sent, and how long its outcome is waited for.
#[derive(Args, Clone)]
pub struct Delivery {
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

const WRITE_WAIT_MAX: Duration = Duration::from_secs(10);

pub(crate) fn run(connection: &Connection<impl Application>, arguments: &Arguments) -> anyhow::Result<Verdict> {
    let command = match (&arguments.aggregate_id, &arguments.payload) {
        (Some(aggregate_id), Some(payload)) => {
            let payload = json_codec::parse(payload.as_bytes()).map_err(|reason| anyhow!("the payload {reason}"))?;
            of_value(json!({ "aggregate_id": aggregate_id, "payload": payload }), arguments.command_id)?
        }
        _ => from_json(std::io::stdin().lock(), arguments.command_id)?,
    };
    deliver(connection, command, &arguments.delivery)
}

/// Sends a command, and shows its outcome unless that is not to be waited for.
///
/// # Errors
/// When the log is closed or of another application, before anything is sent; when the command cannot be sent, and when it is none.
pub fn deliver(connection: &Connection<impl Application>, command: NewCommand, delivery: &Delivery) -> anyhow::Result<Verdict> {
    let command = NewCommand {
        traceparent: delivery.traceparent.clone(),
        ..command
    };
    let (settings, topology) = (connection.settings()?, connection.log_to_send()?);
    if delivery.no_wait {
        CommandWriter::new(&settings, &topology)?.write(&command, WRITE_WAIT_MAX)?;
        say(json!({ "command_id": command.command_id.to_string(), "status": "sent" }))?;
        return Ok(Verdict::Fine);
    }
    let limits = Limits {
        commands_max: 1,
        ..Limits::default()
    };
    let client = Client::start(&settings, &topology, connection.outcome_decoder()?, limits)?;
    match client.send(&command)?.wait(Duration::from_secs(delivery.timeout)) {
        Ok(Answer::Outcome { partition, outcome }) => {
            say(outcome_json(partition, &outcome))?;
            Ok(verdict_of(&outcome))
        }
        Ok(Answer::DeadLetter { reason, .. }) => bail!("this is no command: {reason}"),
        Err(WaitError::Late { place, waited }) => {
            complain(late(command.command_id, place, waited));
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
    let (waited, program) = (waited.as_secs(), name());
    format!(
        "no outcome of command {command_id} within {waited} s. {written}; `{program} outcomes {command_id}` shows its outcome then. {READINESS}"
    )
}

/// An id that a processor takes.
///
/// # Errors
/// Why a text is none.
pub fn command_id(text: &str) -> Result<Uuid, String> {
    let id = Uuid::try_parse(text).map_err(|error| error.to_string())?;
    if id.is_nil() || id.is_max() {
        return Err("this UUID stands for no id; each command needs an id of its own".to_owned());
    }
    Ok(id)
}

/// More than the topic takes of a command.
const JSON_BYTES_MAX: u64 = 1 << 20;

/// A command as JSON. Only what is needed to send it is looked at; whether it is a command, the processor says.
///
/// # Errors
/// What is wrong with it.
pub fn from_json(input: impl Read, command_id: Option<Uuid>) -> anyhow::Result<NewCommand> {
    let mut bytes = Vec::new();
    input.take(JSON_BYTES_MAX + 1).read_to_end(&mut bytes).context("standard input")?;
    if bytes.len() as u64 > JSON_BYTES_MAX {
        bail!("standard input has more than {JSON_BYTES_MAX} bytes, which no command has");
    }
    // As strictly as the topic: once a value is made of it, a doubled key is gone.
    let value = json_codec::parse(&bytes).map_err(|reason| anyhow!("standard input {reason}"))?;
    of_value(value, command_id).context("standard input")
}

fn of_value(mut value: Value, command_id: Option<Uuid>) -> anyhow::Result<NewCommand> {
    let object = value.as_object_mut().ok_or_else(|| anyhow!("the command is not a JSON object"))?;
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
