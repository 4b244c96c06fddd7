//! What a batch asks to write, as records of the client; keys and values are not copied.

use super::deliveries::{Report, report_to};
use super::letter::{Original, letter};
use crate::decided::{COMMAND, Decided, fingerprint};
use crate::raw::{Headers, NewHeaders};
use decider::{Batch, Incoming, Outgoing, SCHEMA_FINGERPRINT, WrittenWith};
use rdkafka::message::{BorrowedMessage, Message, OwnedHeaders};
use rdkafka::producer::BaseRecord;
use topology::{Topic, Topology};

pub(super) type Record<'r> = BaseRecord<'r, [u8], [u8], usize>;

/// What the records of a producer say of it.
#[derive(Clone, Copy)]
pub(super) struct Signs<'s> {
    pub(super) owner: &'s str,
    pub(super) commands_topic_id: &'s str,
    pub(super) schemas: &'s Schemas,
}

/// The schemas of events and outcomes as headers name them.
#[derive(Default)]
pub(super) struct Schemas {
    event: Option<String>,
    outcome: Option<String>,
}

impl Schemas {
    pub(super) fn of(written: WrittenWith) -> Self {
        let text = |fingerprint: u64| format!("{fingerprint:016x}");
        Self {
            event: written.event.map(text),
            outcome: written.outcome.map(text),
        }
    }
}

/// A message of the commands topic. Its headers are looked through once, however many records answer it.
pub(in crate::processor) struct Fetched<'m> {
    message: &'m BorrowedMessage<'m>,
    timestamp_ms: i64,
    traceparent: Option<&'m [u8]>,
}

/// What the machine decides on, and what answers are made from.
pub(in crate::processor) fn fetched<'m>(message: &'m BorrowedMessage<'m>) -> (Incoming<'m>, Fetched<'m>) {
    let mut incoming = Incoming {
        partition: message.partition().cast_unsigned(),
        offset: message.offset(),
        timestamp_ms: message.timestamp().to_millis().unwrap_or(0),
        key: message.key(),
        value: message.payload(),
        content_type: None,
        forwarded: false,
    };
    let mut traceparent = None;
    // The last of several counts, as everywhere in Kafka.
    for (name, value) in Headers::of(message) {
        if name == CONTENT_TYPE.as_bytes() {
            incoming.content_type = value;
        } else if name == FORWARDED_FROM.as_bytes() {
            incoming.forwarded = true;
        } else if name == TRACEPARENT.as_bytes() {
            traceparent = value;
        }
    }
    let fetched = Fetched {
        message,
        timestamp_ms: incoming.timestamp_ms,
        traceparent: traceparent.filter(|trace| is_traceparent(trace)),
    };
    (incoming, fetched)
}

/// Bytes that a message holds in memory.
pub(in crate::processor) fn bytes_of(message: &BorrowedMessage<'_>) -> usize {
    let header_bytes = Headers::of(message).map(|(name, value)| name.len() + value.map_or(0, <[u8]>::len));
    message.key_len() + message.payload_len() + header_bytes.sum::<usize>()
}

/// Every record has the time of its command, which is the broker's: the clock of this machine may be wrong, and the broker may refuse what it
/// says.
pub(super) fn record_of<'r>(
    topology: &'r Topology,
    batch: &'r Batch,
    outgoing: &Outgoing,
    incoming: &'r [Fetched<'_>],
    signs: Signs<'_>,
) -> Record<'r> {
    let topics = &topology.topics;
    match outgoing {
        Outgoing::Event {
            incoming: index,
            value,
            event_type,
        } => {
            let fetched = &incoming[*index];
            let opaque = report_to(*index, fetched.message.partition(), Report::Event);
            answer(&topics.events, fetched, batch.value(value), opaque)
                .timestamp(fetched.timestamp_ms)
                .headers(
                    with_schema(with_trace(fetched, "type", event_type), signs.schemas.event.as_ref())
                        .with(COMMAND, command(fetched, signs.commands_topic_id, false).as_bytes())
                        .finish(),
                )
        }
        Outgoing::Outcome {
            incoming: index,
            value,
            status,
            decided_at_ms,
        } => {
            let fetched = &incoming[*index];
            let opaque = report_to(*index, fetched.message.partition(), Report::Outcome);
            let headers = with_trace(fetched, "status", status.name()).with(OWNER, signs.owner.as_bytes());
            let headers = with_schema(headers, signs.schemas.outcome.as_ref());
            let headers = headers.with(COMMAND, command(fetched, signs.commands_topic_id, true).as_bytes());
            answer(&topics.outcomes, fetched, batch.value(value), opaque)
                .timestamp(*decided_at_ms)
                .headers(headers.finish())
        }
        Outgoing::Forward {
            incoming: index,
            to_partition,
        } => {
            let fetched = &incoming[*index];
            let message = fetched.message;
            let from = format!("{}/{}", message.partition(), message.offset());
            let opaque = report_to(*index, message.partition(), Report::Neither);
            written(&topics.commands, message.key(), message.payload(), opaque)
                .partition(to_partition.cast_signed())
                .timestamp(fetched.timestamp_ms)
                .headers(known(message).with(FORWARDED_FROM, from.as_bytes()).finish())
        }
        Outgoing::DeadLetter { incoming: index, reason } => {
            dead_letter(topology, &incoming[*index], *index, &reason.to_string(), signs.commands_topic_id)
        }
    }
}

