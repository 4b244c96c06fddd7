//! The airline's records on Kafka: Avro in the Confluent wire format, and commands as JSON for those who type them.
//!
//! Bytes of the released schemas are read by hand, and those of the latest one are written. Whatever else arrives, JSON or the bytes
//! of another schema, is first brought into them, so that there is one reader that says what a command means.

mod encoding;
mod latest;

use crate::binary::{Reader, put_frame, unframe};
use crate::command::{self, Command, Invalid};
use crate::json::{self, Form};
use crate::later::Unknown;
use crate::problem::Problem;
use crate::released::{Content, Released};
use crate::resolve::{Resolved, resolve};
use crate::schema::{SCHEMA_BYTES_MAX, Schema};
use crate::{commands, events, later, outcomes, typed, values};
use decider::{CommandEnvelope, DecodeError, EventEnvelope, Identity, Outcome, SchemaIds, WriterSchema, WrittenWith};
use domain::{AggregateId, Event};
use encoding::Encoding;
use latest::LatestSchemas;
use rustc_hash::FxHashMap;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::Arc;

#[derive(Debug, Clone)]
pub struct AvroCodec {
    ids: SchemaIds,
    known: LatestSchemas,
    learned: FxHashMap<u32, Learned>,
    /// The learned ones with the bytes of their texts, in the order in which they were learned.
    kept: VecDeque<(u32, usize)>,
    /// Bytes of the latest schema, made from something else.
    scratch: Vec<u8>,
}

/// Schemas of other writers in memory, by the length of their texts and by their number. The oldest ones are learned again when they are met again.
const LEARNED_BYTES_MAX: usize = 128 * SCHEMA_BYTES_MAX;
const LEARNED_MAX: usize = 10_000;

#[derive(Debug, Clone)]
struct Learned {
    content: Content,
    writer: Writer,
    /// The version of a schema of ours, if it says so: the first versions do not.
    version: Option<u64>,
    fingerprint: u64,
}

#[derive(Debug, Clone)]
enum Writer {
    /// Its bytes are read as those of the latest version are.
    Released(&'static Released),
    Other(Arc<Schema>),
}

/// A value in the bytes of the latest version.
struct Body<'a> {
    bytes: &'a [u8],
    /// How many kinds of payload its writer knew.
    payloads: usize,
    /// The payload, where it is none of ours: another one stands there instead.
    unknown: Option<Unknown>,
}

/// Reads, and has no ids to write.
impl Default for AvroCodec {
    fn default() -> Self {
        Self::new(SchemaIds::UNKNOWN)
    }
}

impl AvroCodec {
    pub fn new(ids: SchemaIds) -> Self {
        Self::of_build(ids, Content::latest)
    }

    /// As the first released build had it, which knows the first version of each schema. For tests of upgrades.
    pub fn first(ids: SchemaIds) -> Self {
        Self::of_build(ids, Content::first)
    }

    fn of_build(ids: SchemaIds, version: impl Fn(Content) -> &'static Released) -> Self {
        let known = LatestSchemas {
            command: version(Content::Command),
            event: version(Content::Event),
            outcome: version(Content::Outcome),
        };
        let latest = |content| {
            let released = known.of(content);
            let learned = Learned {
                content,
                writer: Writer::Released(released),
                version: None,
                fingerprint: released.fingerprint(),
            };
            (content.id_in(&ids), learned)
        };
        Self {
            ids,
            known,
            learned: Content::ALL.into_iter().map(latest).collect(),
            kept: VecDeque::new(),
            scratch: Vec::new(),
        }
    }

    fn forget_oldest(&mut self, learned: u32, bytes: usize) {
        self.kept.retain(|(id, _)| *id != learned);
        self.kept.push_back((learned, bytes));
        let mut kept_bytes: usize = self.kept.iter().map(|(_, bytes)| bytes).sum();
        // One text alone never exceeds the bound, so the newest one stays.
        while (kept_bytes > LEARNED_BYTES_MAX || self.kept.len() > LEARNED_MAX)
            && let Some((id, bytes)) = self.kept.pop_front()
        {
            kept_bytes -= bytes;
            if Content::ALL.into_iter().all(|content| content.id_in(&self.ids) != id) {
                self.learned.remove(&id);
            }
        }
    }

