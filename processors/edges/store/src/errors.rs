//! The errors of a state directory, in the kinds that a process acts on.

use keyvalue::{Fault, ReadError};
use std::path::{Path, PathBuf};

/// "No such file or directory" (POSIX `errno.h`, 2 on every system that RocksDB runs on).
const ENOENT: i32 = 2;

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Another process has the directory open.
    InUse,
    /// The bytes cannot be right: set the directory aside and rebuild it from the log.
    Corrupt,
    /// The medium or its permissions: a person is needed.
    Medium,
}

/// A state directory that could not be opened, read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("state directory {path} could not be {action}: {reason}{}", advice(*kind))]
pub struct Error {
    pub path: PathBuf,
    pub action: &'static str,
    pub reason: String,
    pub kind: Kind,
}

impl Error {
    pub(crate) fn new(path: &Path, action: &'static str, error: &rocksdb::Error) -> Self {
        Self {
            path: path.to_owned(),
            action,
            reason: error.to_string(),
            kind: match fault_of(error) {
                Fault::Corrupt => Kind::Corrupt,
                Fault::Medium => Kind::Medium,
            },
        }
    }

    /// The directory could not even be claimed.
    pub(crate) fn of_io(path: &Path, kind: Kind, error: &dyn std::error::Error) -> Self {
        Self {
            path: path.to_owned(),
            action: "opened",
            reason: error.to_string(),
            kind,
        }
    }

    /// What it says about the state: one that another process has open may be intact.
    pub(crate) fn fault(&self) -> Fault {
        match self.kind {
            Kind::Corrupt => Fault::Corrupt,
            Kind::InUse | Kind::Medium => Fault::Medium,
        }
    }
}

pub(crate) fn read_error(error: &rocksdb::Error) -> ReadError {
    ReadError {
        fault: fault_of(error),
        reason: error.to_string(),
    }
}

/// RocksDB's codes say it, but for a file that its manifest names and that is gone: of that it says what the system says.
fn fault_of(error: &rocksdb::Error) -> Fault {
    match error.kind() {
        rocksdb::ErrorKind::Corruption | rocksdb::ErrorKind::InvalidArgument | rocksdb::ErrorKind::NotFound => Fault::Corrupt,
        rocksdb::ErrorKind::IOError if error.as_ref().ends_with(&no_such_file()) => Fault::Corrupt,
        _ => Fault::Medium,
    }
}

/// The system's text for ENOENT, which RocksDB puts at the end of its own.
fn no_such_file() -> String {
    let text = std::io::Error::from_raw_os_error(ENOENT).to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

impl Error {
    /// A table of the directory that its manifest does not know.
    pub(crate) fn unnamed(path: &Path, table: &str) -> Self {
        Self {
            path: path.to_owned(),
            action: "opened",
            reason: format!("its manifest does not name {table}, which cannot be right: part of it was lost"),
            kind: Kind::Corrupt,
        }
    }
}

fn advice(kind: Kind) -> &'static str {
    match kind {
        Kind::InUse => "; another process has it open: stop that one, or give this one a directory of its own",
        Kind::Corrupt => "; what it holds comes back from the log: move it away and start again",
        Kind::Medium => "; see to the disk, its space and the directory's permissions",
    }
}
