//! Deduplication: what was answered to a command id is remembered for as long as the commands topic is retained.
//!
//! Entries lie in periods of the retention's length. A command is looked for in the period of the partition's clock and in the one
//! before, so that it is found for at least one retention; older periods are deleted by one range when a new one begins.

use crate::{Outcome, Rejection, Status, keys};
use keyvalue::{Mutation, Order, Read, ReadError};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use uuid::Uuid;

/// The retention of the commands topic: no resend can be older than the log that it is in.
pub(crate) const PERIOD_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// What an outcome said, without what differs between it and its repetition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remembered {
    status: Status,
    version: u64,
    sequence: u64,
    event_count: u32,
    rejection: Option<Rejection>,
}

impl Remembered {
    pub(crate) fn of(outcome: &Outcome) -> Self {
        Self {
            status: outcome.status,
            version: outcome.version,
            sequence: outcome.sequence,
            event_count: outcome.event_count,
            rejection: outcome.rejection.clone(),
        }
    }

    pub(crate) fn repeat(&self, command_id: Uuid, aggregate_id: String, command_offset: i64) -> Outcome {
        Outcome {
            command_id,
            aggregate_id,
            status: self.status,
            version: self.version,
            sequence: self.sequence,
            event_count: self.event_count,
            command_offset,
            repeated: true,
            rejection: self.rejection.clone(),
        }
    }

    pub(crate) fn put(&self, partition: u32, clock_ms: i64, command_id: Uuid) -> Mutation {
        Mutation::Put {
            key: keys::remembered(partition, period(clock_ms), command_id),
            value: self.to_bytes(),
        }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(21);
        bytes.push(match self.status {
            Status::Accepted => 1,
            Status::Rejected => 2,
        });
        bytes.extend_from_slice(&self.version.to_be_bytes());
        bytes.extend_from_slice(&self.sequence.to_be_bytes());
        bytes.extend_from_slice(&self.event_count.to_be_bytes());
        if let Some(rejection) = &self.rejection {
            put_text(&mut bytes, &rejection.rule);
            put_text(&mut bytes, &rejection.message);
            for fact in &rejection.facts {
                put_length(&mut bytes, fact.len());
                for (name, value) in fact {
                    put_text(&mut bytes, name);
                    put_text(&mut bytes, value);
                }
            }
        }
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let status = match take(&mut rest, 1)? {
            [1] => Status::Accepted,
            [2] => Status::Rejected,
            _ => return None,
        };
        let version = u64::from_be_bytes(take(&mut rest, 8)?.try_into().ok()?);
        let sequence = u64::from_be_bytes(take(&mut rest, 8)?.try_into().ok()?);
        let event_count = u32::from_be_bytes(take(&mut rest, 4)?.try_into().ok()?);
        let rejection = if rest.is_empty() { None } else { Some(take_rejection(&mut rest)?) };
        Some(Self {
            status,
            version,
            sequence,
            event_count,
            rejection,
        })
    }
}

/// Looks command ids up in the store.
#[derive(Debug, Default)]
pub(crate) struct Memories {
    /// Partitions of which the period before this one is known to be empty. That is so until the clock reaches the next one, and
    /// spares each new command one look-up of two.
    nothing_before: FxHashMap<u32, u32>,
}

impl Memories {
    /// The partition's state is another one now.
    pub(crate) fn reset(&mut self, partition: u32) {
        self.nothing_before.remove(&partition);
    }

    /// `committed_ms` is the partition's clock in `read`, and `clock_ms` the one of now.
    pub(crate) fn find(
        &mut self,
        read: &impl Read,
        partition: u32,
        committed_ms: i64,
        clock_ms: i64,
        command_id: Uuid,
    ) -> Result<Option<Remembered>, ReadError> {
        let now = period(clock_ms);
        if let Some(found) = look_up(read, partition, now, command_id)? {
            return Ok(Some(found));
        }
        let Some(before) = now.checked_sub(1) else { return Ok(None) };
        if self.nothing_before.get(&partition) == Some(&now) {
            return Ok(None);
        }
        // What is written from here on lies in the period of the committed clock or later.
        if period(committed_ms) == now && is_empty(read, partition, before)? {
            self.nothing_before.insert(partition, now);
            return Ok(None);
        }
        look_up(read, partition, before, command_id)
    }
}

fn look_up(read: &impl Read, partition: u32, period: u32, command_id: Uuid) -> Result<Option<Remembered>, ReadError> {
    match read.get(&keys::remembered(partition, period, command_id), Remembered::from_bytes)? {
        None => Ok(None),
        Some(Some(found)) => Ok(Some(found)),
        Some(None) => Err(ReadError::corrupt(format!(
            "the remembered outcome of command {command_id} cannot be read"
        ))),
    }
}

fn is_empty(read: &impl Read, partition: u32, period: u32) -> Result<bool, ReadError> {
    let (from, to) = (
        keys::remembered_period(partition, period),
        keys::remembered_period(partition, period + 1),
    );
    let mut empty = true;
    read.scan(&from, &to, Order::Ascending, &mut |_, _| {
        empty = false;
        ControlFlow::Break(())
    })?;
    Ok(empty)
}

/// When the clock goes from one time to another: deletes the periods that no command can be looked for in any more.
pub(crate) fn forget(partition: u32, from_ms: i64, to_ms: i64) -> Option<Mutation> {
    let kept = period(to_ms).checked_sub(1)?;
    (period(from_ms) < period(to_ms)).then(|| Mutation::DeleteRange {
        from: keys::remembered_period(partition, 0),
        to: keys::remembered_period(partition, kept),
    })
}

fn period(clock_ms: i64) -> u32 {
    u32::try_from(clock_ms.max(0) / PERIOD_MS).unwrap_or(u32::MAX)
}

fn put_length(bytes: &mut Vec<u8>, length: usize) {
    bytes.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put_length(bytes, text.len());
    bytes.extend_from_slice(text.as_bytes());
}

fn take<'b>(rest: &mut &'b [u8], count: usize) -> Option<&'b [u8]> {
    let (taken, left) = rest.split_at_checked(count)?;
    *rest = left;
    Some(taken)
}

fn take_length(rest: &mut &[u8]) -> Option<usize> {
    let length = u32::from_be_bytes(take(rest, 4)?.try_into().ok()?);
    usize::try_from(length).ok()
}

fn take_text(rest: &mut &[u8]) -> Option<String> {
    let length = take_length(rest)?;
    String::from_utf8(take(rest, length)?.to_vec()).ok()
}

fn take_rejection(rest: &mut &[u8]) -> Option<Rejection> {
    let rule = take_text(rest)?;
    let message = take_text(rest)?;
    let mut facts = Vec::new();
    while !rest.is_empty() {
        let mut fact = BTreeMap::new();
        for _ in 0..take_length(rest)? {
            let name = take_text(rest)?;
            fact.insert(name, take_text(rest)?);
        }
        facts.push(fact);
    }
    Some(Rejection { rule, message, facts })
}

#[cfg(test)]
mod tests;