fn dead_letter<'r>(topology: &'r Topology, fetched: &'r Fetched<'_>, index: usize, reason: &str, topic_id: &str) -> Record<'r> {
    let (message, topics) = (fetched.message, &topology.topics);
    let headers = Headers::of(message);
    let mut letter = letter(
        &Original {
            topic: &topics.commands.name,
            retention_ms: topics.commands.retention_ms,
            partition: message.partition().cast_unsigned(),
            offset: message.offset(),
            timestamp_ms: fetched.timestamp_ms,
            key: message.key(),
            value: message.payload(),
            are_headers_unreadable: headers.are_unreadable(),
            header_bytes: headers
                .clone()
                .map(|(name, value)| name.len() + value.map_or(0, <[u8]>::len))
                .collect(),
        },
        reason,
    );
    letter.says.push((COMMAND, command(fetched, topic_id, false)));
    let partitions = topology.partitions_of(&topics.dead_letters).cast_signed();
    let opaque = report_to(index, message.partition(), Report::Neither);
    written(&topics.dead_letters, letter.key, letter.value, opaque)
        .partition(message.partition() % partitions)
        .timestamp(fetched.timestamp_ms)
        .headers(letter_headers(message, headers, letter.headers, &letter.says))
}

/// The header that names the command: an offset alone would fit a topic that was created again, too.
fn command(fetched: &Fetched<'_>, topic_id: &str, with_fingerprint: bool) -> String {
    let (message, timestamp_ms) = (fetched.message, fetched.timestamp_ms);
    Decided {
        topic_id: topic_id.to_owned(),
        offset: message.offset(),
        fingerprint: with_fingerprint.then(|| fingerprint(timestamp_ms, message.key(), message.payload())),
    }
    .to_string()
}

/// The first `kept` headers of the record, and what the letter says after them: the last of a name counts.
fn letter_headers(message: &BorrowedMessage<'_>, headers: Headers<'_>, kept: usize, says: &[(&str, String)]) -> OwnedHeaders {
    let are_whole = headers.clone().nth(kept).is_none();
    let copied = if are_whole {
        NewHeaders::copied(message)
    } else {
        let mut copied = NewHeaders::with_capacity(kept + says.len());
        headers.take(kept).for_each(|(name, value)| copied.push(name, value));
        copied
    };
    let added = says
        .iter()
        .fold(copied, |headers, (name, value)| headers.with(name, value.as_bytes()));
    added.finish()
}

/// The header of a command that was put into the partition where its key belongs.
const FORWARDED_FROM: &str = "forwarded-from";
const TRACEPARENT: &str = "traceparent";
const CONTENT_TYPE: &str = "content-type";
/// The header of an outcome that names who decided: the transactional id, and the session in which it held the partition. In the order of a
/// partition's outcomes a session that was followed by another one never comes back.
const OWNER: &str = "owner";
/// What a forwarded command keeps of its headers, where they are no longer than this: a record that is sent on must not outgrow its topic.
const KNOWN: [&str; 3] = [CONTENT_TYPE, "type", TRACEPARENT];
const KNOWN_BYTES_MAX: usize = 256;

fn answer<'r>(topic: &'r Topic, fetched: &'r Fetched<'_>, value: &'r [u8], opaque: usize) -> Record<'r> {
    let message = fetched.message;
    written(topic, message.key(), Some(value), opaque).partition(message.partition())
}

fn written<'r>(topic: &'r Topic, key: Option<&'r [u8]>, value: Option<&'r [u8]>, opaque: usize) -> Record<'r> {
    let mut record = BaseRecord::with_opaque_to(&topic.name, opaque);
    (record.key, record.payload) = (key, value);
    record
}

fn with_trace(fetched: &Fetched<'_>, name: &str, value: &str) -> NewHeaders {
    let headers = NewHeaders::with_capacity(5).with(name, value.as_bytes());
    match fetched.traceparent {
        Some(trace) => headers.with(TRACEPARENT, trace),
        None => headers,
    }
}

fn with_schema(headers: NewHeaders, fingerprint: Option<&String>) -> NewHeaders {
    match fingerprint {
        Some(fingerprint) => headers.with(SCHEMA_FINGERPRINT, fingerprint.as_bytes()),
        None => headers,
    }
}

/// Version 00 of W3C Trace Context, section 3.2: four fields of hexadecimal digits. Whatever else a client puts there would be repeated in
/// every event and outcome.
fn is_traceparent(bytes: &[u8]) -> bool {
    const LENGTHS: [usize; 4] = [2, 32, 16, 2];
    let mut fields = bytes.split(|byte| *byte == b'-');
    let is_field = |length: usize, field: Option<&[u8]>| field.is_some_and(|field| field.len() == length && field.iter().all(is_lower_hex));
    LENGTHS.iter().all(|length| is_field(*length, fields.next())) && fields.next().is_none()
}

fn is_lower_hex(byte: &u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn known(message: &BorrowedMessage<'_>) -> NewHeaders {
    let found = KNOWN.iter().filter_map(|name| Some((*name, Headers::of(message).last(name)?)));
    found
        .filter(|(_, value)| value.len() <= KNOWN_BYTES_MAX)
        .fold(NewHeaders::with_capacity(KNOWN.len() + 1), |headers, (name, value)| {
            headers.with(name, value)
        })
}

#[cfg(test)]
mod tests;
