//! The topics that clients write and read, as an AsyncAPI 3.0 document, made from the topology and the schemas of an application.

use application::{Application, RecordKind, SchemaIds, latest_schema};
use decider::Codec;
use serde_json::{Map, Value, json};
use topology::{Topic, Topology};

/// A topic of clients: what its messages are called, which kind they are, and whether clients send them.
struct Channel<'t> {
    name: &'static str,
    topic: &'t Topic,
    /// The record's own bytes where there is none.
    kind: Option<RecordKind>,
    is_sent: bool,
    headers: &'static [(&'static str, &'static str)],
}

const OF_COMMANDS: &[(&str, &str)] = &[
    (
        "content-type",
        "application/json for a command in JSON; none for one with a schema id.",
    ),
    ("type", "The command's name. Where it is there it has to agree with the value."),
    ("traceparent", "W3C Trace Context; comes back with the answer."),
    ("tracestate", "W3C Trace Context; comes back with the answer, up to 512 bytes."),
    ("correlation-id", "Comes back with the answer, up to 512 bytes."),
];
const OF_EVENTS: &[(&str, &str)] = &[
    ("content-type", CONTENT_TYPE_OF_VALUES),
    ("type", "The event's name."),
    ("schema-fingerprint", "Of the value's schema, in 16 hexadecimal digits."),
    ("command", "The commands topic's id and the command's offset."),
    ("traceparent", "That of the command."),
];
const OF_OUTCOMES: &[(&str, &str)] = &[
    ("content-type", CONTENT_TYPE_OF_VALUES),
    ("command-id", "The command that this answers."),
    ("type", "The command's name."),
    ("status", "accepted or rejected."),
    (
        "forwarded-from",
        "Partition and offset where the command lay, if that was not the partition of its key.",
    ),
    ("correlation-id", "That of the command."),
    ("traceparent", "That of the command."),
];
const OF_DEAD_LETTERS: &[(&str, &str)] = &[
    ("command-id", "The command that this answers, where it can be read."),
    ("type", "The command's name, where it can be read."),
    ("status", "dead-letter."),
    ("reason", "Why the record is no command."),
    ("topic", "Where the record was found."),
    ("partition", "Where the record was found."),
    ("offset", "Where the record was found."),
    ("cut", "What was left out of the record, or nothing."),
];

/// Stands for what the codec of the application says.
const CONTENT_TYPE_OF_VALUES: &str = "{content-type}";

/// The media type of values that have a schema, and of schemas of Avro in AsyncAPI.
const AVRO_VALUES: &str = "application/vnd.apache.avro";
const AVRO: &str = "application/vnd.apache.avro;version=1.9.0";

/// The document for clients of an application.
pub fn document<A: Application>(topology: &Topology) -> Value {
    let channel = |name, topic, kind, is_sent, headers| Channel {
        name,
        topic,
        kind,
        is_sent,
        headers,
    };
    let topics = &topology.topics;
    let channels = [
        channel("command", &topics.commands, Some(RecordKind::Command), true, OF_COMMANDS),
        channel("event", &topics.events, Some(RecordKind::Event), false, OF_EVENTS),
        channel("outcome", &topics.outcomes, Some(RecordKind::Outcome), false, OF_OUTCOMES),
        channel("deadLetter", &topics.dead_letters, None, false, OF_DEAD_LETTERS),
    ];
    let by_name = |made: &dyn Fn(&Channel<'_>) -> (String, Value)| Value::from(channels.iter().map(made).collect::<Map<_, _>>());
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Aerolog",
            "version": env!("CARGO_PKG_VERSION"),
            "description": format!(
                "Commands to the application {} on Apache Kafka, the events that they lead to, and their outcomes. See docs/clients.md.",
                A::NAME
            ),
            "license": { "name": "Apache-2.0" },
        },
        "channels": by_name(&|channel| (channel.name.to_owned(), channel_of(topology, channel))),
        "operations": by_name(&operation_of),
        "components": { "messages": by_name(&|channel| (channel.name.to_owned(), message_of::<A>(channel))) },
    })
}

fn channel_of(topology: &Topology, channel: &Channel<'_>) -> Value {
    let Channel { name, topic, .. } = channel;
    json!({
        "address": topic.name,
        "description": format!("{}; the key is the {}.", topic.purpose, topic.key),
        "messages": { (*name): { "$ref": format!("#/components/messages/{name}") } },
        "bindings": { "kafka": {
            "topic": topic.name,
            "partitions": topology.partitions_of(topic),
            "topicConfiguration": {
                "cleanup.policy": [topic.cleanup.name()],
                "retention.ms": topic.retention_ms,
                "max.message.bytes": topic.message_bytes_max,
            },
            "bindingVersion": "0.5.0",
        }},
    })
}

fn operation_of(channel: &Channel<'_>) -> (String, Value) {
    let name = channel.name;
    let action = if channel.is_sent { "send" } else { "receive" };
    let operation = json!({
        "action": action,
        "channel": { "$ref": format!("#/channels/{name}") },
        "messages": [{ "$ref": format!("#/channels/{name}/messages/{name}") }],
    });
    (format!("{action}{}{}", name[..1].to_uppercase(), &name[1..]), operation)
}

fn message_of<A: Application>(channel: &Channel<'_>) -> Value {
    let written_as = A::codec(SchemaIds::UNKNOWN).written_with().content_type;
    let headers = channel.headers.iter().filter_map(|(name, meaning)| {
        let meaning = match (*meaning, written_as) {
            (CONTENT_TYPE_OF_VALUES, Some(content_type)) => format!("{content_type}."),
            (CONTENT_TYPE_OF_VALUES, None) => return None,
            (meaning, _) => meaning.to_owned(),
        };
        Some(((*name).to_owned(), json!({ "type": "string", "description": meaning })))
    });
    let mut message = json!({
        "name": channel.name,
        "headers": { "type": "object", "properties": headers.collect::<Map<_, _>>() },
        "bindings": { "kafka": { "key": { "type": "string" }, "bindingVersion": "0.5.0" } },
    });
    match (channel.kind, channel.kind.and_then(latest_schema::<A>)) {
        (Some(_), Some(latest)) => {
            let schema: Value = serde_json::from_str(latest.json).unwrap_or_default();
            message["contentType"] = AVRO_VALUES.into();
            message["payload"] = json!({ "schemaFormat": AVRO, "schema": schema });
            message["bindings"]["kafka"]["schemaIdLocation"] = "payload".into();
            message["bindings"]["kafka"]["schemaIdPayloadEncoding"] = "confluent".into();
        }
        (Some(_), None) => message["contentType"] = written_as.unwrap_or("application/octet-stream").into(),
        (None, _) => message["contentType"] = "application/octet-stream".into(),
    }
    message
}

#[cfg(test)]
mod tests;
