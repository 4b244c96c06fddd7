//! Opening the directory of a view. Everything in it comes back from the log, so one that cannot be used is set aside and rebuilt,
//! never repaired; and one that was built on another log is never touched.

use crate::bookkeeping::{self, Progress};
use application::View;
use keyvalue::{Order, Read, ReadError};
use query_service::AsOf;
use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use store::{DirectoryError, Sizing, Store};

/// A view by name and version. Content of another version means something else, and so does content that was worked out with other data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edition {
    pub(crate) view: &'static str,
    pub(crate) version: u32,
    /// The data outside of the log that the content follows from, such as a time-zone database, with its version.
    pub(crate) built_with: Option<String>,
    /// Where it stops; `None` where it follows the log.
    pub(crate) until: Option<AsOf>,
}

impl Edition {
    pub(crate) fn of<V: View>(until: Option<AsOf>) -> Self {
        Self {
            view: V::NAME,
            version: V::VERSION,
            built_with: V::built_with(),
            until,
        }
    }
}

/// As its directory is called.
impl fmt::Display for Edition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let following = format!("{}-{}", self.view, self.version);
        match &self.until {
            Some(until) => formatter.write_str(&until.edition(&following)),
            None => formatter.write_str(&following),
        }
    }
}

/// The log that a view is built on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Log {
    pub(crate) cluster_id: String,
    pub(crate) topic: String,
    pub(crate) topic_id: String,
    pub(crate) partitions: u32,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(
        "{path} was built on another log and is not touched: it holds {held:?}, the log here is {found:?}; \
         give this log a state_directory of its own, which is built from the events. If the events topic was deleted, restore it from a backup first"
    )]
    AnotherLog { path: PathBuf, held: String, found: String },
}

/// Opens the directory of `edition` under `state_directory`, creates it where there is none, and starts an empty one where the content is
/// corrupt or of another edition.
pub(crate) fn open(state_directory: &Path, edition: &Edition, sizing: Sizing) -> Result<Store, Error> {
    let path = state_directory.join(edition.to_string());
    Ok(Store::open_or_set_aside(&path, sizing, |store| unusable(store, edition))?)
}

/// Binds a fresh view to its log, or checks that it was built on this one. Returns how far it has come.
pub(crate) fn bind(store: &Store, edition: &Edition, log: &Log) -> Result<Progress, Error> {
    let found = identity(edition, log);
    match (bookkeeping::identity(store)?, Progress::load(store)?) {
        (Some(held), Some(progress)) if held == found => Ok(progress),
        (Some(held), _) => Err(Error::AnotherLog {
            path: store.path().to_owned(),
            held,
            found,
        }),
        (None, _) => {
            let progress = Progress::start(log.partitions);
            store.apply(&[bookkeeping::identity_mutation(&found), progress.mutation()])?;
            Ok(progress)
        }
    }
}

/// Leaves a note in the directory: the next start rebuilds it.
pub(crate) fn ask_for_rebuild(store: &Store) {
    if let Err(error) = store::ask_for_rebuild(store.path()) {
        tracing::error!(%error, path = %store.path().display(), "the request to rebuild at the next start could not be written");
    }
}

fn identity(edition: &Edition, log: &Log) -> String {
    let Log {
        cluster_id,
        topic,
        topic_id,
        partitions,
    } = log;
    format!(
        "{}cluster {cluster_id}, topic {topic} {topic_id}, {partitions} partitions",
        heading(edition)
    )
}

fn heading(edition: &Edition) -> String {
    let Edition {
        view,
        version,
        built_with,
        until,
    } = edition;
    let with = built_with.as_ref().map_or_else(String::new, |data| format!(" with {data}"));
    let until = until.as_ref().map_or_else(String::new, |until| format!(" until {until}"));
    format!("view {view} {version}{with}{until}, {PLACES}, ")
}

/// What is kept of the places of events in the log, in addition to the view. A directory that lacks some of it is built again.
const PLACES: &str = "places 2";

/// Why what a directory holds cannot be gone on with, if so.
fn unusable(store: &Store, edition: &Edition) -> Result<Option<String>, ReadError> {
    match (bookkeeping::identity(store)?, Progress::load(store)?) {
        (Some(held), Some(_)) if held.starts_with(&heading(edition)) => Ok(None),
        (Some(held), Some(_)) => Ok(Some(format!(
            "it holds {held:?}, and not {:?}",
            heading(edition).trim_end_matches(", ")
        ))),
        (None, None) if is_empty(store)? => Ok(None),
        _ => Ok(Some("it does not say what it was built on".into())),
    }
}

fn is_empty(store: &Store) -> Result<bool, ReadError> {
    let mut empty = true;
    store.scan(&[0], &[u8::MAX; 2], Order::Ascending, &mut |_, _| {
        empty = false;
        ControlFlow::Break(())
    })?;
    Ok(empty)
}

#[cfg(test)]
mod tests;
