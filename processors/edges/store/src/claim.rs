//! One process at a time: a lock on a file of the directory, taken before RocksDB is asked for anything.
//!
//! RocksDB has a lock of its own and reports it in words only; this one tells another owner from a faulty medium by type.

use crate::{Error, Kind};
use std::fs::{File, TryLockError};
use std::path::Path;

const FILE: &str = "IN-USE";

/// Held as long as this lives; the system releases it when the process ends, however it ends.
pub(crate) struct Claim {
    _locked: File,
}

impl Claim {
    /// Creates the directory where there is none.
    pub(crate) fn take(path: &Path) -> Result<Self, Error> {
        let medium = |error: std::io::Error| Error::of_io(path, Kind::Medium, &error);
        std::fs::create_dir_all(path).map_err(medium)?;
        let file = File::options().create(true).truncate(false).write(true).open(path.join(FILE));
        let file = file.map_err(medium)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _locked: file }),
            Err(TryLockError::WouldBlock) => Err(Error::of_io(path, Kind::InUse, &TryLockError::WouldBlock)),
            Err(TryLockError::Error(error)) => Err(medium(error)),
        }
    }
}
