//! A view that is built here, from the events of the log: to compare a replica's with it, and for tables.

use crate::position::Position;
use anyhow::{Context, anyhow, bail};
use application::{View, check_keys};
use decider::EventEnvelope;
use keyvalue::Overlay;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use store::{Sizing, Store};

/// Events that are folded, and written, at a time.
const EVENTS_MAX: usize = 2000;

/// One view in a folder of its own, from the first event on.
pub struct LocalView<V: View> {
    store: Store,
    view: V,
    position: Position,
    /// Taken, and not folded yet, each with its partition.
    waiting: Vec<(u32, EventEnvelope<V::Event>)>,
}

impl<V: View> LocalView<V> {
    /// An empty view, in a folder that is its own.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            store: Store::open(folder, Sizing::default())?,
            view: V::default(),
            position: Position::new(),
            waiting: Vec::new(),
        })
    }

    /// Takes the event that follows in its partition.
    ///
    /// # Errors
    /// Where one is missing before it, it has come already, or an event does not fit.
    pub fn take(&mut self, partition: u32, event: EventEnvelope<V::Event>) -> anyhow::Result<()> {
        let (reached, sequence) = (self.sequence_of(partition), event.sequence);
        if sequence > reached + 1 {
            bail!("partition {partition} has sequence {sequence} after {reached}: events are missing between them");
        }
        if sequence <= reached {
            bail!(
                "partition {partition} has sequence {sequence} after {reached}: each event has to come once, in the order of its partition"
            );
        }
        self.waiting.push((partition, event));
        self.position.insert(partition, sequence);
        if self.waiting.len() >= EVENTS_MAX {
            self.fold()?;
        }
        Ok(())
    }

    /// The last sequence that was taken of a partition, 0 before the first one.
    pub fn sequence_of(&self, partition: u32) -> u64 {
        self.position.get(&partition).copied().unwrap_or(0)
    }

    /// What was taken of each partition.
    pub fn position(&self) -> &Position {
        &self.position
    }

    /// The view with every event that was taken.
    ///
    /// # Errors
    /// Where an event does not fit.
    pub fn read(&mut self) -> anyhow::Result<&Store> {
        self.fold()?;
        Ok(&self.store)
    }

    fn fold(&mut self) -> anyhow::Result<()> {
        let Self { store, view, waiting, .. } = self;
        let mut overlay = Overlay::new(&*store);
        for (partition, event) in waiting.drain(..) {
            let place = || format!("sequence {} of partition {partition}", event.sequence);
            let projected = contained(|| view.project(partition, &event, &overlay)).with_context(place)?;
            let mutations = projected.with_context(place)?;
            check_keys(&mutations).map_err(|reason| anyhow!(reason)).with_context(place)?;
            overlay.apply(mutations);
        }
        let mutations = contained(|| view.settle())?;
        check_keys(&mutations).map_err(|reason| anyhow!(reason))?;
        overlay.apply(mutations);
        // All of it comes from the log again.
        Ok(store.apply_unlogged(&overlay.into_mutations())?)
    }
}

/// A bug of the view is an error that names its place.
fn contained<T>(run: impl FnOnce() -> T) -> anyhow::Result<T> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|_panic| anyhow!("the view panicked"))
}

#[cfg(test)]
mod tests;
