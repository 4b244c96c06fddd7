//! From events to mutations: each event once, in order and without a gap, or not at all. Reads, and writes nothing.
//!
//! An event that cannot be applied stops its partition (decision 0017).

use crate::bookkeeping::{Progress, Reached};
use keyvalue::{Mutation, Overlay, Read, ReadError};
use std::any::Any;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::panic::{self, AssertUnwindSafe};
use views::{Fact, ProjectError, Projector, offsets};

/// A decoded event and the offset of its record.
#[derive(Debug, Clone)]
pub(crate) struct LocatedFact {
    pub(crate) offset: i64,
    pub(crate) fact: Fact,
}

/// Why a view cannot go on, in one partition or at all. None of these goes away by itself.
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
    #[error("the record of partition {partition} at offset {offset} cannot be read as an event: {reason}")]
    Undecodable { partition: u32, offset: i64, reason: String },
    #[error("the event of partition {partition} at offset {offset}, sequence {sequence}, of {aggregate}, cannot be applied: {reason}")]
    Unappliable {
        partition: u32,
        offset: i64,
        sequence: u64,
        aggregate: String,
        reason: String,
    },
    #[error(
        "the view's code panicked at the event of partition {partition} at offset {offset}, sequence {sequence}, of {aggregate}: {reason}"
    )]
    Panicked {
        partition: u32,
        offset: i64,
        sequence: u64,
        aggregate: String,
        reason: String,
    },
    #[error(
        "the event at offset {offset} of partition {partition} is of {aggregate_id}, which belongs in partition {belongs_in} of {partitions}: it \
         was decided under another number of partitions, or written by another program"
    )]
    Misplaced {
        partition: u32,
        offset: i64,
        aggregate_id: String,
        belongs_in: u32,
        partitions: u32,
    },
    #[error(transparent)]
    Unreadable(ReadError),
}

impl Stop {
    /// The partition that stands still; the others go on. `None` when all of the view does.
    pub(crate) fn partition(&self) -> Option<u32> {
        match self {
            Self::Gap { partition, .. }
            | Self::Undecodable { partition, .. }
            | Self::Misplaced { partition, .. }
            | Self::Unappliable { partition, .. }
            | Self::Panicked { partition, .. } => Some(*partition),
            Self::UnknownPartition { .. } | Self::Unreadable(_) => None,
        }
    }
}

/// What a run of events makes of a view. To be written in one piece.
#[derive(Debug)]
pub(crate) struct Step {
    /// The progress and the changes of the view that belong to it, in key order.
    pub(crate) mutations: Vec<Mutation>,
    pub(crate) progress: Progress,
    /// Events of the run that it is about; more may be left of the run.
    pub(crate) taken: usize,
    pub(crate) applied: u64,
    /// Events that were in the view already.
    pub(crate) repeated: u64,
    /// Partitions in which the view does not go on from here.
    pub(crate) stopped: Vec<Stop>,
    /// Why the view does not go on at all, if so. What comes before is in the step.
    pub(crate) failure: Option<Stop>,
}

/// Changes that a step holds before it leaves the rest of its run to the next: one event can change very much.
pub(crate) const STEP_MUTATIONS_MAX: usize = 65_536;

/// What makes mutations of events.
pub(crate) trait Project: Default {
    fn project(&mut self, fact: &Fact, read: &impl Read) -> Result<Vec<Mutation>, ProjectError>;
    fn counts(&mut self) -> Vec<Mutation>;
}

impl Project for Projector {
    fn project(&mut self, fact: &Fact, read: &impl Read) -> Result<Vec<Mutation>, ProjectError> {
        self.project_uncounted(fact, read)
    }

    fn counts(&mut self) -> Vec<Mutation> {
        Self::counts(self)
    }
}

/// Applies events on top of what is stored, those of partitions in `stopped` left out, until `is_over` says that no more are wanted.
/// A partition that meets an event that cannot be applied joins `stopped`; the others go on. The projector is of no use any more unless
/// all that the step says is then stored.
pub(crate) fn step(
    projector: &mut impl Project,
    below: &impl Read,
    before: &Progress,
    stopped: &mut BTreeSet<u32>,
    run: &[LocatedFact],
    is_over: impl Fn() -> bool,
) -> Step {
    let mut stops: Vec<(usize, Stop)> = Vec::new();
    loop {
        let is_left_out = |index: usize, partition: u32| {
            stopped.contains(&partition)
                || stops
                    .iter()
                    .any(|(from, stop)| *from <= index && stop.partition() == Some(partition))
        };
        match attempt(projector, below, before, run, is_left_out, &is_over) {
            Ok(mut step) => {
                stops.retain(|(index, _)| *index < step.taken);
                step.stopped = stops.into_iter().map(|(_, stop)| stop).collect();
                stopped.extend(step.stopped.iter().filter_map(Stop::partition));
                return step;
            }
            // What the projector remembers may be half of the event: it begins again, without that event and what follows it there. There
            // are as many attempts as partitions, at most.
            Err(stop) => {
                *projector = Default::default();
                stops.push(stop);
            }
        }
    }
}

