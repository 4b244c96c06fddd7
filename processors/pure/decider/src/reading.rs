//! Events and outcomes as they are read from the log: a codec's panic is a record that cannot be read, and so are numbers that no log comes to.
//!
//! Whatever lies in a topic is met again at every start and by every process that takes a partition over. Who reads it has its coordinates,
//! and stops there.

use crate::containment::contain;
use crate::cursor::COUNT_MAX;
use crate::{Codec, DecodeError, Domain, EventEnvelope, Outcome};

/// The event in a record's value; `fingerprint` is what its header says of the schema.
pub fn read_event<D: Domain, C: Codec<D>>(
    codec: &mut C,
    fingerprint: Option<u64>,
    value: &[u8],
) -> Result<EventEnvelope<D::Event>, DecodeError> {
    let event = contained("decode_event", || codec.decode_event_of(fingerprint, value))?;
    let EventEnvelope { sequence, version, .. } = event;
    counted(&[("sequence", sequence), ("version", version)], event.command_offset)?;
    Ok(event)
}

/// The outcome in a record's value; `fingerprint` is what its header says of the schema.
pub fn read_outcome<D: Domain, C: Codec<D>>(codec: &mut C, fingerprint: Option<u64>, value: &[u8]) -> Result<Outcome, DecodeError> {
    let outcome = contained("decode_outcome", || codec.decode_outcome_of(fingerprint, value))?;
    let Outcome { sequence, version, .. } = outcome;
    counted(&[("sequence", sequence), ("version", version)], outcome.command_offset)?;
    Ok(outcome)
}

fn contained<T>(function: &str, decode: impl FnOnce() -> Result<T, DecodeError>) -> Result<T, DecodeError> {
    contain(decode).unwrap_or_else(|reason| {
        Err(DecodeError::Malformed(format!(
            "{function} failed: {reason}. This is a bug in the codec: a program without it can read the record"
        )))
    })
}

/// Nothing that is counted on from these numbers goes beyond 63 bits.
fn counted(counts: &[(&str, u64)], command_offset: i64) -> Result<(), DecodeError> {
    let counts = counts.iter().copied().chain([("command_offset", command_offset.unsigned_abs())]);
    match counts.into_iter().find(|(_, count)| *count > COUNT_MAX) {
        None => Ok(()),
        Some((name, count)) => Err(DecodeError::Malformed(format!("its {name} is {count}, which no log comes to"))),
    }
}

#[cfg(test)]
mod tests;
