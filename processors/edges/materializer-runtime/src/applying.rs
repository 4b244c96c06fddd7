//! From events to mutations: each event once, in order and without a gap, or not at all. Reads, and writes nothing.
//!
//! An event that cannot be applied stops its partition (decision 0017).

mod change_collector;

use crate::bookkeeping::{Progress, Reached};
use application::{EventPlace, ProjectError, View, check_keys, history, offsets};
use change_collector::ChangeCollector;
use decider::EventEnvelope;
use keyvalue::{Mutation, Overlay, Read, ReadError};
use query_service::EventChanges;
use std::any::Any;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};

/// A decoded event and where its record is.
#[derive(Debug, Clone)]
pub(crate) struct LocatedEvent<E> {
    pub(crate) partition: u32,
    pub(crate) offset: i64,
    pub(crate) event: EventEnvelope<E>,
}

/// Where an event is, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventCoordinates {
    partition: u32,
    offset: i64,
    sequence: u64,
    aggregate_id: String,
}

impl fmt::Display for EventCoordinates {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            partition,
            offset,
            sequence,
            aggregate_id,
        } = self;
        write!(
            formatter,
            "partition {partition} at offset {offset}, sequence {sequence}, of {aggregate_id}"
        )
    }
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
    #[error("the event of {event}, cannot be applied: {reason}")]
    Unappliable { event: EventCoordinates, reason: String },
    #[error("the view's code panicked at the event of {event}: {reason}")]
    Panicked { event: EventCoordinates, reason: String },
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
    #[error("what the view settles after some events cannot be applied: {reason}")]
    Unsettled { reason: String },
    #[error(transparent)]
    Unreadable(ReadError),
}

