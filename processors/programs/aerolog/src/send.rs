//! `aerolog send`: one command, by flags or as JSON, and its outcome.

mod command;

use crate::dead_letters::DeadLetters;
use crate::outcomes::{Outcomes, to_json, verdict_of};
use crate::{Connection, READINESS, Verdict, say};
use anyhow::{Context, anyhow, bail};
use clap::{Args, ValueEnum};
use command::What;
use decider::{CommandEnvelope, Outcome};
use schemas::{command_to_avro, command_to_json, command_type};
use service::clock;
use std::io::Read;
use std::time::Duration;
use stream::writer::{Outgoing, Writer};
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

/// A command that is ready to be written.
struct Ready {
    command_id: Uuid,
    key: String,
    value: Vec<u8>,
    type_name: String,
    json: bool,
}

const WRITE_WAIT_MAX: Duration = Duration::from_secs(10);
const POLL_WAIT: Duration = Duration::from_millis(100);

pub(crate) fn run(connection: &Connection, arguments: &Arguments) -> anyhow::Result<Verdict> {
    let ready = match (&arguments.what, arguments.json) {
        (Some(what), false) => by_flags(connection, arguments, what)?,
        (None, true) if arguments.expected_version.is_some() || arguments.issued_by.is_some() => {
            bail!("with --json, expected_version and issued_by stand in the JSON, not in flags")
        }
        (None, true) => from_json(std::io::stdin().lock(), arguments.command_id)?,
        (Some(_), true) => bail!("either a command by name or --json, not both"),
        (None, false) => bail!("name a command, or give one with --json; `aerolog send --help` lists them"),
    };
    if arguments.no_wait {
        write(connection, arguments, &ready)?;
        say(serde_json::json!({ "command_id": ready.command_id.to_string(), "status": "sent" }))?;
        return Ok(Verdict::Fine);
    }
    // Answers are read from before the command is written, so that none is missed.
    let answers = (
        Outcomes::open(connection, connection.codec()?, false)?,
        DeadLetters::open(connection)?,
    );
    let place = write(connection, arguments, &ready)?;
    wait(answers, &ready, place, Duration::from_secs(arguments.timeout))
}

/// An id that a processor takes.
fn command_id(text: &str) -> Result<Uuid, String> {
    let id = Uuid::try_parse(text).map_err(|error| error.to_string())?;
    if id.is_nil() || id.is_max() {
        return Err("this UUID stands for no id; each command needs an id of its own".to_owned());
    }
    Ok(id)
}

fn by_flags(connection: &Connection, arguments: &Arguments, what: &What) -> anyhow::Result<Ready> {
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
    Ok(Ready {
        command_id: envelope.command_id,
        key: envelope.aggregate_id,
        value,
        type_name,
        json,
    })
}

/// Only what is needed to send it is looked at; whether it is a command, the processor says.
fn from_json(mut input: impl Read, command_id: Option<Uuid>) -> anyhow::Result<Ready> {
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes).context("standard input")?;
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
    let key = object
        .get("aggregate_id")
        .and_then(|id| id.as_str())
        .ok_or_else(|| anyhow!("aggregate_id is missing"))?
        .to_owned();
    let payload = object.get("payload").and_then(|payload| payload.as_object());
    let type_name = payload.and_then(|payload| payload.keys().next()).cloned().unwrap_or_default();
    Ok(Ready {
        command_id,
        key,
        value: value.to_string().into_bytes(),
        type_name,
        json: true,
    })
}

/// The partition and the offset where the command lies now.
fn write(connection: &Connection, arguments: &Arguments, ready: &Ready) -> anyhow::Result<(u32, i64)> {
    let topology = connection.open_log()?;
    let writer = Writer::new(&connection.settings()?)?;
    let mut headers: Vec<(&str, &[u8])> = vec![("type", ready.type_name.as_bytes())];
    if ready.json {
        headers.push(("content-type", b"application/json"));
    }
    if let Some(traceparent) = &arguments.traceparent {
        headers.push(("traceparent", traceparent.as_bytes()));
    }
    writer.send(&Outgoing {
        topic: &topology.topics.commands.name,
        key: Some(ready.key.as_bytes()),
        value: Some(&ready.value),
        headers: &headers,
        tag: 0,
        partition: None,
    })?;
    writer.flush(WRITE_WAIT_MAX)?;
    match writer.reports(Duration::ZERO).into_iter().next().map(|report| report.written) {
        Some(Err(reason)) => bail!("the command was not written: {reason}"),
        Some(Ok(place)) => Ok(place),
        None => bail!("it is not known whether the command was written"),
    }
}

fn wait(answers: (Outcomes, DeadLetters), ready: &Ready, place: (u32, i64), patience: Duration) -> anyhow::Result<Verdict> {
    let Ready { command_id, key, .. } = ready;
    // In another partition than the one that was written to only where a processor has forwarded the command.
    let is_ours = |(partition, outcome): &(u32, Outcome)| {
        let is_of_command = outcome.command_id == *command_id && outcome.aggregate_id == *key;
        is_of_command && (*partition != place.0 || outcome.command_offset == place.1)
    };
    let (mut outcomes, mut dead_letters) = answers;
    let began = clock::monotonic();
    while began.elapsed() < patience {
        let come = outcomes.poll(POLL_WAIT)?;
        if let Some((partition, outcome)) = come.outcomes.into_iter().find(is_ours) {
            say(to_json(partition, &outcome))?;
            return Ok(verdict_of(&outcome));
        }
        if let Some(reason) = dead_letters.reason_of(place)? {
            bail!("this is no command: {reason}");
        }
    }
    eprintln!(
        "aerolog: no outcome of command {command_id} within {} s. It is written to partition {} at offset {} and may still be decided; \
         `aerolog outcomes {command_id}` shows its outcome then. {READINESS}",
        patience.as_secs(),
        place.0,
        place.1
    );
    Ok(Verdict::TimedOut)
}

#[cfg(test)]
mod tests;
