//! Reads of a store, as it is now or as it was when a snapshot was taken.

use crate::{Error, Sizing, Store, errors, open};
use keyvalue::{Order, Read, ReadError, Visit};
use rocksdb::{DB, DBPinnableSlice, DBRawIterator, ReadOptions, SnapshotWithThreadMode};
use std::cell::RefCell;
use std::path::Path;

/// What was stored when it was taken. It is for one thread at a time, and for as long as an answer takes.
pub struct Snapshot<'s> {
    db: &'s DB,
    /// The iterator of an earlier scan, for a scan of a part of the same range: to create one takes longer than to move it.
    spare: RefCell<Option<Ascending<'s>>>,
    of_points: ReadOptions,
    /// Dropped after what reads by it.
    below: SnapshotWithThreadMode<'s, DB>,
}

/// An iterator over a range, for scans that go up.
struct Ascending<'s> {
    from: Vec<u8>,
    to: Vec<u8>,
    iterator: DBRawIterator<'s>,
}

impl<'s> Snapshot<'s> {
    pub(crate) fn new(db: &'s DB) -> Self {
        let below = db.snapshot();
        let mut of_points = ReadOptions::default();
        of_points.set_snapshot(&below);
        Self {
            db,
            spare: RefCell::new(None),
            of_points,
            below,
        }
    }

    /// Another number for every other content of the store, while it is open.
    pub fn number(&self) -> u64 {
        self.below.sequence_number()
    }

    fn iterator(&self, from: &[u8], to: &[u8]) -> DBRawIterator<'s> {
        let mut options = bounded(from, to);
        options.set_snapshot(&self.below);
        self.db.raw_iterator_opt(options)
    }

    fn ascending(&self, from: &[u8], to: &[u8]) -> Ascending<'s> {
        match self.spare.take() {
            // Its end is the bound that keeps it from coming past what was deleted after the range.
            Some(mut spare) if spare.from.as_slice() <= from && spare.to == to => {
                spare.iterator.seek(from);
                spare
            }
            _ => {
                let mut iterator = self.iterator(from, to);
                iterator.seek_to_first();
                Ascending {
                    from: from.to_owned(),
                    to: to.to_owned(),
                    iterator,
                }
            }
        }
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
        walk_all(self.db.raw_iterator_opt(bounded(from, to)), order, visit)
    }
}

impl Read for Snapshot<'_> {
    fn get<T>(&self, key: &[u8], with: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, ReadError> {
        found(self.db.get_pinned_opt(key, &self.of_points), with)
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
        match order {
            Order::Ascending => {
                let mut range = self.ascending(from, to);
                walk(&mut range.iterator, order, visit)?;
                self.spare.replace(Some(range));
                Ok(())
            }
            Order::Descending => walk_all(self.iterator(from, to), order, visit),
        }
    }
}

impl Read for Store {
    fn get<T>(&self, key: &[u8], with: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, ReadError> {
        found(self.db.get_pinned(key), with)
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
        walk_all(self.db.raw_iterator_opt(bounded(from, to)), order, visit)
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

/// Visits the whole range of an iterator.
fn walk_all(mut iterator: DBRawIterator<'_>, order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
    match order {
        Order::Ascending => iterator.seek_to_first(),
        Order::Descending => iterator.seek_to_last(),
    }
    walk(&mut iterator, order, visit)
}

/// Visits what there is from where an iterator stands.
fn walk(iterator: &mut DBRawIterator<'_>, order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
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
