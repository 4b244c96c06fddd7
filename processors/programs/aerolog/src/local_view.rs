//! A view of the schedule that is built here, from the events of the log: to compare a replica's with it, and for tables.

use crate::position::Position;
use anyhow::{Context, bail};
use decider::EventEnvelope;
use keyvalue::Overlay;
use std::path::Path;
use store::{Sizing, Store};
use views::{Fact, Projector};

/// Events that are folded, and written, at a time.
const EVENTS_MAX: usize = 2000;

pub(crate) struct LocalView {
    store: Store,
    projector: Projector,
    position: Position,
    /// Taken, and not folded yet.
    waiting: Vec<Fact>,
}

impl LocalView {
    /// An empty view, in a folder that is its own.
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            store: Store::open(folder, Sizing::default())?,
            projector: Projector::default(),
            position: Position::new(),
            waiting: Vec::new(),
        })
    }

    /// Takes the event that follows in its partition.
    pub(crate) fn take(&mut self, partition: u32, event: EventEnvelope<domain::Event>) -> anyhow::Result<()> {
        let (reached, sequence) = (self.sequence_of(partition), event.sequence);
        if sequence > reached + 1 {
            bail!("partition {partition} has sequence {sequence} after {reached}: events are missing between them");
        }
        if sequence <= reached {
            bail!(
                "partition {partition} has sequence {sequence} after {reached}: each event has to come once, in the order of its partition"
            );
        }
        self.waiting.push(Fact::from_envelope(partition, event)?);
        self.position.insert(partition, sequence);
        if self.waiting.len() >= EVENTS_MAX {
            self.fold()?;
        }
        Ok(())
    }

    /// The last sequence that was taken of a partition, 0 before the first one.
    pub(crate) fn sequence_of(&self, partition: u32) -> u64 {
        self.position.get(&partition).copied().unwrap_or(0)
    }

    /// What was taken of each partition.
    pub(crate) fn position(&self) -> &Position {
        &self.position
    }

    /// The view with every event that was taken.
    pub(crate) fn read(&mut self) -> anyhow::Result<&Store> {
        self.fold()?;
        Ok(&self.store)
    }

    fn fold(&mut self) -> anyhow::Result<()> {
        let Self {
            store, projector, waiting, ..
        } = self;
        let mut overlay = Overlay::new(&*store);
        for fact in waiting.drain(..) {
            let projected = projector.project_uncounted(&fact, &overlay);
            overlay.apply(projected.with_context(|| format!("sequence {} of partition {}", fact.sequence, fact.partition))?);
        }
        overlay.apply(projector.counts());
        // All of it comes from the log again.
        Ok(store.apply_unlogged(&overlay.into_mutations())?)
    }
}

#[cfg(test)]
mod tests;
