//! An event to mutations: nodes and edges as they are after it, and the violations that came or went with it.

mod airplane;
mod airplane_window;
mod airport;
mod cached_rotation;
pub(crate) mod counts;
mod known_days;
mod legs;
mod projection;
mod read_cache;
mod recent;
mod rotation;
mod same_day;
mod zone;

use crate::{Fact, Provenance};
use application::ProjectError;
use domain::{AggregateId, Event};
use keyvalue::{Mutation, Read};
use projection::Projection;
use read_cache::ReadCache;

pub use read_cache::Memory;

/// What `fact` changes in the view that `read` shows, in order: a key that is deleted and put is in the answer twice.
pub fn project(fact: &Fact, read: &impl Read) -> Result<Vec<Mutation>, ProjectError> {
    Projector::default().project(fact, read)
}

/// Projects one event after the other, each on a view that has the changes of those before, and remembers what it has read: nothing
/// else may change the view. After an error, or when changes did not come into the view, it must not be used again.
#[derive(Debug)]
pub struct Projector {
    cache: ReadCache,
}

impl Default for Projector {
    fn default() -> Self {
        Self::new(Memory::default())
    }
}

impl Projector {
    pub fn new(memory: Memory) -> Self {
        Self {
            cache: ReadCache::new(memory),
        }
    }

    /// As [`project`] does.
    pub fn project(&mut self, fact: &Fact, read: &impl Read) -> Result<Vec<Mutation>, ProjectError> {
        let mut mutations = self.project_uncounted(fact, read)?;
        mutations.extend(self.counts());
        Ok(mutations)
    }

    /// The same without the counts, which nearly every event changes: they are asked for after some events, and come into the view
    /// together with what these changed.
    pub fn project_uncounted(&mut self, fact: &Fact, read: &impl Read) -> Result<Vec<Mutation>, ProjectError> {
        self.project_event(&fact.aggregate_id, &fact.event, fact.provenance(), read)
    }

    pub(crate) fn project_event(
        &mut self,
        aggregate_id: &AggregateId,
        event: &Event,
        provenance: Provenance,
        read: &impl Read,
    ) -> Result<Vec<Mutation>, ProjectError> {
        let mut projection = Projection::new(read, &mut self.cache);
        match (aggregate_id, event) {
            (AggregateId::Airport(code), Event::Airport(event)) => airport::project(&mut projection, *code, event, provenance)?,
            (AggregateId::Airplane(registration), Event::Airplane(event)) => {
                airplane::project(&mut projection, registration, event, provenance)?;
            }
            (AggregateId::Rotation(id), Event::Rotation(event)) => rotation::project(&mut projection, id, event, provenance)?,
            (AggregateId::Airport(_) | AggregateId::Airplane(_) | AggregateId::Rotation(_), event) => {
                return Err(unfit(event, format!("it is an event of another kind than {aggregate_id}")));
            }
        }
        Ok(projection.into_mutations()?)
    }

    /// The counts that have changed since they were last asked for.
    pub fn counts(&mut self) -> Vec<Mutation> {
        self.cache.changed_counts().collect()
    }
}

fn unfit(event: &impl std::fmt::Debug, reason: impl Into<String>) -> ProjectError {
    ProjectError::unfit(event, reason)
}
