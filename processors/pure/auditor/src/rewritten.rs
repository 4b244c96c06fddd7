//! Outcomes that were lost and written again. They come after those of later commands, so they are noted before the partitions are walked, and put
//! where their commands are.

use crate::checks::CheckContext;
use crate::decoding::Decoding;
use crate::ledger::{LedgerError, Prefix, at_offset};
use crate::merging::{Found, Step};
use crate::{AuditError, Place, Record, Topic};
use decider::{Codec, Domain, SCHEMA_FINGERPRINT, schema_fingerprint};
use keyvalue::{Read, Write};

/// That many outcomes of one command are looked at; two are too many already.
const OUTCOMES_MAX: usize = 8;

/// Notes an outcome that was written again at the offset of its command.
pub(crate) fn note<S: Read + Write>(context: &mut CheckContext<S>, record: &Record) -> Result<(), LedgerError> {
    let topic = record.commands_topic();
    let is_present = topic.is_none_or(|topic| context.commands_topic.as_deref().is_none_or(|present| present == topic));
    if let Some(command_offset) = record.command_offset().filter(|_| is_present) {
        context.counts.rewritten += 1;
        let mut key = at_offset(Prefix::Rewritten, record.place.partition, command_offset);
        key.extend_from_slice(&record.place.offset.to_be_bytes());
        context.ledger.put(key, to_bytes(record))?;
    }
    Ok(())
}

/// Puts the outcomes that were written again where their command is.
pub(crate) fn place<D: Domain, S: Read + Write, C: Codec<D>>(
    context: &mut CheckContext<S>,
    decoding: &mut Decoding<'_, C>,
    step: &mut Step<D::Event>,
) -> Result<(), AuditError> {
    if context.counts.rewritten == 0 || step.former || step.command_offset < context.first_command {
        return Ok(());
    }
    let prefix = at_offset(Prefix::Rewritten, context.partition, step.command_offset);
    for (key, value) in context.ledger.beginning_with(&prefix, OUTCOMES_MAX)? {
        let Some(record) = from_bytes(context.partition, &key[prefix.len()..], &value) else {
            continue;
        };
        let fingerprint = record.header(SCHEMA_FINGERPRINT).and_then(schema_fingerprint);
        match decoding.outcome::<D>(fingerprint, record.value.as_deref().unwrap_or_default())? {
            Ok(value) => step.outcomes.push(Found { record, value }),
            Err(reason) => context.unreadable(&record, &reason),
        }
    }
    Ok(())
}

fn to_bytes(record: &Record) -> Vec<u8> {
    let mut bytes = record.timestamp_ms.to_be_bytes().to_vec();
    let mut put = |part: Option<&[u8]>| {
        bytes.push(u8::from(part.is_some()));
        let part = part.unwrap_or_default();
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    };
    put(record.key.as_deref());
    put(record.value.as_deref());
    for (name, value) in &record.headers {
        put(Some(name.as_bytes()));
        put(value.as_deref());
    }
    bytes
}

fn from_bytes(partition: u32, offset: &[u8], bytes: &[u8]) -> Option<Record> {
    let (timestamp_ms, mut rest) = bytes.split_first_chunk::<8>()?;
    let mut parts = Vec::new();
    while let Some((is_some, after)) = rest.split_first() {
        let (length, after) = after.split_first_chunk::<8>()?;
        let (part, after) = after.split_at_checked(usize::try_from(u64::from_be_bytes(*length)).ok()?)?;
        parts.push((*is_some == 1).then(|| part.to_vec()));
        rest = after;
    }
    let mut parts = parts.into_iter();
    let (key, value) = (parts.next()?, parts.next()?);
    let mut headers = Vec::new();
    while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
        headers.push((String::from_utf8(name?).ok()?, value));
    }
    Some(Record {
        place: Place {
            topic: Topic::Outcomes,
            partition,
            offset: i64::from_be_bytes(offset.try_into().ok()?),
        },
        timestamp_ms: i64::from_be_bytes(*timestamp_ms),
        key,
        value,
        headers,
    })
}
