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

/// Opens the directory. One that is corrupt, or of another layout, is set aside and built again from the log. Command ids are to be
/// remembered for `remembered_ms`.
pub(crate) fn open(path: &Path, sizing: Sizing, remembered_ms: i64) -> Result<Store, StateError> {
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
            Ok(None) => return Ok(store),
            Ok(Some(layout)) if layout == keys::layout_value(remembered_ms) => return Ok(store),
            Ok(Some(layout)) => format!(
                "it has the layout {layout:?}, and this version with this retention of commands has {:?}",
                keys::layout_value(remembered_ms)
            ),
        },
        Err(error) if error.kind == Kind::Corrupt => error.reason,
        Err(error) => return Err(error.into()),
    };
    let aside = set_aside(path).map_err(medium)?;
    tracing::warn!(reason, aside = %aside.display(), "the state cannot be used and is set aside; it comes back from the log");
    std::fs::create_dir_all(path).map_err(medium)?;
    Ok(Store::open(path, sizing)?)
}

/// The layout that the state is kept in, empty in the first one; `None` where nothing was stored yet.
fn layout(store: &Store) -> Result<Option<Vec<u8>>, ReadError> {
    let layout = store.get(&keys::layout(), <[u8]>::to_vec)?;
    let is_used = store.get(&keys::identity(), |_| ())?.is_some();
    Ok(is_used.then(|| layout.unwrap_or_default()))
}

/// Binds a fresh state to the topics that it will be built from, and refuses one that was built from others.
pub(crate) fn bind(store: &Store, live: &str, remembered_ms: i64) -> Result<(), StateError> {
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
            let layout = put(keys::layout(), keys::layout_value(remembered_ms));
            Ok(store.apply(&[put(keys::identity(), live.as_bytes().to_vec()), layout])?)
        }
    }
}

#[cfg(test)]
mod tests;
