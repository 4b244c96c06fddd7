//! The records that a batch asks to write, as the client takes them; keys and values are not copied.

use super::carried::Carried;
use super::deliveries::{Report, report_to};
use super::letter::{Original, letter};
use crate::decided::{COMMAND, Decided, REWRITTEN, fingerprint};
use crate::processor::{Observe, Traceparent};
use crate::raw::{Headers, NewHeaders};
use decider::{Batch, Identity, Incoming, Outgoing, SCHEMA_FINGERPRINT, WrittenWith};
use rdkafka::message::{BorrowedMessage, Message, OwnedHeaders};
use rdkafka::producer::BaseRecord;
use topology::headers::{FORWARDED_FROM, parse_place};
use topology::{Topic, Topology};
use uuid::Uuid;

pub(super) type Record<'r> = BaseRecord<'r, [u8], [u8], usize>;

/// What the headers of every record of a producer hold.
#[derive(Clone, Copy)]
pub(super) struct RecordHeaders<'s> {
    pub(super) owner: &'s str,
    pub(super) commands_topic_id: &'s str,
    pub(super) values: &'s ValueHeaders,
}

/// What headers say of the values of events and outcomes.
#[derive(Default)]
pub(super) struct ValueHeaders {
    content_type: Option<&'static str>,
    /// The schemas' fingerprints.
    event: Option<String>,
    outcome: Option<String>,
}

impl ValueHeaders {
    pub(super) fn of(written: WrittenWith) -> Self {
        let text = |fingerprint: u64| format!("{fingerprint:016x}");
        Self {
            content_type: written.content_type,
            event: written.event.map(text),
            outcome: written.outcome.map(text),
        }
    }

    fn of_event(&self, headers: NewHeaders) -> NewHeaders {
        self.add(headers, self.event.as_deref())
    }

    fn of_outcome(&self, headers: NewHeaders) -> NewHeaders {
        self.add(headers, self.outcome.as_deref())
    }

    fn add(&self, headers: NewHeaders, fingerprint: Option<&str>) -> NewHeaders {
        let says = [(CONTENT_TYPE, self.content_type), (SCHEMA_FINGERPRINT, fingerprint)];
        let says = says.into_iter().filter_map(|(name, value)| Some((name, value?)));
        says.fold(headers, |headers, (name, value)| headers.with(name, value.as_bytes()))
    }
}

/// A message of the commands topic. Its headers are looked through once, however many records answer it.
pub(in crate::processor) struct Fetched<'m> {
    message: &'m BorrowedMessage<'m>,
    timestamp_ms: i64,
    carried: Carried<'m>,
    /// What its events have in place of its `traceparent`, where its trace goes on here.
    event_traceparent: Option<Traceparent>,
    content_type: Option<&'m [u8]>,
    command_type: Option<&'m [u8]>,
    forwarded_from: Option<&'m [u8]>,
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
        command_type: None,
    };
    let mut carried = Carried::default();
    let mut forwarded_from = None;
    // The last of several counts, as everywhere in Kafka.
    for (name, value) in Headers::of(message) {
        if name.eq_ignore_ascii_case(CONTENT_TYPE.as_bytes()) {
            incoming.content_type = value;
        } else if name == TYPE.as_bytes() {
            incoming.command_type = value;
        } else if name == FORWARDED_FROM.as_bytes() {
            forwarded_from = value;
        } else {
            carried.note(name, value);
        }
    }
    let fetched = Fetched {
        message,
        timestamp_ms: incoming.timestamp_ms,
        carried,
        event_traceparent: None,
        content_type: incoming.content_type,
        command_type: incoming.command_type,
        forwarded_from: forwarded_from.filter(|from| is_place(from)),
    };
    (incoming, fetched)
}

impl<'m> Fetched<'m> {
    /// The same, in the trace that the observer makes of it.
    pub(in crate::processor) fn observed_by(self, observe: &impl Observe) -> Self {
        let trace = self.carried.traceparent();
        let (partition, offset) = self.place();
        Self {
            event_traceparent: trace.and_then(|(_, trace)| observe.event_traceparent(trace, partition, offset)),
            ..self
        }
    }

    /// Partition and offset.
    pub(in crate::processor) fn place(&self) -> (u32, i64) {
        (self.message.partition().cast_unsigned(), self.message.offset())
    }

