//! From a request to a command: which ids it has, and whether it is one at all.

use crate::spans::{RequestSpan, TRACEPARENT};
use bearer_tokens::Caller;
use command_client::{ContentType, NewCommand};
use decider::{Codec, DecodeError, Domain};
use http_server::{HeaderName, Problem, Request, StatusCode};
use serde_json::{Map, Value};
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A command takes at most so many bytes as JSON: 500 legs take about 100,000, and a record of the commands topic may have 1,000,000.
pub(crate) const COMMAND_BYTES_MAX: usize = 512 << 10;

/// A command that can be sent.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) command: NewCommand,
    /// Whether the version that the command expects stands in a header.
    pub(crate) is_conditional: bool,
}

/// What a request says about its command outside of the body.
#[derive(Debug, Default)]
pub(crate) struct Envelope {
    pub(crate) command_id: Option<Uuid>,
    pub(crate) issued_by: Option<String>,
    pub(crate) traceparent: Option<String>,
}

/// Who sends a command.
#[derive(Clone, Copy)]
pub(crate) struct Sender<'s> {
    /// Of the token, where one is asked for.
    pub(crate) caller: Option<&'s Caller>,
    /// The request, where it is traced.
    pub(crate) span: Option<&'s RequestSpan>,
}

/// Reads commands as the topic takes them, with the codec of any domain.
pub(crate) struct CommandReader(Mutex<Box<Read>>);

type Read = dyn FnMut(&[u8]) -> Result<Found, String> + Send;

/// What is needed of a command in order to send it.
struct Found {
    command_id: Uuid,
    aggregate_id: String,
}

impl CommandReader {
    pub(crate) fn new<D: Domain, C: Codec<D> + 'static>(mut codec: C) -> Self {
        Self(Mutex::new(Box::new(move |value| {
            let envelope = codec
                .decode_command(Some(b"application/json"), value)
                .map_err(|error| match error {
                    DecodeError::Malformed(reason) => reason,
                    error @ DecodeError::UnknownSchema(_) => error.to_string(),
                })?;
            Ok(Found {
                command_id: envelope.command_id,
                aggregate_id: envelope.aggregate_id,
            })
        })))
    }

    /// A command from its JSON, whose ids are completed by what else the request says.
    ///
    /// # Errors
    /// A problem for the client when this is no command.
    pub(crate) fn read(&self, mut command: Map<String, Value>, envelope: Envelope) -> Result<NewCommand, Problem> {
        let Envelope {
            command_id,
            issued_by,
            traceparent,
        } = envelope;
        let key = command_id.map(|id| id.to_string());
        match (command.get("command_id"), key) {
            (None | Some(Value::Null), key) => {
                let id = key.unwrap_or_else(|| Uuid::new_v4().to_string());
                command.insert("command_id".to_owned(), id.into());
            }
            (Some(Value::String(given)), Some(key)) if !given.eq_ignore_ascii_case(&key) => {
                let detail = format!(
                    "command_id is {given:?} and the header Idempotency-Key {key:?}: they name one command, or one of them is left out"
                );
                return Err(no_command(&detail));
            }
            (Some(_), _) => {}
        }
        command.entry("expected_version").or_insert(Value::Null);
        match issued_by {
            Some(issued_by) => drop(command.insert("issued_by".to_owned(), issued_by.into())),
            None => drop(command.entry("issued_by").or_insert(Value::Null)),
        }
        let type_name = NewCommand::type_name_of(&command);
        let value = Value::Object(command).to_string().into_bytes();
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner)(&value).map_err(|reason| no_command(&reason))?;
        if found.command_id.is_nil() || found.command_id.is_max() {
            return Err(no_command(
                "command_id: this UUID stands for no id; each command needs an id of its own",
            ));
        }
        Ok(NewCommand {
            command_id: found.command_id,
            aggregate_id: found.aggregate_id,
            value,
            content_type: ContentType::Json,
            type_name,
            traceparent,
        })
    }
}

impl Sender<'_> {
    /// What each command of the request carries. A malformed trace context makes its reader start a new trace: no reason to refuse a command.
    pub(crate) fn traceparent(&self, request: &Request<'_>) -> Result<Option<String>, Problem> {
        let given = request.header(&TRACEPARENT, "a trace context")?.map(str::to_owned);
        Ok(self.span.map(RequestSpan::traceparent).or(given))
    }
}

impl Envelope {
    pub(crate) fn of(request: &Request<'_>, sender: Sender<'_>) -> Result<Self, Problem> {
        let expected = "a UUID, with or without quotation marks";
        let key = request.header(&IDEMPOTENCY_KEY, expected)?;
        let command_id = key.map(|key| command_id("Idempotency-Key", unquoted(key))).transpose()?;
        Ok(Self {
            command_id,
            issued_by: sender.caller.map(|caller| caller.subject.clone()),
            traceparent: sender.traceparent(request)?,
        })
    }
}

fn unquoted(text: &str) -> &str {
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or(text)
}

/// An id that a processor takes.
pub(crate) fn command_id(name: &str, text: &str) -> Result<Uuid, Problem> {
    let id = Uuid::try_parse(text).ok().filter(|id| !id.is_nil() && !id.is_max());
    id.ok_or_else(|| Problem::bad_parameter(name, text, "a UUID that is neither nil nor max"))
}

/// The members of a JSON object, read as strictly as the topic is.
pub(crate) fn object(bytes: &[u8]) -> Result<Map<String, Value>, Problem> {
    match schemas::parse_typed_json(bytes) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(no_command("the body is JSON, but no object")),
        Err(reason) => Err(no_command(&reason)),
    }
}

/// What was sent can never be decided; nothing was written.
pub(crate) fn no_command(reason: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "no-command", "No command", reason.to_owned())
}

#[cfg(test)]
mod tests;
