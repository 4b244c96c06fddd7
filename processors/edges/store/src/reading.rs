//! Reads of a store, as it is now or as it was when a snapshot was taken.

use crate::{Error, Sizing, Store, errors, open};
use keyvalue::{Order, Read, ReadError, Visit};
use rocksdb::{DB, DBPinnableSlice, DBRawIterator, ReadOptions, SnapshotWithThreadMode};
use std::path::Path;

/// What was stored when it was taken.
pub struct Snapshot<'s> {
    below: SnapshotWithThreadMode<'s, DB>,
}

impl<'s> Snapshot<'s> {
    pub(crate) fn new(db: &'s DB) -> Self {
        Self { below: db.snapshot() }
    }
}

/// A directory that no process writes to, opened without changing anything in it.
pub struct ReadOnly {
    db: DB,
}

impl ReadOnly {
    /// What a process has stored that has ended; of one that runs, some moment.
    pub fn open(path: &Path, sizing: Sizing) -> Result<Self, Error> {
        let db = DB::open_for_read_only(&open::options(sizing), path, false).map_err(|error| Error::new(path, "opened", &error))?;
        Ok(Self { db })
    }
}

impl Read for ReadOnly {
    fn get<T>(&self, key: &[u8], with: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, ReadError> {
        found(self.db.get_pinned(key), with)
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
        walk(self.db.raw_iterator_opt(bounded(from, to)), order, visit)
    }
}

impl Read for Snapshot<'_> {
    fn get<T>(&self, key: &[u8], with: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, ReadError> {
        found(self.below.get_pinned(key), with)
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
        walk(self.below.raw_iterator_opt(bounded(from, to)), order, visit)
    }
}

impl Read for Store {
    fn get<T>(&self, key: &[u8], with: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, ReadError> {
        found(self.db.get_pinned(key), with)
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
        walk(self.db.raw_iterator_opt(bounded(from, to)), order, visit)
    }
}

fn found<T>(got: Result<Option<DBPinnableSlice<'_>>, rocksdb::Error>, with: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, ReadError> {
    match got {
        Ok(value) => Ok(value.map(|value| with(&value))),
        Err(error) => Err(errors::read_error(&error)),
    }
}

fn bounded(from: &[u8], to: &[u8]) -> ReadOptions {
    let mut options = ReadOptions::default();
    options.set_iterate_lower_bound(from);
    options.set_iterate_upper_bound(to);
    options
}

fn walk(mut iterator: DBRawIterator<'_>, order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
    match order {
        Order::Ascending => iterator.seek_to_first(),
        Order::Descending => iterator.seek_to_last(),
    }
    while let Some((key, value)) = iterator.item() {
        if visit(key, value).is_break() {
            return Ok(());
        }
        match order {
            Order::Ascending => iterator.next(),
            Order::Descending => iterator.prev(),
        }
    }
    // An iterator that ends says only here whether it met its bound or a bad block.
    iterator.status().map_err(|error| errors::read_error(&error))
}
