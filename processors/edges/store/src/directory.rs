//! A directory whose content comes back from the log: one that cannot be used is set aside, never repaired, and an empty one takes its place.

use crate::{Error, Kind, Sizing, Store, is_rebuild_asked_for, set_aside};
use keyvalue::{Fault, ReadError};
use std::fs::create_dir_all;
use std::path::{Path, PathBuf};

/// Why there is no directory to work with.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    #[error(transparent)]
    Store(#[from] Error),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("{path} cannot be created or set aside: {error}; see to the disk, its space and the directory's permissions")]
    Medium { path: PathBuf, error: std::io::Error },
}

impl Store {
    /// Opens the directory, or creates it where there is none. One that is corrupt, that was found to be so before, or that is `unusable`
    /// for the reason returned, is set aside.
    pub fn open_or_set_aside(
        path: &Path,
        sizing: Sizing,
        unusable: impl FnOnce(&Self) -> Result<Option<String>, ReadError>,
    ) -> Result<Self, DirectoryError> {
        let medium = |error| DirectoryError::Medium {
            path: path.to_owned(),
            error,
        };
        let replace = |reason: &str| {
            let aside = set_aside(path)?;
            tracing::warn!(
                path = %path.display(),
                aside = %aside.display(),
                reason,
                "the directory cannot be used: it is set aside and rebuilt from the log"
            );
            create_dir_all(path)
        };
        create_dir_all(path).map_err(medium)?;
        if is_rebuild_asked_for(path) {
            replace("a broken block was found in it").map_err(medium)?;
        }
        let reason = match Self::open(path, sizing) {
            // Blocks are looked at only when they are read.
            Ok(store) => match unusable(&store) {
                Ok(None) => return Ok(store),
                Ok(Some(reason)) => reason,
                Err(error) if error.fault == Fault::Corrupt => error.reason,
                Err(error) => return Err(error.into()),
            },
            Err(error) if error.kind == Kind::Corrupt => error.reason,
            Err(error) => return Err(error.into()),
        };
        replace(&reason).map_err(medium)?;
        Ok(Self::open(path, sizing)?)
    }
}

#[cfg(test)]
mod tests;
