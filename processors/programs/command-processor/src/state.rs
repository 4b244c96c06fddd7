//! The state directory: opened, bound to the log that it was built from, set aside when it cannot be used.

use decider::keys;
use keyvalue::{Fault, Mutation, Read, ReadError};
use std::path::{Path, PathBuf};
use store::{Kind, Sizing, Store, set_aside};

/// Why there is no state to work with.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("{path} cannot be created or set aside: {error}; see to the disk, its space and the directory's permissions")]
    Medium { path: PathBuf, error: std::io::Error },
    #[error(
        "{path} was built from other topics and is not touched. It holds:\n{held}while the cluster has:\n{live}\
         Was a topic deleted, or is this another cluster? Give the processor another state directory, or delete this one"
    )]
    OtherLog { path: PathBuf, held: String, live: String },
}

/// Opens the directory. One that is corrupt is set aside and built anew from the log.
pub(crate) fn open(path: &Path, sizing: Sizing) -> Result<Store, StateError> {
    let medium = |error| StateError::Medium {
        path: path.to_owned(),
        error,
    };
    std::fs::create_dir_all(path).map_err(medium)?;
    if store::is_rebuild_asked_for(path) {
        let aside = set_aside(path).map_err(medium)?;
        tracing::warn!(aside = %aside.display(), "a broken block was found in the state, which is set aside; it comes back from the log");
        std::fs::create_dir_all(path).map_err(medium)?;
    }
    let reason = match Store::open(path, sizing) {
        // Blocks are looked at only when they are read, and this one is read before anything else.
        Ok(store) => match layout(&store) {
            Err(error) if error.fault == Fault::Corrupt => error.reason,
            Err(error) => return Err(error.into()),
            Ok(None | Some(keys::LAYOUT_NUMBER)) => return Ok(store),
            Ok(Some(number)) => format!("it has the layout {number}, and this version has {}", keys::LAYOUT_NUMBER),
        },
        Err(error) if error.kind == Kind::Corrupt => error.reason,
        Err(error) => return Err(error.into()),
    };
    let aside = set_aside(path).map_err(medium)?;
    tracing::warn!(reason, aside = %aside.display(), "the state cannot be used and is set aside; it comes back from the log");
    std::fs::create_dir_all(path).map_err(medium)?;
    Ok(Store::open(path, sizing)?)
}

/// The number of the layout that the state is kept in; `None` where nothing was stored yet.
fn layout(store: &Store) -> Result<Option<u8>, ReadError> {
    let number = store.get(&keys::layout(), |bytes| bytes.first().copied())?.flatten();
    let is_used = store.get(&keys::identity(), |_| ())?.is_some();
    Ok(is_used.then(|| number.unwrap_or(1)))
}

/// Binds a fresh state to the topics that it will be built from, and refuses one that was built from others.
pub(crate) fn bind(store: &Store, live: &str) -> Result<(), StateError> {
    let held = store.get(&keys::identity(), |bytes| String::from_utf8_lossy(bytes).into_owned())?;
    match held {
        Some(held) if held == live => Ok(()),
        Some(held) => Err(StateError::OtherLog {
            path: store.path().to_owned(),
            held,
            live: live.to_owned(),
        }),
        None => {
            let put = |key, value| Mutation::Put { key, value };
            let layout = vec![keys::LAYOUT_NUMBER];
            Ok(store.apply(&[put(keys::identity(), live.as_bytes().to_vec()), put(keys::layout(), layout)])?)
        }
    }
}

#[cfg(test)]
mod tests;
