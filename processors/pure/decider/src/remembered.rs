//! Deduplication: what was answered to a command id of an aggregate is remembered for as long as the commands topic is retained.
//!
//! Entries lie in periods of the retention's length, on the partition's clock. A command is looked for in the period of the clock and in
//! the one before, so that it is found for at least one retention; older periods are deleted by one range when a new one begins.

use crate::cursor::COUNT_MAX;
use crate::{COMMAND_ID_REUSED, Fingerprint, Outcome, Rejection, Status, keys};
use keyvalue::{Mutation, Order, Read, ReadError};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use uuid::Uuid;

/// Whose outcome is remembered: an id belongs to a command of one aggregate, and another aggregate may know the same id.
pub(crate) type CommandKey = (String, Uuid);

/// The periods of a length, which is the retention of the commands topic: no resend can be older than the log that it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Periods {
    /// Less than 1: there is one period, without an end.
    pub(crate) length_ms: i64,
}

impl Periods {
    fn at(self, clock_ms: i64) -> u32 {
        if self.length_ms < 1 {
            return 0;
        }
        u32::try_from(clock_ms.max(0) / self.length_ms).unwrap_or(u32::MAX)
    }

    /// Whether what was answered at this time cannot be looked for any more when the clock shows `now_ms`.
    pub(crate) fn is_forgotten(self, answered_ms: i64, now_ms: i64) -> bool {
        self.at(answered_ms).saturating_add(1) < self.at(now_ms)
    }

    /// When the clock goes from one time to another: deletes the periods that no command can be looked for in any more.
    pub(crate) fn forget(self, partition: u32, from_ms: i64, to_ms: i64) -> Option<Mutation> {
        let kept = self.at(to_ms).checked_sub(1)?;
        (self.at(from_ms) < self.at(to_ms)).then(|| Mutation::DeleteRange {
            from: keys::remembered_period(partition, 0),
            to: keys::remembered_period(partition, kept),
        })
    }
}

/// An entry without a rejection.
const FIXED_BYTES: usize = 37;

/// What an outcome said, without what differs between it and its repetition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remembered {
    status: Status,
    version: u64,
    sequence: u64,
    event_count: u32,
    /// Of the command that was answered.
    command_offset: i64,
    pub(crate) fingerprint: Fingerprint,
    rejection: Option<Rejection>,
}

impl Remembered {
    pub(crate) fn of(outcome: &Outcome) -> Self {
        Self {
            status: outcome.status,
            version: outcome.version,
            sequence: outcome.sequence,
            event_count: outcome.event_count,
            command_offset: outcome.command_offset,
            fingerprint: outcome.fingerprint,
            rejection: outcome.rejection.clone(),
        }
    }

    /// The outcome of the same command, sent again.
    pub(crate) fn repeat(&self, (aggregate_id, command_id): CommandKey, command_offset: i64, clock_ms: i64) -> Outcome {
        Outcome {
            command_id,
            aggregate_id,
            status: self.status,
            version: self.version,
            sequence: self.sequence,
            event_count: self.event_count,
            command_offset,
            repeated: true,
            fingerprint: self.fingerprint,
            clock_ms,
            rejection: self.rejection.clone(),
        }
    }

    /// Why another command under the same id is refused.
    pub(crate) fn refuse(&self, command_id: Uuid, fingerprint: Fingerprint) -> Rejection {
        let message = format!(
            "this aggregate has answered another command with the id {command_id}, the one at offset {} of the partition: \
             give each command an id of its own",
            self.command_offset
        );
        Rejection::new(COMMAND_ID_REUSED, message)
            .fact("first_command_offset", self.command_offset)
            .fact("first_fingerprint", self.fingerprint)
            .fact("first_sequence", self.sequence)
            .fact("first_status", self.status.name())
            .fact("fingerprint", fingerprint)
    }

    pub(crate) fn put(&self, partition: u32, period: u32, (aggregate_id, command_id): &CommandKey) -> Mutation {
        Mutation::Put {
            key: keys::remembered(partition, period, aggregate_id, *command_id),
            value: self.to_bytes(),
        }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(FIXED_BYTES);
        bytes.push(match self.status {
            Status::Accepted => 1,
            Status::Rejected => 2,
        });
        bytes.extend_from_slice(&self.version.to_be_bytes());
        bytes.extend_from_slice(&self.sequence.to_be_bytes());
        bytes.extend_from_slice(&self.event_count.to_be_bytes());
        bytes.extend_from_slice(&self.command_offset.to_be_bytes());
        bytes.extend_from_slice(&self.fingerprint.0.to_be_bytes());
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
        let command_offset = i64::from_be_bytes(take(&mut rest, 8)?.try_into().ok()?);
        let fingerprint = Fingerprint(u64::from_be_bytes(take(&mut rest, 8)?.try_into().ok()?));
        let rejection = if rest.is_empty() { None } else { Some(take_rejection(&mut rest)?) };
        let counts = [version, sequence, command_offset.unsigned_abs()];
        counts.into_iter().all(|count| count <= COUNT_MAX).then_some(Self {
            status,
            version,
            sequence,
            event_count,
            command_offset,
            fingerprint,
            rejection,
        })
    }
}

/// Looks up in the store which command ids were answered before.
#[derive(Debug)]
pub(crate) struct CommandIdLookup {
    pub(crate) periods: Periods,
    /// Partitions of which the period before this one is known to be empty. That is so until the clock reaches the next one, and
    /// spares each new command one look-up of two.
    nothing_before: FxHashMap<u32, u32>,
}

impl CommandIdLookup {
    pub(crate) fn new(periods: Periods) -> Self {
        Self {
            periods,
            nothing_before: FxHashMap::default(),
        }
    }

    /// The partition's state is another one now.
    pub(crate) fn reset(&mut self, partition: u32) {
        self.nothing_before.remove(&partition);
    }

    /// Where what is answered now is remembered.
    pub(crate) fn put(&self, remembered: &Remembered, partition: u32, clock_ms: i64, key: &CommandKey) -> Mutation {
        remembered.put(partition, self.periods.at(clock_ms), key)
    }

    /// `committed_ms` is the partition's clock in `read`, and `clock_ms` the one of now.
    pub(crate) fn find(
        &mut self,
        read: &impl Read,
        partition: u32,
        committed_ms: i64,
        clock_ms: i64,
        key: &CommandKey,
    ) -> Result<Option<Remembered>, ReadError> {
        let now = self.periods.at(clock_ms);
        if let Some(found) = look_up(read, partition, now, key)? {
            return Ok(Some(found));
        }
        let Some(before) = now.checked_sub(1) else { return Ok(None) };
        if self.nothing_before.get(&partition) == Some(&now) {
            return Ok(None);
        }
        // What is written from here on lies in the period of the committed clock or later.
        if self.periods.at(committed_ms) == now && is_empty(read, partition, before)? {
            self.nothing_before.insert(partition, now);
            return Ok(None);
        }
        look_up(read, partition, before, key)
    }
}

fn look_up(read: &impl Read, partition: u32, period: u32, key: &CommandKey) -> Result<Option<Remembered>, ReadError> {
    let (aggregate_id, command_id) = key;
    match read.get(
        &keys::remembered(partition, period, aggregate_id, *command_id),
        Remembered::from_bytes,
    )? {
        None => Ok(None),
        Some(Some(found)) => Ok(Some(found)),
        Some(None) => Err(ReadError::corrupt(format!(
            "partition {partition}: the remembered outcome of command {command_id} of {aggregate_id} cannot be read"
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