/// Fails at an event that only its own partition has to stop for, with its index in the run.
fn attempt(
    projector: &mut impl Project,
    below: &impl Read,
    before: &Progress,
    run: &[LocatedFact],
    is_left_out: impl Fn(usize, u32) -> bool,
    is_over: &impl Fn() -> bool,
) -> Result<Step, (usize, Stop)> {
    let mut overlay = Overlay::new(below);
    let mut progress = before.clone();
    let (mut taken, mut applied, mut repeated, mut mutated) = (0, 0, 0, 0);
    let mut failure = None;
    for (index, located) in run.iter().enumerate() {
        if mutated >= STEP_MUTATIONS_MAX || is_over() {
            break;
        }
        let partition = located.fact.partition;
        if !is_left_out(index, partition) {
            match place(&progress, located) {
                Ok(Place::Repeat(reached)) => {
                    repeated += 1;
                    progress.set(partition, reached);
                }
                Ok(Place::Next(reached)) => match mutations(projector, &overlay, located) {
                    Ok(mutations) => {
                        mutated += mutations.len();
                        overlay.apply(mutations);
                        overlay.apply(Vec::from_iter(offsets::entry(partition, reached.sequence, located.offset)));
                        applied += 1;
                        progress.set(partition, reached);
                    }
                    Err(stop) if stop.partition().is_some() => return Err((index, stop)),
                    Err(stop) => {
                        failure = Some(stop);
                        break;
                    }
                },
                Err(stop) if stop.partition().is_some() => return Err((index, stop)),
                Err(stop) => {
                    failure = Some(stop);
                    break;
                }
            }
        }
        taken = index + 1;
    }
    overlay.apply(projector.counts());
    overlay.apply(vec![progress.mutation()]);
    Ok(Step {
        mutations: overlay.into_mutations(),
        progress,
        taken,
        applied,
        repeated,
        stopped: Vec::new(),
        failure,
    })
}

/// What an event changes. A panic of the view's code ends here: it would come again at every start.
fn mutations(projector: &mut impl Project, read: &impl Read, located: &LocatedFact) -> Result<Vec<Mutation>, Stop> {
    let LocatedFact { offset, fact } = located;
    let (partition, offset, sequence) = (fact.partition, *offset, fact.sequence);
    let aggregate = || fact.aggregate_id.to_string();
    // Nothing of the projector is used again after a panic.
    match panic::catch_unwind(AssertUnwindSafe(|| projector.project(fact, read))) {
        Ok(Ok(mutations)) => Ok(mutations),
        Ok(Err(ProjectError::Read(error))) => Err(Stop::Unreadable(error)),
        Ok(Err(error @ ProjectError::Unfit { .. })) => Err(Stop::Unappliable {
            partition,
            offset,
            sequence,
            aggregate: aggregate(),
            reason: error.to_string(),
        }),
        Err(panic) => Err(Stop::Panicked {
            partition,
            offset,
            sequence,
            aggregate: aggregate(),
            reason: panic_text(&*panic),
        }),
    }
}

/// What a panic says.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".into())
}

/// Where an event stands beside what the view has of its partition, and how far the partition has come with it.
enum Place {
    Next(Reached),
    Repeat(Reached),
}

fn place(progress: &Progress, located: &LocatedFact) -> Result<Place, Stop> {
    let LocatedFact { offset, fact } = located;
    let reached = progress.get(fact.partition).ok_or_else(|| Stop::UnknownPartition {
        partition: fact.partition,
        offset: *offset,
        partitions: progress.iter().len(),
    })?;
    belongs(progress, located)?;
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

/// Refuses an event of an aggregate that belongs in another partition: the log was decided under another number of partitions.
fn belongs(progress: &Progress, LocatedFact { offset, fact }: &LocatedFact) -> Result<(), Stop> {
    let partitions = u32::try_from(progress.iter().len()).unwrap_or(u32::MAX);
    let aggregate_id = fact.aggregate_id.to_string();
    let belongs_in = topology::partition_of(aggregate_id.as_bytes(), partitions);
    if belongs_in == fact.partition {
        return Ok(());
    }
    Err(Stop::Misplaced {
        partition: fact.partition,
        offset: *offset,
        aggregate_id,
        belongs_in,
        partitions,
    })
}

#[cfg(test)]
mod tests;
