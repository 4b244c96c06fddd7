//! The auditor's memory of the log, in keys and values outside of RAM; a bounded part of it waits to be written.
//!
//! | prefix | rest | value |
//! |---|---|---|
//! | 0x80 | partition, offset of a command | the dead letter: its place, its reason |
//! | 0x81 | partition, command id, aggregate id | the first outcome: offset, clock, what it said, fingerprint |
//! | 0x82 | partition, aggregate id | version, u64 |
//! | 0x83 | partition, sequence | offset of an aborted event |
//! | 0x84 | partition, command id, aggregate id | offset of an aborted event of it |
//! | 0x85 | partition, command id, aggregate id | offset of an aborted outcome of it |
//! | 0x86 | partition, offset of a command | the partition that it must have been forwarded to, hash of its key and value |
//! | 0x87 | partition, offset of a command, partition, offset of what says that it is its copy | hash of key and value of that |
//! | 0x88 | partition, session | offset of its last outcome |
//! | 0x89 | partition, offset of a command, offset | an outcome that was lost and written again: its record |
//!
//! The prefixes of the decider's own keys are below 0x80.

use keyvalue::{Mutation, Order, Read, ReadError, Write, WriteError};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use uuid::Uuid;

#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Prefix {
    DeadLetter = 0x80,
    FirstOutcome = 0x81,
    Version = 0x82,
    AbortedSequence = 0x83,
    AbortedEvent = 0x84,
    AbortedOutcome = 0x85,
    Forward = 0x86,
    Copy = 0x87,
    Session = 0x88,
    Rewritten = 0x89,
}

pub(crate) fn key(prefix: Prefix, partition: u32, rest: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(5 + rest.len());
    key.push(prefix as u8);
    key.extend_from_slice(&partition.to_be_bytes());
    key.extend_from_slice(rest);
    key
}

pub(crate) fn at_offset(prefix: Prefix, partition: u32, offset: i64) -> Vec<u8> {
    key(prefix, partition, &offset.to_be_bytes())
}

pub(crate) fn of_command(prefix: Prefix, partition: u32, aggregate_id: &str, command_id: Uuid) -> Vec<u8> {
    key(prefix, partition, &[command_id.as_bytes(), aggregate_id.as_bytes()].concat())
}

/// That many changes wait in memory at most.
const PENDING_MAX: usize = 8192;

/// Key and value.
pub(crate) type Entry = (Vec<u8>, Vec<u8>);

pub(crate) struct Ledger<S> {
    pub(crate) store: S,
    pending: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// The store below could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl<S: Read + Write> Ledger<S> {
    pub(crate) fn new(store: S) -> Self {
        Self {
            store,
            pending: BTreeMap::new(),
        }
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, LedgerError> {
        match self.pending.get(key) {
            Some(value) => Ok(Some(value.clone())),
            None => Ok(self.store.get(key, <[u8]>::to_vec)?),
        }
    }

    pub(crate) fn put(&mut self, key: Vec<u8>, value: Vec<u8>) -> Result<(), LedgerError> {
        self.pending.insert(key, value);
        if self.pending.len() >= PENDING_MAX {
            self.flush()?;
        }
        Ok(())
    }

    pub(crate) fn number(&self, key: &[u8]) -> Result<Option<i64>, LedgerError> {
        let value = self.get(key)?;
        Ok(value.and_then(|bytes| Some(i64::from_be_bytes(bytes.get(..8)?.try_into().ok()?))))
    }

    pub(crate) fn put_number(&mut self, key: Vec<u8>, number: i64) -> Result<(), LedgerError> {
        self.put(key, number.to_be_bytes().to_vec())
    }

    /// The entries whose keys begin with `prefix`, in key order, and that many at most.
    pub(crate) fn beginning_with(&mut self, prefix: &[u8], entries_max: usize) -> Result<Vec<Entry>, LedgerError> {
        self.between(prefix, &keyvalue::prefix_end(prefix), entries_max)
    }

    /// Up to `entries_max` entries of a prefix whose keys follow `after`, in key order.
    pub(crate) fn following(&mut self, prefix: Prefix, after: &[u8], entries_max: usize) -> Result<Vec<Entry>, LedgerError> {
        let from = if after.is_empty() {
            vec![prefix as u8]
        } else {
            [after, &[0]].concat()
        };
        self.between(&from, &[prefix as u8 + 1], entries_max)
    }

    /// Up to `entries_max` entries from `from` to before `to`, in key order.
    fn between(&mut self, from: &[u8], to: &[u8], entries_max: usize) -> Result<Vec<Entry>, LedgerError> {
        self.flush()?;
        let mut entries = Vec::new();
        self.store.scan(from, to, Order::Ascending, &mut |key, value| {
            entries.push((key.to_vec(), value.to_vec()));
            if entries.len() < entries_max {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        Ok(entries)
    }

    fn flush(&mut self) -> Result<(), LedgerError> {
        let mutations: Vec<_> = std::mem::take(&mut self.pending)
            .into_iter()
            .map(|(key, value)| Mutation::Put { key, value })
            .collect();
        self.store.apply(&mutations)?;
        Ok(())
    }
}

/// A partition and an offset, or a partition alone, as values and keys hold them.
pub(crate) fn place_bytes(partition: u32, offset: i64) -> Vec<u8> {
    let mut bytes = partition.to_be_bytes().to_vec();
    bytes.extend_from_slice(&offset.to_be_bytes());
    bytes
}

pub(crate) fn place_of(bytes: &[u8]) -> Option<(u32, i64)> {
    let (partition, rest) = bytes.split_at_checked(4)?;
    Some((
        u32::from_be_bytes(partition.try_into().ok()?),
        i64::from_be_bytes(rest.get(..8)?.try_into().ok()?),
    ))
}

#[cfg(test)]
mod tests;
