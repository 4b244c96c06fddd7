//! Records of the log as they are fetched, and their values as soon as their schemas are known.

use super::SchemaSource;
use super::resolver::Resolver;
use crate::decided::{COMMAND, REWRITTEN};
use crate::reader::{self, Polled, ReadFailure, Reader};
use crate::registry::Lookup;
use decider::{Codec, DecodeError, Domain, Replay, decode_learning};
use std::collections::BTreeMap;
use std::time::Duration;

/// Records by partition, in offset order.
pub(super) type RecordsByPartition = BTreeMap<u32, Vec<Record>>;

pub(super) fn poll(reader: &mut Reader, records_max: usize, wait: Duration) -> Result<(RecordsByPartition, Polled), ReadFailure> {
    let mut found = RecordsByPartition::new();
    let polled = reader.poll(records_max, wait, |record| {
        found.entry(record.partition).or_default().push(Record::of(record));
    })?;
    Ok((found, polled))
}

/// A record that is to be folded.
#[derive(Clone)]
pub(super) struct Record {
    pub(super) offset: i64,
    pub(super) timestamp_ms: i64,
    fingerprint: Option<u64>,
    value: Vec<u8>,
    /// The header that names the command that this follows from.
    pub(super) command: Option<Vec<u8>>,
    /// An outcome that was lost and written again.
    pub(super) is_rewritten: bool,
}

impl Record {
    /// A copy that outlives the client's memory.
    pub(super) fn of(record: &reader::Record<'_>) -> Self {
        Self {
            offset: record.offset,
            timestamp_ms: record.timestamp_ms,
            fingerprint: record.schema_fingerprint(),
            value: record.value.unwrap_or_default().to_vec(),
            command: record.header(COMMAND).map(<[u8]>::to_vec),
            is_rewritten: record.header(REWRITTEN).is_some(),
        }
    }
}

#[cfg(test)]
impl Record {
    /// One of which nothing but its command is of interest.
    pub(super) fn of_command(command: Option<Vec<u8>>) -> Self {
        Self {
            offset: 0,
            timestamp_ms: 0,
            fingerprint: None,
            value: Vec::new(),
            command,
            is_rewritten: false,
        }
    }
}

/// Why a record could not be decoded.
#[derive(Debug, thiserror::Error)]
pub(super) enum Undecoded {
    #[error("the record at offset {offset} cannot be read: {reason}")]
    Never { offset: i64, reason: String },
    #[error("schema {schema_id} cannot be had now: {reason}")]
    NotYet { schema_id: u32, reason: String },
}

/// Whether a schema that was missing is learned, or why it cannot be; an error where that is not known yet.
type Learned = Result<Result<(), String>, String>;

/// Learns what was looked up already; the rest is to be waited for.
pub(super) fn known<C>(schemas: &Resolver) -> impl FnMut(&mut C, u32) -> Learned {
    |_, id| match schemas.absent().get(&id) {
        Some(reason) => Ok(Err(reason.clone())),
        None => Err("it is being looked up".to_owned()),
    }
}

/// Asks the registry and waits for it.
pub(super) fn asking<D: Domain, C: Codec<D>>(schemas: &mut impl SchemaSource) -> impl FnMut(&mut C, u32) -> Learned {
    |codec, id| match schemas.schema(id) {
        Ok(Lookup::Found(schema)) => Ok(codec.learn(id, &schema)),
        Ok(Lookup::Absent(reason)) => Ok(Err(reason)),
        Err(error) => Err(error.to_string()),
    }
}

/// Decodes records; schemas that the codec does not know are asked for.
pub(super) fn decoded<D: Domain, C: Codec<D>, V>(
    codec: &mut C,
    mut schemas: impl FnMut(&mut C, u32) -> Learned,
    records: Vec<Record>,
    decode: impl Fn(&mut C, Option<u64>, &[u8]) -> Result<V, DecodeError>,
) -> Result<Vec<Replay<V>>, Undecoded> {
    let mut values = Vec::with_capacity(records.len());
    for Record {
        offset,
        timestamp_ms,
        fingerprint,
        value,
        command: _,
        is_rewritten: _,
    } in records
    {
        let decoded = decode_learning(
            codec,
            |codec| decode(codec, fingerprint, &value),
            |codec, id| schemas(codec, id).map_err(|reason| Undecoded::NotYet { schema_id: id, reason }),
        )?;
        values.push(Replay {
            offset,
            timestamp_ms,
            value: decoded.map_err(|reason| Undecoded::Never { offset, reason })?,
        });
    }
    Ok(values)
}
