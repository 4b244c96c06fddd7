//! From events to mutations: each event once, in order and without a gap, or not at all. Reads, and writes nothing.

use crate::bookkeeping::{Progress, Reached};
use keyvalue::{Mutation, Overlay, Read, ReadError};
use std::cmp::Ordering;
use views::{Fact, ProjectError, Projector};

/// A decoded event and the offset of its record.
#[derive(Debug, Clone)]
pub(crate) struct Located {
    pub(crate) offset: i64,
    pub(crate) fact: Fact,
}

/// Why a view cannot go on. None of these goes away by itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    #[error("partition {partition} has sequence {found} at offset {offset}, where {expected} belongs: events are missing")]
    Gap {
        partition: u32,
        offset: i64,
        expected: u64,
        found: u64,
    },
    #[error("partition {partition} is not among the {partitions} partitions of the view (offset {offset})")]
    UnknownPartition { partition: u32, offset: i64, partitions: usize },
    #[error("the event of partition {partition} at offset {offset} cannot be applied: {reason}")]
    Unappliable { partition: u32, offset: i64, reason: String },
    #[error(transparent)]
    Unreadable(ReadError),
}

/// What a run of events makes of a view. To be written in one piece.
#[derive(Debug)]
pub(crate) struct Step {
    /// The progress and the changes of the view that belong to it, in key order.
    pub(crate) mutations: Vec<Mutation>,
    pub(crate) progress: Progress,
    pub(crate) applied: u64,
    /// Events that were in the view already.
    pub(crate) repeated: u64,
    /// Why the run was cut short, if it was. What comes before is in the step.
    pub(crate) stop: Option<Stop>,
}

/// Applies events on top of what is stored. The projector is of no use any more unless all that the step says is then stored.
pub(crate) fn step(projector: &mut Projector, below: &impl Read, before: &Progress, run: &[Located]) -> Step {
    let mut overlay = Overlay::new(below);
    let mut progress = before.clone();
    let (mut applied, mut repeated) = (0, 0);
    let mut stop = None;
    for located in run {
        match place(&progress, located) {
            Ok(Place::Repeat(reached)) => {
                repeated += 1;
                progress.set(located.fact.partition, reached);
            }
            Ok(Place::Next(reached)) => {
                match projector.project_uncounted(&located.fact, &overlay) {
                    Ok(mutations) => overlay.apply(mutations),
                    Err(ProjectError::Read(error)) => {
                        stop = Some(Stop::Unreadable(error));
                        break;
                    }
                    Err(error @ ProjectError::Unfit { .. }) => {
                        stop = Some(Stop::Unappliable {
                            partition: located.fact.partition,
                            offset: located.offset,
                            reason: error.to_string(),
                        });
                        break;
                    }
                }
                applied += 1;
                progress.set(located.fact.partition, reached);
            }
            Err(gap) => {
                stop = Some(gap);
                break;
            }
        }
    }
    overlay.apply(projector.counts());
    overlay.apply(vec![progress.mutation()]);
    Step {
        mutations: overlay.into_mutations(),
        progress,
        applied,
        repeated,
        stop,
    }
}

/// Where an event stands beside what the view has of its partition, and how far the partition has come with it.
enum Place {
    Next(Reached),
    Repeat(Reached),
}

fn place(progress: &Progress, located: &Located) -> Result<Place, Stop> {
    let Located { offset, fact } = located;
    let reached = progress.get(fact.partition).ok_or_else(|| Stop::UnknownPartition {
        partition: fact.partition,
        offset: *offset,
        partitions: progress.iter().len(),
    })?;
    let next_offset = (*offset + 1).max(reached.next_offset);
    let expected = reached.sequence + 1;
    match fact.sequence.cmp(&expected) {
        Ordering::Equal => Ok(Place::Next(Reached {
            sequence: expected,
            next_offset,
        })),
        Ordering::Less => Ok(Place::Repeat(Reached { next_offset, ..reached })),
        Ordering::Greater => Err(Stop::Gap {
            partition: fact.partition,
            offset: *offset,
            expected,
            found: fact.sequence,
        }),
    }
}

#[cfg(test)]
mod tests;
