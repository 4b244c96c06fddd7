//! Records with their headers, as the audit reads them; and the metadata of a group's offsets.

use crate::fields::split;
use crate::seeds::{IDS, LIMITS, NOW_MS, TOPICS};
use airline::Airline;
use auditor::{AuditError, Auditor, Options, Partition, Place, Record, Seen, Topic};
use decider::{Cursor, Machine, Replay, WholePrefixSearch, read_event, read_outcome, schema_fingerprint};
use http_server::Position;
use keyvalue::Memory;
use schemas::AvroCodec;
use std::cell::RefCell;
use stream::Decided;
use stream::inspect::{GroupOffset, offset_in};

const ABORTED: u8 = 1;
const NO_KEY: u8 = 2;
const NO_VALUE: u8 = 4;

/// Fields: key, value, then name and value of each header.
pub(super) fn dead_letter(input: &[u8]) -> bool {
    let mut fields = split(input);
    let (key, value) = (fields.next().map(<[u8]>::to_vec), fields.next().map(<[u8]>::to_vec));
    let record = Record {
        place: Place {
            topic: Topic::DeadLetters,
            partition: 0,
            offset: 0,
        },
        timestamp_ms: 0,
        key,
        value,
        headers: headers_of(&mut fields, usize::MAX),
    };
    let mut auditor = new_auditor();
    auditor.dead_letter(Seen::Committed(record)).expect("a store in memory");
    auditor.finish().expect("a store in memory").holds()
}

/// For each record: a field of topic, flags, offsets left out, number of headers; then key, value, and name and value of each header.
pub(super) fn log(input: &[u8]) -> bool {
    let mut topics: [Vec<Seen>; 4] = Default::default();
    let mut fields = split(input);
    while let Some(record) = seen(&mut fields, &topics) {
        let place = match &record {
            Seen::Committed(record) | Seen::Aborted(record) => record.place.topic,
        };
        if let Some(index) = TOPICS.iter().position(|topic| *topic == place) {
            topics[index].push(record);
        }
    }
    let [commands, events, outcomes, letters] = topics;
    let mut auditor = new_auditor();
    for letter in letters {
        auditor.dead_letter(letter).expect("a store in memory");
    }
    let committed = commands.last().map(|last| offset_of(last) + 1);
    let partition = Partition {
        number: 0,
        begins_at: 0,
        committed,
        committed_after: &mut || Ok(committed),
        commands: commands.into_iter().map(Ok),
        events: events.into_iter().map(Ok),
        outcomes: outcomes.into_iter().map(Ok),
    };
    match auditor.partition(partition, &mut |_| {}) {
        Ok(()) => auditor.finish().expect("a store in memory").holds(),
        // There is no registry here: of commands with schemas of others nothing can be told.
        Err(AuditError::Source(_)) => false,
        Err(AuditError::Ledger(error)) => panic!("a store in memory: {error}"),
    }
}

/// The same input: events and outcomes in the order in which they come, each a replay of its own.
pub(super) fn replay(input: &[u8]) -> bool {
    let mut codec = AvroCodec::new(IDS);
    let (mut machine, mut memory) = (Machine::<Airline>::new(LIMITS), Memory::default());
    machine.open(0, Cursor::default());
    let mut search = WholePrefixSearch::new(u64::from(u16::MAX), i64::from(u16::MAX));
    let (mut topics, mut fields): ([Vec<Seen>; 4], _) = (Default::default(), split(input));
    let mut folded = 0;
    while let Some(found) = seen(&mut fields, &topics) {
        let (Seen::Committed(record) | Seen::Aborted(record)) = &found;
        let (offset, value) = (record.place.offset, record.value.as_deref().unwrap_or_default());
        let mutations = match record.place.topic {
            Topic::Events => read_event::<Airline, _>(&mut codec, None, value).ok().and_then(|value| {
                machine
                    .replay_events(
                        &memory,
                        0,
                        &[Replay {
                            offset,
                            timestamp_ms: NOW_MS,
                            value,
                        }],
                    )
                    .ok()
            }),
            Topic::Outcomes => read_outcome::<Airline, _>(&mut codec, None, value).ok().and_then(|value| {
                search.push(&value);
                machine
                    .replay_outcomes(
                        0,
                        &[Replay {
                            offset,
                            timestamp_ms: NOW_MS,
                            value,
                        }],
                    )
                    .ok()
            }),
            Topic::Commands | Topic::DeadLetters | Topic::Offsets => None,
        };
        folded += u32::from(mutations.is_some());
        memory.apply(&mutations.unwrap_or_default());
        if let Some(index) = TOPICS.iter().position(|topic| *topic == record.place.topic) {
            topics[index].push(found);
        }
    }
    folded > 0
}

