//! What can go wrong with a state directory, in the kinds that a process acts on.

use std::path::{Path, PathBuf};

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
        let reason = error.to_string();
        let kind = match error.kind() {
            rocksdb::ErrorKind::Corruption | rocksdb::ErrorKind::InvalidArgument | rocksdb::ErrorKind::NotFound => Kind::Corrupt,
            rocksdb::ErrorKind::IOError if reason.contains("lock") => Kind::InUse,
            // A file that the manifest names is gone.
            rocksdb::ErrorKind::IOError if reason.contains("No such file") => Kind::Corrupt,
            _ => Kind::Medium,
        };
        Self {
            path: path.to_owned(),
            action,
            reason,
            kind,
        }
    }
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