    /// The value's bytes in the latest schema of its content.
    fn latest<'a>(&'a mut self, content: Content, fingerprint: Option<u64>, value: &'a [u8]) -> Result<Body<'a>, DecodeError> {
        let (schema_id, bytes) = unframe(value).map_err(malformed)?;
        let known = self.known.of(content);
        if let Some(released) = fingerprint.and_then(|fingerprint| known.same_or_earlier(fingerprint)) {
            return Ok(Body {
                bytes,
                payloads: released.payloads,
                unknown: None,
            });
        }
        let learned = self.learned.get(&schema_id).ok_or(DecodeError::UnknownSchema(schema_id))?;
        if let Some(fingerprint) = fingerprint
            && fingerprint != learned.fingerprint
        {
            return Err(DecodeError::Malformed(format!(
                "the value was written with the schema of fingerprint {fingerprint:016x}, which this build does not have; the registry has another \
                 one under its schema id {schema_id}, of fingerprint {:016x}. A later build, or the registry of that time, can read it",
                learned.fingerprint
            )));
        }
        if learned.content != content {
            let (found, expected) = (learned.content.record_name(), content.record_name());
            return Err(DecodeError::Malformed(format!(
                "schema id {schema_id} is of {found}, where {expected} belongs"
            )));
        }
        let schema = match &learned.writer {
            Writer::Released(released) => {
                return Ok(Body {
                    bytes,
                    payloads: released.payloads,
                    unknown: None,
                });
            }
            Writer::Other(schema) => schema,
        };
        let problem = |problem: Problem| DecodeError::Malformed(format!("schema id {schema_id}: {problem}"));
        self.scratch.clear();
        let stand_in = later::stand_in(content);
        let Resolved { unknown } = resolve(schema, known.schema(), bytes, stand_in, &mut self.scratch).map_err(problem)?;
        let unknown = match unknown {
            Some(name) => Some(Unknown::of(name, json::read(schema, bytes).map_err(problem)?)),
            None => None,
        };
        if let (Content::Event, Some(unknown)) = (content, &unknown) {
            return Err(DecodeError::Malformed(later::needed_build(
                &unknown.name,
                schema_id,
                learned.version,
                known.version,
            )));
        }
        Ok(Body {
            bytes: &self.scratch,
            payloads: known.payloads,
            unknown,
        })
    }

    /// Of a value that is no command, or of which something is missing: its schema may be known, and its beginning may be that of a command.
    fn identity_of(&self, schema_id: u32, body: &[u8]) -> Identity {
        let Some(learned) = self.learned.get(&schema_id).filter(|learned| learned.content == Content::Command) else {
            return Identity::default();
        };
        let schema = match &learned.writer {
            Writer::Released(released) => released.schema(),
            Writer::Other(schema) => schema,
        };
        match (json::read(schema, body), &learned.writer) {
            (Ok(command), _) => json_codec::identity(&command),
            (Err(_), Writer::Released(_)) => Identity {
                command_id: values::read_uuid(&mut Reader::new(body), "command_id").ok(),
                ..Identity::default()
            },
            (Err(_), Writer::Other(_)) => Identity::default(),
        }
    }

    /// Bytes of the latest schema from JSON.
    fn latest_from_json(&mut self, value: &[u8]) -> Result<Body<'_>, DecodeError> {
        let known = self.known.command;
        let mut value = json_codec::parse(value).map_err(Problem::malformed).map_err(malformed)?;
        let unknown = later::take_unknown_payload(known, &mut value);
        typed::complete(&mut value);
        self.scratch.clear();
        json::put(known.schema(), &value, Form::Typed, &mut self.scratch).map_err(malformed)?;
        Ok(Body {
            bytes: &self.scratch,
            payloads: known.payloads,
            unknown,
        })
    }
}

/// What `decider::Codec` asks for, of any domain with the airline's commands and events.
impl AvroCodec {
    /// Decodes a command.
    ///
    /// # Errors
    /// When it is none, or of a schema that has to be learned.
    pub fn decode_command(&mut self, content_type: Option<&[u8]>, value: &[u8]) -> Result<CommandEnvelope<Command>, DecodeError> {
        let known = self.known.command;
        let body = match Encoding::of(content_type)? {
            Encoding::Avro => self.latest(Content::Command, None, value)?,
            Encoding::Json => self.latest_from_json(value)?,
        };
        command(&body, known).map_err(malformed)
    }

    /// Whose command a value that cannot be decoded is. The content type may be what is wrong: the value says itself what it is.
    pub fn identify(&mut self, _: Option<&[u8]>, value: &[u8]) -> Identity {
        match unframe(value) {
            Ok((schema_id, body)) => self.identity_of(schema_id, body),
            Err(_) => json_codec::identity_of_text(value),
        }
    }

    /// Writes what a command asks for, the same for every encoding of it.
    pub fn encode_meaning(&mut self, asked: &Command, out: &mut Vec<u8>) {
        match &asked.command {
            Ok(command) => {
                out.push(0);
                let id = asked.id.to_string();
                commands::put_payload(commands::own_id(&id), command, out);
            }
            Err(invalid) => {
                out.push(1);
                out.extend_from_slice(invalid.asked.as_bytes());
            }
        }
    }

    /// The id of a value's schema, if that has to be learned.
    pub fn missing_schema(&self, content_type: Option<&[u8]>, value: &[u8]) -> Option<u32> {
        match (Encoding::of(content_type), unframe(value)) {
            (Ok(Encoding::Avro), Ok((id, _))) => (!self.learned.contains_key(&id)).then_some(id),
            _ => None,
        }
    }

