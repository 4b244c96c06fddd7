//! Commands, events and outcomes as JSON, for domains that have serde and need no registry.

use crate::json::{Form, instant, instant_text, without_nulls};
use crate::problem::Problem;
use crate::{strict_json, typed};
use decider::{Codec, CommandEnvelope, DecodeError, Domain, EventEnvelope, Identity, Outcome, Rejection, Status, WriterSchema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::marker::PhantomData;
use uuid::Uuid;

/// The same envelopes as the airline's, with the domain's own commands and events as payloads.
#[derive(Debug)]
pub struct JsonCodec<D>(PhantomData<fn() -> D>);

impl<D> Default for JsonCodec<D> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<D> Clone for JsonCodec<D> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<D> JsonCodec<D> {
    /// The value of a command's record, for those who send it.
    pub fn command<C: Serialize>(envelope: &CommandEnvelope<C>) -> Vec<u8> {
        let mut out = Vec::new();
        write(
            &Command {
                command_id: envelope.command_id,
                aggregate_id: envelope.aggregate_id.clone(),
                expected_version: envelope.expected_version,
                issued_by: envelope.issued_by.clone(),
                payload: &envelope.command,
            },
            &mut out,
        );
        out
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Command<C> {
    command_id: Uuid,
    aggregate_id: String,
    #[serde(default)]
    expected_version: Option<u64>,
    #[serde(default)]
    issued_by: Option<String>,
    payload: C,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Event<E> {
    sequence: u64,
    aggregate_id: String,
    version: u64,
    command_id: Uuid,
    command_offset: i64,
    decided_at: serde_json::Value,
    payload: E,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireOutcome {
    command_id: Uuid,
    aggregate_id: String,
    status: WireStatus,
    version: u64,
    sequence: u64,
    event_count: u32,
    command_offset: i64,
    repeated: bool,
    fingerprint: String,
    clock: serde_json::Value,
    rejection: Option<WireRejection>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WireStatus {
    Accepted,
    Rejected,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireRejection {
    rule: String,
    message: String,
    facts: Vec<BTreeMap<String, String>>,
}

impl<D> Codec<D> for JsonCodec<D>
where
    D: Domain<Command: Serialize + DeserializeOwned, Event: Serialize + DeserializeOwned>,
{
    fn decode_command(&mut self, _: Option<&[u8]>, value: &[u8]) -> Result<CommandEnvelope<D::Command>, DecodeError> {
        // Clients write it: what serde would let pass, such as a key that occurs twice in a map, is refused.
        let typed = strict_json::parse(value).map_err(|problem| DecodeError::Malformed(problem.to_string()))?;
        let command: Command<D::Command> = serde_json::from_value(typed).map_err(|error| malformed(&error))?;
        Ok(CommandEnvelope {
            command_id: command.command_id,
            aggregate_id: command.aggregate_id,
            expected_version: command.expected_version,
            issued_by: command.issued_by,
            command: command.payload,
        })
    }

    /// The JSON of the command with its keys in order, and without those that are null: an optional field may be added to a command.
    fn identify(&mut self, _: Option<&[u8]>, value: &[u8]) -> Identity {
        typed::identity_of_text(value)
    }

    fn encode_meaning(&mut self, command: &D::Command, out: &mut Vec<u8>) {
        let value = serde_json::to_value(command).expect("commands can be written as JSON");
        write(&without_nulls(value), out);
    }

    fn learn(&mut self, schema_id: u32, _: &WriterSchema) -> Result<(), String> {
        Err(format!(
            "these values are JSON and have no schema, so not schema id {schema_id} either"
        ))
    }

    fn encode_event(&mut self, event: &EventEnvelope<D::Event>, out: &mut Vec<u8>) {
        write(
            &Event {
                sequence: event.sequence,
                aggregate_id: event.aggregate_id.clone(),
                version: event.version,
                command_id: event.command_id,
                command_offset: event.command_offset,
                decided_at: instant_text(event.decided_at_ms),
                payload: &event.event,
            },
            out,
        );
    }

    fn decode_event(&mut self, value: &[u8]) -> Result<EventEnvelope<D::Event>, DecodeError> {
        let event: Event<D::Event> = read(value)?;
        let decided_at = instant(&event.decided_at, Form::Printed);
        Ok(EventEnvelope {
            sequence: event.sequence,
            aggregate_id: event.aggregate_id,
            version: event.version,
            command_id: event.command_id,
            command_offset: event.command_offset,
            decided_at_ms: decided_at.map_err(|problem| DecodeError::Malformed(problem.within("decided_at").to_string()))?,
            event: event.payload,
        })
    }

    fn encode_outcome(&mut self, outcome: &Outcome, out: &mut Vec<u8>) {
        write(
            &WireOutcome {
                command_id: outcome.command_id,
                aggregate_id: outcome.aggregate_id.clone(),
                status: match outcome.status {
                    Status::Accepted => WireStatus::Accepted,
                    Status::Rejected => WireStatus::Rejected,
                },
                version: outcome.version,
                sequence: outcome.sequence,
                event_count: outcome.event_count,
                command_offset: outcome.command_offset,
                repeated: outcome.repeated,
                fingerprint: outcome.fingerprint.to_string(),
                clock: instant_text(outcome.clock_ms),
                rejection: outcome
                    .rejection
                    .clone()
                    .map(|Rejection { rule, message, facts }| WireRejection { rule, message, facts }),
            },
            out,
        );
    }

    fn decode_outcome(&mut self, value: &[u8]) -> Result<Outcome, DecodeError> {
        let outcome: WireOutcome = read(value)?;
        let malformed = |name: &str, problem: Problem| DecodeError::Malformed(problem.within(name).to_string());
        let fingerprint = outcome.fingerprint.parse().map_err(|reason: String| Problem::malformed(reason));
        let clock = instant(&outcome.clock, Form::Printed);
        Ok(Outcome {
            command_id: outcome.command_id,
            aggregate_id: outcome.aggregate_id,
            status: match outcome.status {
                WireStatus::Accepted => Status::Accepted,
                WireStatus::Rejected => Status::Rejected,
            },
            version: outcome.version,
            sequence: outcome.sequence,
            event_count: outcome.event_count,
            command_offset: outcome.command_offset,
            repeated: outcome.repeated,
            fingerprint: fingerprint.map_err(|problem| malformed("fingerprint", problem))?,
            clock_ms: clock.map_err(|problem| malformed("clock", problem))?,
            rejection: outcome
                .rejection
                .map(|WireRejection { rule, message, facts }| Rejection { rule, message, facts }),
        })
    }
}

fn read<T: DeserializeOwned>(value: &[u8]) -> Result<T, DecodeError> {
    serde_json::from_slice(value).map_err(|error| malformed(&error))
}

fn malformed(error: &serde_json::Error) -> DecodeError {
    DecodeError::Malformed(Problem::malformed(format!("cannot be read as JSON: {error}")).to_string())
}

/// # Panics
/// When the domain's serde implementation fails, or has maps whose keys are no text.
fn write(value: &impl Serialize, out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("commands, events and outcomes can be written as JSON");
}

#[cfg(test)]
mod tests;
