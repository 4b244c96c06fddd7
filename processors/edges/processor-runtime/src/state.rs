//! The state directory: opened, bound to the log that it was built from, set aside when it cannot be used.

use decider::{Cursor, keys};
use keyvalue::{Mutation, Read, ReadError};
use std::path::{Path, PathBuf};
use store::{DirectoryError, Sizing, Store};
use stream::admin::Identity;
use topology::Topology;

/// Why there is no state to work with.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(
        "{path} was built from other topics and is not touched. It holds:\n{held}while the cluster has:\n{live}\
         Give the processor a state_directory of its own for this cluster: an empty one is built from the log"
    )]
    OtherLog { path: PathBuf, held: String, live: String },
    #[error(
        "topic {topic} was deleted and created again. The events are the only record of what was decided, and nothing gives them back but a backup: \
         restore it, all records in their partitions and order, before any process is started, and start the processors with empty state \
         directories then. {path} is not touched; keep it until that is done"
    )]
    EventsRecreated { path: PathBuf, topic: String },
}

/// Opens the directory. One that is corrupt, or of another layout than `ours` ([`keys::layout_value`]), is set aside and rebuilt from the log.
pub(crate) fn open(path: &Path, sizing: Sizing, ours: &[u8]) -> Result<Store, StateError> {
    let store = Store::open_or_set_aside(path, sizing, |store| {
        let other = layout(store)?.filter(|layout| layout.as_slice() != ours);
        Ok(other.map(|layout| {
            format!(
                "it has the layout {layout:?}, and this version of the program, with its version of the domain's states and this retention of \
                 commands, has {ours:?}"
            )
        }))
    });
    Ok(store?)
}

/// The layout that the state is kept in, empty in the first one; `None` where nothing was stored yet.
fn layout(store: &Store) -> Result<Option<Vec<u8>>, ReadError> {
    let layout = store.get(&keys::layout(), <[u8]>::to_vec)?;
    let is_used = store.get(&keys::identity(), |_| ())?.is_some();
    Ok(is_used.then(|| layout.unwrap_or_default()))
}

/// Binds a fresh state to the topics that it will be built from, and refuses one that was built from others.
///
/// What is remembered of commands and outcomes is checked against those topics, partition by partition, before anything is decided: one of
/// them that was created again is bound to. Of the dead letters nothing is remembered.
pub(crate) fn bind(store: &Store, live: &Identity, topology: &Topology, layout: &[u8]) -> Result<(), StateError> {
    let held = store.get(&keys::identity(), |bytes| String::from_utf8_lossy(bytes).into_owned())?;
    if let Some(held) = held {
        if held == live.text() {
            return Ok(());
        }
        let other_log = || StateError::OtherLog {
            path: store.path().to_owned(),
            held: held.clone(),
            live: live.text(),
        };
        let known = Identity::read(&held).ok_or_else(other_log)?;
        let names = |identity: &Identity| identity.topics.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        if known.cluster_id != live.cluster_id || known.partitions != live.partitions || names(&known) != names(live) {
            return Err(other_log());
        }
        let recreated = live.recreated_since(&known);
        let events = topology.topics.events.name.as_str();
        if recreated.contains(&events) {
            return Err(StateError::EventsRecreated {
                path: store.path().to_owned(),
                topic: events.to_owned(),
            });
        }
        for topic in recreated {
            tracing::warn!(topic, "the topic was deleted and created again; {}", consequence(topology, topic));
            if topic == topology.topics.outcomes.name {
                store.apply(&from_the_first_outcome(store, topology.partitions)?)?;
            }
        }
    }
    let put = |key, value| Mutation::Put { key, value };
    Ok(store.apply(&[
        put(keys::identity(), live.text().into_bytes()),
        put(keys::layout(), layout.to_vec()),
    ])?)
}

/// Offsets in an outcomes topic that was deleted say nothing of the one that is there now: all of it is folded.
fn from_the_first_outcome(store: &Store, partitions: u32) -> Result<Vec<Mutation>, ReadError> {
    let mut mutations = Vec::new();
    for partition in 0..partitions {
        if let Some(cursor) = Cursor::load(store, partition)? {
            let next_outcome_offset = 0;
            let cursor = Cursor {
                next_outcome_offset,
                ..cursor
            };
            mutations.push(cursor.mutation(partition));
        }
    }
    Ok(mutations)
}

/// What follows from a topic that was created again.
fn consequence(topology: &Topology, topic: &str) -> &'static str {
    let topics = &topology.topics;
    if topic == topics.commands.name {
        "positions in the former one are not believed any more"
    } else if topic == topics.outcomes.name {
        "outcomes of commands that are kept are written again"
    } else if topic == topics.dead_letters.name {
        "that is harmless: nothing is built on dead letters, but those that it held are gone"
    } else {
        "nothing is known of it"
    }
}

#[cfg(test)]
mod tests;
