//! Writing commands, whatever their encoding.

use crate::Place;
use serde_json::{Map, Value};
use service::clock;
use std::time::Duration;
use stream::Settings;
use stream::writer::{Outgoing, Report, WriteFailure, Writer};
use topology::Topology;
use uuid::Uuid;

/// How the value of a command is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentType {
    /// As the codec's own schemas say, in a frame that names them.
    Framed,
    Json,
}

/// A command that is ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCommand {
    pub command_id: Uuid,
    /// The record's key.
    pub aggregate_id: String,
    pub value: Vec<u8>,
    pub content_type: ContentType,
    /// For eyes at a terminal (record header `type`).
    pub type_name: String,
    /// W3C trace context, passed on to the events and the outcome.
    pub traceparent: Option<String>,
}

/// A longer name is none of a command, and would not fit into the record with it.
const TYPE_NAME_BYTES_MAX: usize = 80;

impl NewCommand {
    /// The name of a JSON command's payload, for the record's header: a later build may know one that this one does not.
    pub fn type_name_of(command: &Map<String, Value>) -> String {
        let payload = command.get("payload").and_then(Value::as_object);
        let name = payload.and_then(|named| named.keys().next());
        name.filter(|name| name.len() <= TYPE_NAME_BYTES_MAX).cloned().unwrap_or_default()
    }
}

/// Writes commands without waiting for what becomes of them.
pub struct CommandWriter {
    writer: Writer,
    topic: String,
}

const REPORT_WAIT: Duration = Duration::from_millis(10);

impl CommandWriter {
    pub fn new(settings: &Settings, topology: &Topology) -> Result<Self, WriteFailure> {
        Ok(Self::of(Writer::new(settings)?, topology))
    }

    pub(crate) fn of(writer: Writer, topology: &Topology) -> Self {
        let topic = topology.topics.commands.name.clone();
        Self { writer, topic }
    }

    /// Writes one command and waits until the broker has it. Not to be mixed with other writes that are under way.
    pub fn write(&self, command: &NewCommand, patience: Duration) -> Result<Place, WriteFailure> {
        self.queue(command, 0)?;
        let began = clock::monotonic();
        while began.elapsed() < patience {
            if let Some(Report { written, .. }) = self.writer.reports(REPORT_WAIT).into_iter().next() {
                let (partition, offset) = written.map_err(WriteFailure::Refused)?;
                return Ok(Place { partition, offset });
            }
        }
        Err(WriteFailure::Unacknowledged {
            count: 1,
            waited: patience,
        })
    }

    /// Hands a command to the producer, without waiting; its report carries the tag.
    pub(crate) fn queue(&self, command: &NewCommand, tag: usize) -> Result<(), WriteFailure> {
        let mut headers: Vec<(&str, &[u8])> = vec![("type", command.type_name.as_bytes())];
        if command.content_type == ContentType::Json {
            headers.push(("content-type", b"application/json"));
        }
        if let Some(traceparent) = &command.traceparent {
            headers.push(("traceparent", traceparent.as_bytes()));
        }
        self.writer.try_send(&Outgoing {
            topic: &self.topic,
            key: Some(command.aggregate_id.as_bytes()),
            value: Some(&command.value),
            headers: &headers,
            tag,
            partition: None,
        })
    }

    /// Serves reports for up to `wait`.
    pub(crate) fn serve(&self, wait: Duration) {
        self.writer.serve(wait);
    }
}
