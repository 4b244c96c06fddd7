//! Reads of a store, as it is now or as it was when a snapshot was taken.

use crate::moments::{Moment, Moments, bounded, walk_all};
use crate::{Error, Sizing, Store, errors, open};
use keyvalue::{Order, Read, ReadError, Visit};
use rocksdb::{DB, DBPinnableSlice};
use std::path::Path;

/// What was stored when it was taken. It is for one thread at a time, and for as long as an answer takes.
pub struct Snapshot<'s> {
    moments: &'s Moments,
    /// Given back when this is dropped, and there until then.
    moment: Option<Moment>,
}

impl<'s> Snapshot<'s> {
    pub(crate) fn new(moments: &'s Moments) -> Self {
        Self {
            moments,
            moment: Some(moments.now()),
        }
    }

    /// Another number for every other content of the store, while it is open.
    pub fn number(&self) -> u64 {
        self.moment().number()
    }

    fn moment(&self) -> &Moment {
        match &self.moment {
            Some(moment) => moment,
            None => unreachable!("a snapshot has its moment until it is dropped"),
        }
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        if let Some(moment) = self.moment.take() {
            self.moments.keep(moment);
        }
    }
}

impl Read for Snapshot<'_> {
    fn get<T>(&self, key: &[u8], with: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, ReadError> {
        self.moment().get(key, with)
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
        self.moment().scan(from, to, order, visit)
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
