//! What a batch asks to write, as records of the client; nothing is copied but headers.

use super::deliveries::{Report, report_to};
use decider::{Batch, Outgoing};
use rdkafka::message::{BorrowedMessage, Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::BaseRecord;
use topology::Topology;

pub(super) type Record<'r> = BaseRecord<'r, [u8], [u8], usize>;

pub(super) fn record_of<'r>(
    topology: &'r Topology,
    batch: &'r Batch,
    outgoing: &Outgoing,
    incoming: &'r [BorrowedMessage<'_>],
    owner: &str,
) -> Record<'r> {
    let topics = &topology.topics;
    match outgoing {
        Outgoing::Event {
            incoming: index,
            value,
            event_type,
        } => {
            let message = &incoming[*index];
            let opaque = report_to(message.partition(), Report::Event);
            answer(&topics.events.name, message, batch.value(value), opaque).headers(with_trace(message, "type", event_type))
        }
        Outgoing::Outcome {
            incoming: index,
            value,
            status,
            decided_at_ms,
        } => {
            let message = &incoming[*index];
            let opaque = report_to(message.partition(), Report::Outcome);
            answer(&topics.outcomes.name, message, batch.value(value), opaque)
                .timestamp(*decided_at_ms)
                .headers(with_trace(message, "status", status.name()).insert(Header {
                    key: OWNER,
                    value: Some(owner),
                }))
        }
        Outgoing::Forward {
            incoming: index,
            to_partition,
        } => {
            let message = &incoming[*index];
            let from = format!("{}/{}", message.partition(), message.offset());
            let headers = known(message).insert(Header {
                key: FORWARDED_FROM,
                value: Some(&from),
            });
            as_it_is(&topics.commands.name, message)
                .partition(to_partition.cast_signed())
                .headers(headers)
        }
        Outgoing::DeadLetter { incoming: index, reason } => {
            let message = &incoming[*index];
            let found = [
                ("topic", message.topic().to_owned()),
                ("partition", message.partition().to_string()),
                ("offset", message.offset().to_string()),
                ("reason", reason.to_string()),
            ];
            let headers = found.iter().fold(copied(message), |headers, (key, value)| {
                headers.insert(Header { key, value: Some(value) })
            });
            let partitions = topology.partitions_of(&topics.dead_letters).cast_signed();
            as_it_is(&topics.dead_letters.name, message)
                .partition(message.partition() % partitions)
                .headers(headers)
        }
    }
}

/// The header of a command that was put into the partition where its key belongs.
pub(crate) const FORWARDED_FROM: &str = "forwarded-from";
const TRACEPARENT: &str = "traceparent";
/// The header of an outcome that names who decided: the transactional id, and the session in which it held the partition. In the order of a
/// partition's outcomes a session that was followed by another one never comes back.
const OWNER: &str = "owner";
/// What a forwarded command keeps of its headers, where they are no longer than this: a record that is sent on must not outgrow its topic.
const KNOWN: [&str; 3] = ["content-type", "type", TRACEPARENT];
const KNOWN_BYTES_MAX: usize = 256;

fn answer<'r>(topic: &'r str, message: &'r BorrowedMessage<'_>, value: &'r [u8], opaque: usize) -> Record<'r> {
    let record = BaseRecord::with_opaque_to(topic, opaque)
        .partition(message.partition())
        .payload(value);
    match message.key() {
        Some(key) => record.key(key),
        None => record,
    }
}

fn as_it_is<'r>(topic: &'r str, message: &'r BorrowedMessage<'_>) -> Record<'r> {
    let mut record = BaseRecord::with_opaque_to(topic, report_to(0, Report::Neither));
    if let Some(key) = message.key() {
        record = record.key(key);
    }
    if let Some(value) = message.payload() {
        record = record.payload(value);
    }
    record
}

fn with_trace(message: &BorrowedMessage<'_>, name: &str, value: &str) -> OwnedHeaders {
    let headers = OwnedHeaders::new_with_capacity(2).insert(Header {
        key: name,
        value: Some(value),
    });
    match crate::reader::header(message, TRACEPARENT).filter(|trace| is_traceparent(trace)) {
        Some(trace) => headers.insert(Header {
            key: TRACEPARENT,
            value: Some(trace),
        }),
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

fn known(message: &BorrowedMessage<'_>) -> OwnedHeaders {
    let found = KNOWN.iter().filter_map(|key| Some((*key, crate::reader::header(message, key)?)));
    found
        .filter(|(_, value)| value.len() <= KNOWN_BYTES_MAX)
        .fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header { key, value: Some(value) })
        })
}

fn copied(message: &BorrowedMessage<'_>) -> OwnedHeaders {
    let mut headers = OwnedHeaders::new();
    if let Some(found) = message.headers() {
        for header in found.iter() {
            headers = headers.insert(Header {
                key: header.key,
                value: header.value,
            });
        }
    }
    headers
}

#[cfg(test)]
mod tests;
