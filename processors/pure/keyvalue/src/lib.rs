//! The shape of all state: ordered keys and values that are read, and mutations as data. Pure.
//!
//! The command processor's aggregates and the materializer's views are both folds of the event log over this shape.
//! `store` implements it with RocksDB, `simulation` and the tests with [`Memory`]; nothing here does any I/O.
#![deny(clippy::wildcard_enum_match_arm)]

pub mod bytes;
mod hash;
mod layer;
mod memory;
mod overlay;

pub use hash::content_hash;
pub use layer::Layer;
pub use memory::Memory;
pub use overlay::Overlay;
use std::ops::ControlFlow;
use std::sync::Arc;

/// One change to one key. A list of them is applied in order, all or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mutation {
    Put {
        key: Vec<u8>,
        value: Vec<u8>,
    },
    Delete {
        key: Vec<u8>,
    },
    /// Deletes every key in `from..to` (`to` excluded).
    DeleteRange {
        from: Vec<u8>,
        to: Vec<u8>,
    },
}

/// The direction of a scan over keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Ascending,
    Descending,
}

/// What a failed read or write says about the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The bytes cannot be right: the state has to be rebuilt from the log.
    Corrupt,
    /// The medium, its space or its permissions: the state may be intact.
    Medium,
}

/// The medium below failed, or holds bytes that cannot be right. Never a missing key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("state could not be read: {reason}")]
pub struct ReadError {
    pub fault: Fault,
    pub reason: String,
}

impl ReadError {
    pub fn corrupt(reason: impl Into<String>) -> Self {
        Self {
            fault: Fault::Corrupt,
            reason: reason.into(),
        }
    }
}

/// What a scan calls for each key and value; `Break` ends it.
pub type Visit<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>;

/// Reads of ordered keys and values, consistent for as long as the reader is borrowed.
pub trait Read {
    /// Calls `with` on the value of `key`; `None` when the key is absent.
    fn get<T>(&self, key: &[u8], with: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, ReadError>;

    /// Visits every key in `from..to` (`to` excluded) in `order`, until `visit` breaks.
    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: Visit<'_>) -> Result<(), ReadError>;
}

/// A place where mutations last.
pub trait Write {
    /// Writes all mutations in order, in one piece.
    fn apply(&self, mutations: &[Mutation]) -> Result<(), WriteError>;
}

/// The medium below failed; nothing of the batch can be relied on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("state could not be written: {reason}")]
pub struct WriteError {
    pub fault: Fault,
    pub reason: String,
}

impl<R: Read> Read for &R {
    fn get<T>(&self, key: &[u8], with: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, ReadError> {
        (**self).get(key, with)
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
        (**self).scan(from, to, order, visit)
    }
}

impl<R: Read> Read for Arc<R> {
    fn get<T>(&self, key: &[u8], with: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, ReadError> {
        (**self).get(key, with)
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
        (**self).scan(from, to, order, visit)
    }
}

impl<W: Write> Write for Arc<W> {
    fn apply(&self, mutations: &[Mutation]) -> Result<(), WriteError> {
        (**self).apply(mutations)
    }
}

/// The least key that is greater than every key beginning with `prefix`.
/// A prefix of only 0xFF bytes has no such key; a longer run of 0xFF is returned, above every key in use.
pub fn prefix_end(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return end;
        }
    }
    vec![u8::MAX; prefix.len() + 1]
}

#[cfg(test)]
mod tests;
