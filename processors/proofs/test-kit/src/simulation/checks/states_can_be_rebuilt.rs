//! I8: the state of a processor is what the log makes it.

use super::History;
use crate::simulation::Violation;
use crate::simulation::scenario::Scenario;
use decider::{Cursor, Limits, Machine, Replay, ReplayError, keys};
use keyvalue::{Memory, Order, Read};
use std::ops::ControlFlow;

/// Keys and values in order.
type Content = Vec<(Vec<u8>, Vec<u8>)>;

/// What some processor has stored of a partition.
pub(crate) struct StateAtCursor {
    pub(crate) processor: String,
    pub(crate) partition: u32,
    pub(crate) content: Content,
    pub(crate) cursor: Cursor,
}

impl StateAtCursor {
    /// `None` where nothing of the partition is stored.
    pub(crate) fn of(processor: &str, partition: u32, read: &impl Read) -> Result<Option<Self>, Violation> {
        let broken = |error: keyvalue::ReadError| Violation::new("I8", error.to_string());
        let Some(cursor) = Cursor::load(read, partition).map_err(broken)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            processor: processor.to_owned(),
            partition,
            content: content(partition, read)?,
            cursor,
        }))
    }
}

/// Each state equals the one that is built from an empty directory, up to the state's own cursor.
pub(crate) fn states_can_be_rebuilt<S: Scenario>(history: &History<S>, limits: Limits, states: &[StateAtCursor]) -> Result<(), Violation> {
    for state in states {
        let Some(rebuilt) = rebuild(history, limits, state)? else {
            continue;
        };
        if rebuilt != state.content {
            let (ours, theirs) = (state.content.iter().collect::<Vec<_>>(), rebuilt.iter().collect::<Vec<_>>());
            let differing = ours.iter().zip(&theirs).find(|(ours, theirs)| ours != theirs);
            return Err(Violation::new(
                "I8",
                format!(
                    "{} has {} entries of partition {} where the log makes {}; first difference: {differing:?}",
                    state.processor,
                    ours.len(),
                    state.partition,
                    theirs.len()
                ),
            ));
        }
    }
    Ok(())
}

/// `None` where the domain fails at the log.
fn rebuild<S: Scenario>(history: &History<S>, limits: Limits, state: &StateAtCursor) -> Result<Option<Content>, Violation> {
    let (partition, cursor) = (state.partition, state.cursor);
    let broken = |error: ReplayError| Violation::new("I8", error.to_string());
    let (mut machine, mut memory) = (Machine::<S::Domain>::new(limits), Memory::default());
    machine.open(partition, Cursor::default());
    if let Some(records) = history.partitions.get(&partition) {
        let events = records.events.iter().filter(|event| event.value.sequence <= cursor.sequence);
        let events: Vec<_> = events
            .map(|read| replayed(read.offset, read.timestamp_ms, read.value.clone()))
            .collect();
        match machine.replay_events(&memory, partition, &events) {
            Err(ReplayError::Domain(_)) => return Ok(None),
            folded => memory.apply(&folded.map_err(broken)?),
        }
        let outcomes = records
            .outcomes
            .iter()
            .filter(|outcome| outcome.offset < cursor.next_outcome_offset);
        let outcomes: Vec<_> = outcomes
            .map(|read| replayed(read.offset, read.timestamp_ms, read.value.clone()))
            .collect();
        memory.apply(&machine.replay_outcomes(partition, &outcomes).map_err(broken)?);
    }
    memory.apply(&machine.resume_at(partition, cursor.next_command_offset).map_err(broken)?);
    content(partition, &memory).map(Some)
}

fn replayed<T>(offset: i64, timestamp_ms: i64, value: T) -> Replay<T> {
    Replay {
        offset,
        timestamp_ms,
        value,
    }
}

fn content(partition: u32, read: &impl Read) -> Result<Content, Violation> {
    let mut content = Vec::new();
    for (from, to) in keys::partition_ranges(partition) {
        read.scan(&from, &to, Order::Ascending, &mut |key, value| {
            content.push((key.to_vec(), value.to_vec()));
            ControlFlow::Continue(())
        })
        .map_err(|error| Violation::new("I8", error.to_string()))?;
    }
    Ok(content)
}
