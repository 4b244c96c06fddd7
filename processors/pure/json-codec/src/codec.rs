//! Commands, events and outcomes as JSON, for domains that have serde and need no registry.

use crate::forms::{EventForms, OneForm, first, read};
use crate::{CONTENT_TYPE, REASON_CHARS_MAX, identity_of_text, instant, instant_text, parse, shortened, without_nulls};
use decider::{
    Codec, CommandEnvelope, DecodeError, Domain, EventEnvelope, Identity, Outcome, Rejection, Status, WriterSchema, WrittenWith,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use uuid::Uuid;

/// The same envelopes as the airline's, with the domain's own commands and events as payloads, whose events have had the forms `F`.
#[derive(Debug)]
pub struct JsonCodec<D, F = OneForm>(PhantomData<fn() -> (D, F)>);

impl<D, F> Default for JsonCodec<D, F> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<D, F> Clone for JsonCodec<D, F> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<D, F> JsonCodec<D, F> {
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

/// Without `payload_version`, it is of the first form. Fields of later builds are ignored.
#[derive(Serialize, Deserialize)]
struct Event<E> {
    sequence: u64,
    aggregate_id: String,
    version: u64,
    command_id: Uuid,
    command_offset: i64,
    decided_at: Value,
    #[serde(default = "first")]
    payload_version: u32,
    payload: E,
}

#[derive(Serialize, Deserialize)]
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
    clock: Value,
    rejection: Option<WireRejection>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WireStatus {
    Accepted,
    Rejected,
}

#[derive(Serialize, Deserialize)]
struct WireRejection {
    rule: String,
    message: String,
    facts: Vec<BTreeMap<String, String>>,
}

impl<D, F> Codec<D> for JsonCodec<D, F>
where
    D: Domain<Command: Serialize + DeserializeOwned, Event: Serialize + DeserializeOwned>,
    F: EventForms,
{
    fn decode_command(&mut self, _: Option<&[u8]>, value: &[u8]) -> Result<CommandEnvelope<D::Command>, DecodeError> {
        // Clients write it: what serde would let pass, such as a key that occurs twice in a map, is refused.
        let typed = parse(value).map_err(malformed)?;
        let command: Command<D::Command> = serde_json::from_value(typed).map_err(unreadable)?;
        Ok(CommandEnvelope {
            command_id: command.command_id,
            aggregate_id: command.aggregate_id,
            expected_version: command.expected_version,
            issued_by: command.issued_by,
            command: command.payload,
        })
    }

    fn identify(&mut self, _: Option<&[u8]>, value: &[u8]) -> Identity {
        identity_of_text(value)
    }

    /// The JSON of the command with its keys in order, and without those that are null: an optional field may be added to a command.
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
                payload_version: F::VERSION,
                payload: &event.event,
            },
            out,
        );
    }

    fn written_with(&self) -> WrittenWith {
        WrittenWith {
            content_type: Some(CONTENT_TYPE),
            ..WrittenWith::default()
        }
    }

    /// In one pass where it has the present form.
    fn decode_event(&mut self, value: &[u8]) -> Result<EventEnvelope<D::Event>, DecodeError> {
        match serde_json::from_slice::<Event<D::Event>>(value) {
            Ok(event) if event.payload_version == F::VERSION => event.envelope(Ok),
            Ok(_) | Err(_) => {
                let event: Event<Value> = serde_json::from_slice(value).map_err(unreadable)?;
                let version = event.payload_version;
                event.envelope(|payload| read::<D::Event, F>(version, payload))
            }
        }
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
        let outcome: WireOutcome = serde_json::from_slice(value).map_err(unreadable)?;
        let fingerprint = outcome.fingerprint.parse();
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
            fingerprint: fingerprint.map_err(|reason: String| malformed_in("fingerprint", reason))?,
            clock_ms: instant(&outcome.clock).map_err(|reason| malformed_in("clock", reason))?,
            rejection: outcome
                .rejection
                .map(|WireRejection { rule, message, facts }| Rejection { rule, message, facts }),
        })
    }
}

impl<P> Event<P> {
    /// With the event that `read` makes of the payload.
    fn envelope<E>(self, read: impl FnOnce(P) -> Result<E, String>) -> Result<EventEnvelope<E>, DecodeError> {
        Ok(EventEnvelope {
            sequence: self.sequence,
            aggregate_id: self.aggregate_id,
            version: self.version,
            command_id: self.command_id,
            command_offset: self.command_offset,
            decided_at_ms: instant(&self.decided_at).map_err(|reason| malformed_in("decided_at", reason))?,
            event: read(self.payload).map_err(|reason| DecodeError::Malformed(shortened(reason, REASON_CHARS_MAX)))?,
        })
    }
}

fn unreadable(error: serde_json::Error) -> DecodeError {
    malformed(format!("cannot be read as JSON: {error}"))
}

fn malformed(reason: String) -> DecodeError {
    malformed_in("the value", reason)
}

fn malformed_in(what: &str, reason: String) -> DecodeError {
    DecodeError::Malformed(format!("{what} {}", shortened(reason, REASON_CHARS_MAX)))
}

/// # Panics
/// When the domain's serde implementation fails, or has maps whose keys are no text.
fn write(value: &impl Serialize, out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("commands, events and outcomes can be written as JSON");
}

#[cfg(test)]
mod tests;
