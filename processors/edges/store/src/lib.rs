//! RocksDB under the shape of state: the only crate that names it. One directory, one writing process, one batch at a time.
//!
//! A batch is written whole or not at all, through the write-ahead log but without waiting for the disk: after a crash of the
//! process nothing is missing, after a crash of the machine the last batches may be, and the Kafka log repeats them. What is built from the
//! log in bulk needs no log of its own: those batches may be missing after a crash of the process, too, the last ones and never one
//! before another.

mod claim;
mod directory;
mod errors;
mod moments;
mod open;
mod reading;
mod recent_points;

pub use directory::DirectoryError;
pub use errors::{Error, Kind};
pub use open::{OPEN_FILES_MAX, Sizing, ask_for_rebuild};
use open::{is_rebuild_asked_for, set_aside};
pub use reading::{ReadOnly, Snapshot};

use claim::Claim;
use keyvalue::{Mutation, Write, WriteError};
use moments::Moments;
use rocksdb::{DB, WriteBatch, WriteOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// An open state directory.
pub struct Store {
    /// Dropped before the database, which they keep open.
    moments: Moments,
    db: Arc<DB>,
    /// Released when this is dropped, after the database is closed.
    _claim: Claim,
    path: PathBuf,
    logged: WriteOptions,
    unlogged: WriteOptions,
    /// Batches were written past the write-ahead log, and are in memory only.
    has_unlogged: AtomicBool,
}

impl Store {
    /// Opens the directory, or creates it where there is none.
    pub fn open(path: &Path, sizing: Sizing) -> Result<Self, Error> {
        let claim = Claim::take(path)?;
        let db = Arc::new(open::open(path, sizing)?);
        let mut logged = WriteOptions::default();
        logged.set_sync(false);
        let mut unlogged = WriteOptions::default();
        unlogged.disable_wal(true);
        Ok(Self {
            moments: Moments::new(&db),
            db,
            _claim: claim,
            path: path.to_owned(),
            logged,
            unlogged,
            has_unlogged: AtomicBool::new(false),
        })
    }

    /// Writes all mutations in order, in one piece.
    pub fn apply(&self, mutations: &[Mutation]) -> Result<(), Error> {
        // A batch in the log without those before it would be a state that never was.
        if self.has_unlogged.swap(false, Ordering::AcqRel) {
            self.flush().inspect_err(|_| self.has_unlogged.store(true, Ordering::Release))?;
        }
        self.write(mutations, &self.logged)
    }

    /// The same past the write-ahead log, for what comes back from the Kafka log anyway. A crash of the process may lose the last such batches,
    /// until something is written with [`Self::apply`] or [`Self::flush`].
    pub fn apply_unlogged(&self, mutations: &[Mutation]) -> Result<(), Error> {
        self.has_unlogged.store(true, Ordering::Release);
        self.write(mutations, &self.unlogged)
    }

    fn write(&self, mutations: &[Mutation], options: &WriteOptions) -> Result<(), Error> {
        let mut batch = WriteBatch::with_capacity_bytes(batch_bytes(mutations));
        for mutation in mutations {
            match mutation {
                Mutation::Put { key, value } => batch.put(key, value),
                Mutation::Delete { key } => batch.delete(key),
                Mutation::DeleteRange { from, to } => batch.delete_range(from, to),
            }
        }
        self.db
            .write_opt(batch, options)
            .map_err(|error| Error::new(&self.path, "written", &error))?;
        // No answer reads from them any more, and they hold on to files that may be superfluous.
        self.moments.forget();
        Ok(())
    }

    /// The number of a snapshot that would be taken now.
    pub fn number(&self) -> u64 {
        self.moments.number_now()
    }

    /// What is stored now, unchanged by what is written later.
    pub fn snapshot(&self) -> Snapshot<'_> {
        Snapshot::new(&self.moments)
    }

    /// Writes what is in memory to files and waits for the disk: what was applied before survives a crash of the machine.
    pub fn flush(&self) -> Result<(), Error> {
        self.db
            .flush_wal(true)
            .and_then(|()| self.db.flush())
            .map_err(|error| Error::new(&self.path, "flushed", &error))
    }

    /// From here on few keys are written and many are read: new files are merged with older ones sooner, in the background, as every scan
    /// looks into each file whose keys overlap. Until then the cost of writing in bulk is what counts.
    pub fn favor_reads(&self) -> Result<(), Error> {
        self.db
            .set_options(&[open::MERGE_SOON])
            .map_err(|error| Error::new(&self.path, "set up for reads", &error))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Sizes and stalls for metrics: names without prefix, in base units.
    pub fn measures(&self) -> [(&'static str, u64); 6] {
        let property = |name: &str| self.db.property_int_value(name).ok().flatten().unwrap_or(0);
        [
            ("live_data_bytes", property("rocksdb.estimate-live-data-size")),
            ("memtable_bytes", property("rocksdb.cur-size-all-mem-tables")),
            ("block_cache_bytes", property("rocksdb.block-cache-usage")),
            ("pending_compaction_bytes", property("rocksdb.estimate-pending-compaction-bytes")),
            ("keys_estimated", property("rocksdb.estimate-num-keys")),
            ("write_stopped", property("rocksdb.is-write-stopped")),
        ]
    }
}

/// What a batch takes at most, so that it is not moved while it grows: its header, and of each mutation a tag, two lengths, key and value.
fn batch_bytes(mutations: &[Mutation]) -> usize {
    const HEADER_BYTES: usize = 12;
    const TAG_AND_LENGTHS_BYTES: usize = 11;
    let bytes = |mutation: &Mutation| match mutation {
        Mutation::Put { key, value } => key.len() + value.len(),
        Mutation::Delete { key } => key.len(),
        Mutation::DeleteRange { from, to } => from.len() + to.len(),
    };
    HEADER_BYTES
        + mutations
            .iter()
            .map(|mutation| TAG_AND_LENGTHS_BYTES + bytes(mutation))
            .sum::<usize>()
}

impl Write for Store {
    fn apply(&self, mutations: &[Mutation]) -> Result<(), WriteError> {
        Self::apply(self, mutations).map_err(|error| WriteError {
            fault: error.fault(),
            reason: error.to_string(),
        })
    }
}

#[cfg(test)]
mod tests;