fn seen<'f>(fields: &mut impl Iterator<Item = &'f [u8]>, before: &[Vec<Seen>; 4]) -> Option<Seen> {
    let [topic, flags, gap, header_count] = *fields.next()?.first_chunk::<4>()?;
    let index = usize::from(topic) % TOPICS.len();
    let last = before[index].last().map_or(-1, offset_of);
    let (key, value) = (fields.next()?.to_vec(), fields.next()?.to_vec());
    let record = Record {
        place: Place {
            topic: TOPICS[index],
            partition: 0,
            offset: last + 1 + i64::from(gap),
        },
        timestamp_ms: NOW_MS + last + 1,
        key: (flags & NO_KEY == 0).then_some(key),
        value: (flags & NO_VALUE == 0).then_some(value),
        headers: headers_of(fields, header_count.into()),
    };
    Some(if flags & ABORTED == 0 {
        Seen::Committed(record)
    } else {
        Seen::Aborted(record)
    })
}

fn offset_of(seen: &Seen) -> i64 {
    match seen {
        Seen::Committed(record) | Seen::Aborted(record) => record.place.offset,
    }
}

fn headers_of<'f>(fields: &mut impl Iterator<Item = &'f [u8]>, count_max: usize) -> Vec<(String, Option<Vec<u8>>)> {
    let mut headers = Vec::new();
    while headers.len() < count_max
        && let (Some(name), Some(value)) = (fields.next(), fields.next())
    {
        headers.push((String::from_utf8_lossy(name).into_owned(), Some(value.to_vec())));
    }
    headers
}

fn new_auditor() -> Auditor<'static, Airline, AvroCodec, RefCell<Memory>> {
    let options = Options {
        partitions: LIMITS.partitions,
        drained: true,
        remembered_ms: LIMITS.remembered_ms,
    };
    let schemas = Box::new(|_| Ok(Err("there is none".to_owned())));
    Auditor::new(AvroCodec::new(IDS), schemas, RefCell::new(Memory::default()), LIMITS, options)
}

/// One header's value, read as each of those that are read.
pub(super) fn headers(input: &[u8]) -> bool {
    let fingerprint = schema_fingerprint(input);
    if let Some(fingerprint) = fingerprint {
        let text = format!("{fingerprint:016x}");
        assert_eq!(schema_fingerprint(text.as_bytes()), Some(fingerprint));
    }
    let Ok(text) = std::str::from_utf8(input) else {
        return fingerprint.is_some();
    };
    let decided = Decided::read(text);
    if let Some(decided) = &decided {
        assert_eq!(Decided::read(&decided.to_string()).as_ref(), Some(decided));
    }
    let position = Position::parse(text);
    if let Some(position) = &position {
        assert_eq!(Position::parse(&position.to_string()).as_ref(), Some(position));
    }
    fingerprint.is_some() || decided.is_some() || position.is_some()
}

/// Fields: the metadata of an offset; key and value of a record of the brokers.
pub(super) fn offset_metadata(input: &[u8]) -> bool {
    let mut fields = split(input);
    let metadata = String::from_utf8_lossy(fields.next().unwrap_or_default()).into_owned();
    let signed = GroupOffset::read(7, &metadata);
    let (key, value) = (fields.next().unwrap_or_default(), fields.next());
    let entry = offset_in(key, value, "processors", "schedule.commands");
    signed.last.is_some() || entry.is_some_and(|entry| entry.is_ok())
}
