//! A view that this process builds, as the query service sees it: snapshots, their positions, and whether to ask here.

use crate::bookkeeping::{self, Progress};
use crate::directory;
use crate::parts::{Condition, FILES};
use http_server::Position;
use keyvalue::{Fault, ReadError};
use query_service::{EventChanges, Feed, Readiness, Source, Stamp};
use service::State;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::{Snapshot, Store};
use tokio::sync::watch;

/// An open view. One thread writes to its store; any number read.
pub(crate) struct KeptView {
    store: Store,
    applied: watch::Sender<Arc<Stamp>>,
    feed: Feed,
    condition: Condition,
    /// The stamp that was made last, with the number of the snapshots that it belongs to: most answers share it.
    latest: Mutex<Option<(u64, Arc<Stamp>)>>,
    complete: AtomicBool,
    /// A question has met files that cannot be right.
    damaged: AtomicBool,
}

impl KeptView {
    /// # Errors
    /// When the stored progress cannot be read.
    pub(crate) fn new(store: Store, condition: Condition) -> Result<Self, ReadError> {
        let position = match Progress::load(&store)? {
            Some(progress) => progress.position(),
            None => Position::default(),
        };
        let feed = Feed::new(position.clone());
        let stamp = Arc::new(Stamp::new(position));
        Ok(Self {
            feed,
            complete: AtomicBool::new(bookkeeping::is_complete(&store)?),
            store,
            damaged: AtomicBool::new(false),
            applied: watch::Sender::new(stamp),
            condition,
            latest: Mutex::new(None),
        })
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Tells everyone who waits that the store has come this far, and those who follow what was changed on the way, where that was recorded.
    pub(crate) fn announce(&self, progress: &Progress, changes: Option<Vec<EventChanges>>) {
        self.applied.send_replace(Arc::new(Stamp::new(progress.position())));
        self.feed.publish(progress.position(), changes);
    }

    /// Whether someone follows what is changed.
    pub(crate) fn is_followed(&self) -> bool {
        self.feed.is_followed()
    }

    /// The view holds the whole log as it was found: from here on it is asked more than it is written to. Written after what it holds, so that it
    /// is never said too early.
    pub(crate) fn become_complete(&self) -> Result<(), store::Error> {
        if !self.complete.load(Ordering::Acquire) {
            self.store.apply(&[bookkeeping::complete_mutation()])?;
            self.complete.store(true, Ordering::Release);
        }
        self.store.favor_reads()
    }

    /// The stamp that was made last, where it belongs to snapshots of this number.
    fn latest_of(&self, number: u64) -> Option<Arc<Stamp>> {
        let latest = self.latest();
        let (of, stamp) = latest.as_ref()?;
        (*of == number).then(|| Arc::clone(stamp))
    }

    fn latest(&self) -> MutexGuard<'_, Option<(u64, Arc<Stamp>)>> {
        // What is held is replaced in one piece: a panic elsewhere cannot have left half of it.
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source for KeptView {
    type Snapshot<'s> = Snapshot<'s>;

    fn snapshot(&self) -> Snapshot<'_> {
        self.store.snapshot()
    }

    fn position(&self, snapshot: &Snapshot<'_>) -> Result<Arc<Stamp>, ReadError> {
        let number = snapshot.number();
        if let Some(stamp) = self.latest_of(number) {
            return Ok(stamp);
        }
        let progress = Progress::load(snapshot)?.unwrap_or_default();
        let stamp = Arc::new(Stamp::new(progress.position()));
        *self.latest() = Some((number, Arc::clone(&stamp)));
        Ok(stamp)
    }

    fn known_position(&self) -> Option<Arc<Stamp>> {
        self.latest_of(self.store.number())
    }

    fn applied(&self) -> watch::Receiver<Arc<Stamp>> {
        self.applied.subscribe()
    }

    fn feed(&self) -> Option<&Feed> {
        Some(&self.feed)
    }

    fn readiness(&self) -> Readiness {
        self.condition.not_ready().map_or(Readiness::Ready, Readiness::NotReady)
    }

    fn is_complete(&self) -> bool {
        self.complete.load(Ordering::Acquire)
    }

    /// A damaged view may be asked for long before it is written to again: the first to find the damage reports it.
    fn could_not_be_read(&self, error: &ReadError) {
        if error.fault == Fault::Corrupt && !self.damaged.swap(true, Ordering::Relaxed) {
            directory::ask_for_rebuild(&self.store);
            let reason = format!("the view is damaged; the next start sets it aside and rebuilds it from the log: {error}");
            self.condition.set(FILES, State::Dead(reason));
        }
    }
}

#[cfg(test)]
mod tests;