    /// Its `traceparent`, where the observer makes a trace of it.
    pub(in crate::processor) fn traced(&self) -> Option<&'m [u8]> {
        self.event_traceparent.and(self.carried.traceparent()).map(|(_, trace)| trace)
    }
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
    common: RecordHeaders<'_>,
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
                    common
                        .values
                        .of_event(of_event(fetched, event_type))
                        .with(COMMAND, command(fetched, common.commands_topic_id, false).as_bytes())
                        .finish(),
                )
        }
        Outgoing::Outcome {
            incoming: index,
            value,
            status,
            command_id,
            command_type,
            decided_at_ms,
            is_rewritten,
        } => {
            let fetched = &incoming[*index];
            let opaque = report_to(*index, fetched.message.partition(), Report::Outcome);
            let says = [(TYPE, *command_type), (STATUS, status.name()), (OWNER, common.owner)];
            let headers = of_outcome(fetched, *command_id, &says);
            let headers = common.values.of_outcome(headers);
            let headers = headers.with(COMMAND, command(fetched, common.commands_topic_id, true).as_bytes());
            let headers = if *is_rewritten {
                headers.with(REWRITTEN, b"outcome-lost")
            } else {
                headers
            };
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
                .headers(known(fetched).with(FORWARDED_FROM, from.as_bytes()).finish())
        }
        Outgoing::DeadLetter {
            incoming: index,
            reason,
            identity,
        } => {
            let reason = reason.to_string();
            dead_letter(topology, &incoming[*index], *index, &reason, identity, common.commands_topic_id)
        }
    }
}

fn dead_letter<'r>(
    topology: &'r Topology,
    fetched: &'r Fetched<'_>,
    index: usize,
    reason: &str,
    identity: &Identity,
    topic_id: &str,
) -> Record<'r> {
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
    letter.says.extend(identified(identity));
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

pub(in crate::processor) const CONTENT_TYPE: &str = "content-type";
/// Of an event its own name, of everything else that of the command.
pub(in crate::processor) const TYPE: &str = "type";
/// What became of the command: of an outcome what it says, too, of a dead letter [`DEAD_LETTER`].
const STATUS: &str = "status";
pub(in crate::processor) const DEAD_LETTER: &str = "dead-letter";
const COMMAND_ID: &str = "command-id";
/// As many as an outcome has at most.
const OUTCOME_HEADERS: usize = 14;
/// As many as an event has at most.
const EVENT_HEADERS: usize = 5;
/// The header of an outcome that names who decided: the transactional id, and the session in which it held the partition. In the order of a
/// partition's outcomes a session that was followed by another one never comes back.
const OWNER: &str = "owner";
/// A forwarded command keeps its content type, its type and what is carried, where they are no longer than this: a record that is sent on must
/// not outgrow its topic.
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

fn of_event(fetched: &Fetched<'_>, event_type: &str) -> NewHeaders {
    let mut headers = NewHeaders::with_capacity(EVENT_HEADERS).with(TYPE, event_type.as_bytes());
    if let Some((name, trace)) = fetched.carried.traceparent() {
        let trace = fetched.event_traceparent.as_ref().map_or(trace, |of_event| of_event);
        headers.push(name, Some(trace));
    }
    headers
}

/// An event is kept forever and says what happened; what a sender looks for its answer by is on the outcome.
fn of_outcome(fetched: &Fetched<'_>, command_id: Uuid, says: &[(&str, &str)]) -> NewHeaders {
    let mut text = Uuid::encode_buffer();
    let headers = NewHeaders::with_capacity(OUTCOME_HEADERS).with(COMMAND_ID, command_id.hyphenated().encode_lower(&mut text).as_bytes());
    let mut headers = says
        .iter()
        .fold(headers, |headers, (name, value)| headers.with(name, value.as_bytes()));
    fetched.carried.iter().for_each(|(name, value)| headers.push(name, Some(value)));
    match fetched.forwarded_from {
        Some(from) => headers.with(FORWARDED_FROM, from),
        None => headers,
    }
}

/// `PARTITION/OFFSET`, as a processor writes it. A client can write it, too: nothing is decided by it, and a reader that looks there
/// finds the same command or not.
fn is_place(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| parse_place(text).is_some())
}

/// What a dead letter says of a command, in addition to the record's headers.
fn identified(identity: &Identity) -> impl Iterator<Item = (&'static str, String)> {
    let command_id = identity.command_id.map(|id| (COMMAND_ID, id.hyphenated().to_string()));
    let command_type = identity.command_type.clone().map(|name| (TYPE, name));
    [command_id, command_type, Some((STATUS, DEAD_LETTER.to_owned()))]
        .into_iter()
        .flatten()
}

fn known(fetched: &Fetched<'_>) -> NewHeaders {
    let named = [(CONTENT_TYPE, fetched.content_type), (TYPE, fetched.command_type)];
    let known = named.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let short = known.filter(|(_, value)| value.len() <= KNOWN_BYTES_MAX);
    let headers = NewHeaders::with_capacity(OUTCOME_HEADERS);
    let mut headers = short.fold(headers, |headers, (name, value)| headers.with(name, value));
    fetched.carried.iter().for_each(|(name, value)| headers.push(name, Some(value)));
    headers
}