    /// Learns the schema of another writer.
    ///
    /// # Errors
    /// When it is not a schema of commands, events or outcomes.
    pub fn learn(&mut self, schema_id: u32, text: &WriterSchema) -> Result<(), String> {
        let bytes = text.json.len() + text.references.iter().map(String::len).sum::<usize>();
        let schema = Schema::of_writer(text)?;
        let name = schema.record_name().ok_or("the schema is not of a record")?;
        let content = Content::ALL.into_iter().find(|content| content.record_name() == name);
        let content = content.ok_or_else(|| format!("the schema is of {name}, which is no command, event or outcome"))?;
        let known = self.known.of(content);
        let mut released = content.versions().take_while(|released| released.version <= known.version);
        let writer = released.find(|released| schema.same_bytes(released.schema()));
        let fingerprint = schema.fingerprint();
        let writer = writer.map_or_else(|| Writer::Other(Arc::new(schema)), Writer::Released);
        let learned = Learned {
            content,
            writer,
            version: later::version_of(&text.json),
            fingerprint,
        };
        self.learned.insert(schema_id, learned);
        self.forget_oldest(schema_id, bytes);
        Ok(())
    }

    /// Writes an event's value.
    pub fn encode_event(&mut self, event: &EventEnvelope<Event>, out: &mut Vec<u8>) {
        put_frame(self.ids.event, out);
        events::put_event(event, out);
    }

    /// What headers say of the values that are written.
    pub fn written_with(&self) -> WrittenWith {
        WrittenWith {
            content_type: Some("application/avro"),
            event: Some(self.known.event.fingerprint()),
            outcome: Some(self.known.outcome.fingerprint()),
        }
    }

    /// Decodes an event whose record does not name its schema's fingerprint.
    ///
    /// # Errors
    /// When it is none, or of a schema that has to be learned.
    pub fn decode_event(&mut self, value: &[u8]) -> Result<EventEnvelope<Event>, DecodeError> {
        self.decode_event_of(None, value)
    }

    /// Decodes an event whose record names the fingerprint of its schema.
    ///
    /// # Errors
    /// When it is none, or of a schema that has to be learned.
    pub fn decode_event_of(&mut self, fingerprint: Option<u64>, value: &[u8]) -> Result<EventEnvelope<Event>, DecodeError> {
        let body = self.latest(Content::Event, fingerprint, value)?;
        let mut reader = Reader::new(body.bytes);
        let event = events::read_event(&mut reader, body.payloads).map_err(malformed)?;
        reader.end().map_err(malformed)?;
        aggregate(&event.aggregate_id).map_err(malformed)?;
        Ok(event)
    }

    /// Writes an outcome's value.
    pub fn encode_outcome(&mut self, outcome: &Outcome, out: &mut Vec<u8>) {
        put_frame(self.ids.outcome, out);
        outcomes::put_outcome(outcome, out);
    }

    /// Decodes an outcome whose record does not name its schema's fingerprint.
    ///
    /// # Errors
    /// When it is none, or of a schema that has to be learned.
    pub fn decode_outcome(&mut self, value: &[u8]) -> Result<Outcome, DecodeError> {
        self.decode_outcome_of(None, value)
    }

    /// Decodes an outcome whose record names the fingerprint of its schema.
    ///
    /// # Errors
    /// When it is none, or of a schema that has to be learned.
    pub fn decode_outcome_of(&mut self, fingerprint: Option<u64>, value: &[u8]) -> Result<Outcome, DecodeError> {
        let mut reader = Reader::new(self.latest(Content::Outcome, fingerprint, value)?.bytes);
        let outcome = outcomes::read_outcome(&mut reader).map_err(malformed)?;
        reader.end().map_err(malformed)?;
        Ok(outcome)
    }
}

/// A command from the bytes of the latest schema.
fn command(body: &Body<'_>, known: &Released) -> Result<CommandEnvelope<Command>, Problem> {
    let envelope = commands::read_command(&mut Reader::new(body.bytes), body.payloads)?;
    let id = aggregate(&envelope.aggregate_id)?;
    let command = match (envelope.command, &body.unknown) {
        (_, Some(unknown)) => {
            let rejection = later::unknown_command(&unknown.name, known.version);
            Err(Invalid::of(rejection, &Value::Null, &unknown.payload))
        }
        (Ok(command), None) => Ok(command),
        (Err(invalid), None) => {
            // Reading stopped at the invalid value. What is refused with a reason has to be a command to its last byte, too.
            let whole = json::read(known.schema(), body.bytes)?;
            let rejection = command::invalid_value(&invalid.path, &invalid.reason);
            Err(Invalid::of(rejection, &whole["expected_version"], &whole["payload"]))
        }
    };
    Ok(CommandEnvelope {
        command_id: envelope.command_id,
        aggregate_id: envelope.aggregate_id,
        expected_version: envelope.expected_version,
        issued_by: envelope.issued_by,
        command: Command { id, command },
    })
}

fn aggregate(id: &str) -> Result<AggregateId, Problem> {
    AggregateId::parse(id).map_err(|invalid| Problem::malformed(format!("is no aggregate: {invalid}")).within("aggregate_id"))
}

fn malformed(problem: Problem) -> DecodeError {
    DecodeError::Malformed(problem.to_string())
}

#[cfg(test)]
mod tests;