impl Stop {
    /// The partition that stands still; the others go on. `None` when all of the view does.
    pub(crate) fn partition(&self) -> Option<u32> {
        match self {
            Self::Gap { partition, .. } | Self::Undecodable { partition, .. } | Self::Misplaced { partition, .. } => Some(*partition),
            Self::Unappliable { event, .. } | Self::Panicked { event, .. } => Some(event.partition),
            Self::UnknownPartition { .. } | Self::Unsettled { .. } | Self::Unreadable(_) => None,
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
    /// The changes that followers receive for the applied events, in their order; `None` where none followed.
    pub(crate) changes: Option<Vec<EventChanges>>,
}

impl Step {
    /// The view stays as it is, for good.
    fn of_nothing(before: &Progress, failure: Stop) -> Self {
        Self {
            mutations: Vec::new(),
            progress: before.clone(),
            taken: 0,
            applied: 0,
            repeated: 0,
            stopped: Vec::new(),
            failure: Some(failure),
            changes: None,
        }
    }
}

/// Changes that a step holds before it leaves the rest of its run to the next: one event can change very much.
pub(crate) const STEP_MUTATIONS_MAX: usize = 65_536;

/// Applies events on top of what is stored, those of partitions in `stopped` left out, until `is_over` says that no more are wanted.
/// A partition that meets an event that cannot be applied joins `stopped`; the others go on. `view` is of no use any more unless all that
/// the step says is then stored.
pub(crate) fn step<V: View>(
    view: &mut V,
    below: &impl Read,
    before: &Progress,
    stopped: &mut BTreeSet<u32>,
    run: &[LocatedEvent<V::Event>],
    is_followed: bool,
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
        let collector = is_followed.then(ChangeCollector::default);
        match attempt(view, below, before, run, is_left_out, collector, &is_over) {
            Ok(mut step) => {
                stops.retain(|(index, _)| *index < step.taken);
                step.stopped = stops.into_iter().map(|(_, stop)| stop).collect();
                stopped.extend(step.stopped.iter().filter_map(Stop::partition));
                return step;
            }
            // What the view's value remembers may be half of the event: it begins again, without that event and what follows it there. There
            // are as many attempts as partitions, at most.
            Err(stop) => {
                *view = V::default();
                stops.push(stop);
            }
        }
    }
}

/// Fails at an event that only its own partition has to stop for, with its index in the run.
fn attempt<V: View>(
    view: &mut V,
    below: &impl Read,
    before: &Progress,
    run: &[LocatedEvent<V::Event>],
    is_left_out: impl Fn(usize, u32) -> bool,
    mut collector: Option<ChangeCollector>,
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
        let partition = located.partition;
        if !is_left_out(index, partition) {
            match place(&progress, located) {
                Ok(Place::Repeat(reached)) => {
                    repeated += 1;
                    progress.set(partition, reached);
                }
                Ok(Place::Next(reached)) => match mutations(view, &overlay, located) {
                    Ok(mutations) => {
                        mutated += mutations.len();
                        if let Some(collector) = &mut collector {
                            collector.add::<V>(located, &mutations, &overlay);
                        }
                        overlay.apply(mutations);
                        overlay.apply(places(located));
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
    match settled(view) {
        Ok(mutations) => overlay.apply(mutations),
        // Without it, nothing of the step may be stored.
        Err(reason) => return Ok(Step::of_nothing(before, Stop::Unsettled { reason })),
    }
    overlay.apply(vec![progress.mutation()]);
    Ok(Step {
        mutations: overlay.into_mutations(),
        progress,
        taken,
        applied,
        repeated,
        stopped: Vec::new(),
        failure,
        changes: collector.and_then(ChangeCollector::finish),
    })
}

/// Where the event is in the log: outside of what the view holds.
fn places<E>(LocatedEvent { partition, offset, event }: &LocatedEvent<E>) -> Vec<Mutation> {
    let place = EventPlace {
        partition: *partition,
        sequence: event.sequence,
        offset: *offset,
    };
    let of_aggregate = history::entry(&event.aggregate_id, place);
    let of_partition = offsets::entry(*partition, event.sequence, *offset);
    std::iter::once(of_aggregate).chain(of_partition).collect()
}

/// What an event changes. A panic of the view's code ends here: it would come again at every start.
fn mutations<V: View>(view: &mut V, read: &impl Read, located: &LocatedEvent<V::Event>) -> Result<Vec<Mutation>, Stop> {
    let LocatedEvent { partition, offset, event } = located;
    let coordinates = || EventCoordinates {
        partition: *partition,
        offset: *offset,
        sequence: event.sequence,
        aggregate_id: event.aggregate_id.clone(),
    };
    let unappliable = |reason| Stop::Unappliable {
        event: coordinates(),
        reason,
    };
    // Nothing of the view's value is used again after a panic.
    match panic::catch_unwind(AssertUnwindSafe(|| view.project(*partition, event, read))) {
        Ok(Ok(mutations)) => match check_keys(&mutations) {
            Ok(()) => Ok(mutations),
            Err(reason) => Err(unappliable(reason)),
        },
        Ok(Err(ProjectError::Read(error))) => Err(Stop::Unreadable(error)),
        Ok(Err(error @ ProjectError::Unfit { .. })) => Err(unappliable(error.to_string())),
        Err(panic) => Err(Stop::Panicked {
            event: coordinates(),
            reason: panic_text(&*panic),
        }),
    }
}

/// What the view changes after some events, or why it must not.
fn settled(view: &mut impl View) -> Result<Vec<Mutation>, String> {
    let mutations = panic::catch_unwind(AssertUnwindSafe(|| view.settle())).map_err(|panic| panic_text(&*panic))?;
    check_keys(&mutations).map(|()| mutations)
}

/// What a panic says.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".into())
}

/// Where an event stands compared with what the view has of its partition, and how far the partition has come with it.
enum Place {
    Next(Reached),
    Repeat(Reached),
}

fn place<E>(progress: &Progress, located: &LocatedEvent<E>) -> Result<Place, Stop> {
    let LocatedEvent { partition, offset, event } = located;
    let (partition, offset) = (*partition, *offset);
    let reached = progress.get(partition).ok_or_else(|| Stop::UnknownPartition {
        partition,
        offset,
        partitions: progress.iter().len(),
    })?;
    belongs(progress, located)?;
    let next_offset = (offset + 1).max(reached.next_offset);
    let expected = reached.sequence + 1;
    match event.sequence.cmp(&expected) {
        Ordering::Equal => Ok(Place::Next(Reached {
            sequence: expected,
            next_offset,
        })),
        Ordering::Less => Ok(Place::Repeat(Reached { next_offset, ..reached })),
        Ordering::Greater => Err(Stop::Gap {
            partition,
            offset,
            expected,
            found: event.sequence,
        }),
    }
}

/// Refuses an event of an aggregate that belongs in another partition: the log was decided under another number of partitions.
fn belongs<E>(progress: &Progress, LocatedEvent { partition, offset, event }: &LocatedEvent<E>) -> Result<(), Stop> {
    let partitions = u32::try_from(progress.iter().len()).unwrap_or(u32::MAX);
    let belongs_in = topology::partition_of(event.aggregate_id.as_bytes(), partitions);
    if belongs_in == *partition {
        return Ok(());
    }
    Err(Stop::Misplaced {
        partition: *partition,
        offset: *offset,
        aggregate_id: event.aggregate_id.clone(),
        belongs_in,
        partitions,
    })
}

#[cfg(test)]
mod tests;
