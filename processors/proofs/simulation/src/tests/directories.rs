//! The same runs with state directories on disk.

use crate::{Schedule, bank};
use keyvalue::{Mutation, Order, Read, ReadError, Visit, WriteError};
use std::path::Path;
use store::{Sizing, Store};
use tempfile::TempDir;
use test_kit::simulation::{Place, Scenario, run};

const SEEDS: u64 = 3;
/// Many directories are open at a time.
const SIZING: Sizing = Sizing {
    block_cache_bytes: 1 << 20,
    write_buffer_bytes: 1 << 20,
};

/// A state directory as the processes have it. What a loss of power takes is lost between two flushes only if the machine itself
/// stops; here it is a crash of the process.
struct OnDisk {
    directory: TempDir,
    store: Option<Store>,
    copy: Option<TempDir>,
}

impl OnDisk {
    fn open(directory: TempDir) -> Self {
        let store = Some(Store::open(directory.path(), SIZING).unwrap());
        Self {
            directory,
            store,
            copy: None,
        }
    }

    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }
}

impl Place for OnDisk {
    fn new() -> Self {
        Self::open(tempfile::tempdir().unwrap())
    }

    fn apply(&mut self, mutations: &[Mutation]) -> Result<(), WriteError> {
        keyvalue::Write::apply(self.store(), mutations)
    }

    fn reopen(&mut self) {
        self.store = None;
        self.store = Some(Store::open(self.directory.path(), SIZING).unwrap());
    }

    fn flush(&mut self) {
        self.store().flush().unwrap();
    }

    fn lose_power(&mut self) {
        self.reopen();
    }

    fn keep_copy(&mut self) {
        self.store = None;
        self.copy = Some(copy_of(self.directory.path()));
        self.reopen();
    }

    fn restore_copy(&mut self) -> bool {
        let Some(copy) = &self.copy else { return false };
        self.store = None;
        self.directory = copy_of(copy.path());
        self.reopen();
        true
    }

    fn wipe(&mut self) {
        self.store = None;
        self.directory = tempfile::tempdir().unwrap();
        self.reopen();
    }
}

/// A new directory with the same files.
fn copy_of(directory: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
    }
    copy
}

impl Read for OnDisk {
    fn get<T>(&self, key: &[u8], with: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, ReadError> {
        self.store().get(key, with)
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
        self.store().scan(from, to, order, visit)
    }
}

fn check<S: Scenario>(scenario: fn() -> S) {
    for seed in 1..=SEEDS {
        let (result, _) = run::<S, OnDisk>(scenario(), seed, None, false);
        assert_eq!(result, Ok(()), "seed {seed}");
    }
}

#[test]
fn the_bank_survives_on_disk() {
    check(bank);
}

#[test]
fn the_schedule_survives_on_disk() {
    check(Schedule::new);
}
