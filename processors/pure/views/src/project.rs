//! An event to mutations: nodes and edges as they are after it, and the violations that came or went with it.

mod airplane;
mod airport;
pub(crate) mod counts;
mod draft;
mod known;
mod legs;
mod recent;
mod rotation;
mod same_day;
mod tail;
mod zone;

use crate::Fact;
use domain::{AggregateId, Event};
use draft::Draft;
use keyvalue::{Mutation, Read, ReadError};
use known::Known;

pub use known::Memory;

/// Why an event could not be projected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProjectError {
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The event contradicts the view: one of them is wrong.
    #[error("{event} does not fit: {reason}")]
    Unfit { event: String, reason: String },
}

/// What `fact` changes in the view that `read` shows, in order: a key that is deleted and put is in the answer twice.
pub fn project(fact: &Fact, read: &impl Read) -> Result<Vec<Mutation>, ProjectError> {
    Projector::default().project(fact, read)
}

/// Projects one event after the other, each on a view that has the changes of those before, and remembers what it has read: nobody
/// else may change the view. After an error, or when changes did not come into the view, it is of no use any more.
#[derive(Debug)]
pub struct Projector {
    known: Known,
}

impl Default for Projector {
    fn default() -> Self {
        Self::new(Memory::default())
    }
}

impl Projector {
    pub fn new(memory: Memory) -> Self {
        Self { known: Known::new(memory) }
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
        mutations(fact, read, &mut self.known)
    }

    /// The counts that have changed since they were last asked for.
    pub fn counts(&mut self) -> Vec<Mutation> {
        self.known.changed_counts().collect()
    }
}

fn mutations(fact: &Fact, read: &impl Read, known: &mut Known) -> Result<Vec<Mutation>, ProjectError> {
    let provenance = fact.provenance();
    let mut draft = Draft::new(read, known);
    match (&fact.aggregate_id, &fact.event) {
        (AggregateId::Airport(code), Event::Airport(event)) => airport::project(&mut draft, *code, event, provenance)?,
        (AggregateId::Airplane(registration), Event::Airplane(event)) => {
            airplane::project(&mut draft, registration, event, provenance, fact.decided_at)?;
        }
        (AggregateId::Rotation(id), Event::Rotation(event)) => rotation::project(&mut draft, id, event, provenance, fact.decided_at)?,
        (AggregateId::Airport(_) | AggregateId::Airplane(_) | AggregateId::Rotation(_), event) => {
            return Err(unfit(event, format!("it is an event of another kind than {}", fact.aggregate_id)));
        }
    }
    Ok(draft.into_mutations()?)
}

fn unfit(event: &impl std::fmt::Debug, reason: impl Into<String>) -> ProjectError {
    ProjectError::Unfit {
        event: format!("{event:?}"),
        reason: reason.into(),
    }
}
