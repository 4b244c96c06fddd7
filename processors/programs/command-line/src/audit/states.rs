//! I8: the state of a processor that has stopped, compared with one that is built here from the log, as far as the state has come.

use super::{Arguments, Audit};
use crate::{Connection, Reading};
use anyhow::{Context, anyhow};
use application::Application;
use auditor::{Invariant, Violation};
use decider::{Cursor, Machine, Outcome, Replay, keys};
use keyvalue::{Order, Read, content_hash};
use std::ops::ControlFlow;
use std::path::Path;
use store::{ReadOnly, Sizing, Store};
use topology::Topology;

/// Records that are folded, and written, at a time.
const RECORDS_MAX: usize = 2000;

pub(super) fn compare<A: Application>(
    connection: &Connection<A>,
    arguments: &Arguments,
    topology: &Topology,
    scratch: &Path,
    audit: &mut Audit<'_, A>,
) -> anyhow::Result<()> {
    for (number, directory) in arguments.state.iter().enumerate() {
        let state = ReadOnly::open(directory, Sizing::default()).context("is it the state directory of a command processor?")?;
        let rebuilt = Store::open(&scratch.join(format!("state-{number}")), Sizing::default())?;
        let mut states = States::<A> {
            directory,
            state,
            rebuilt,
            machine: Machine::new(super::limits(topology)),
            reading: Reading::new(connection, topology)?,
        };
        for partition in 0..topology.partitions {
            if let Some(cursor) = Cursor::load(&states.state, partition)? {
                let whole = states.rebuild(partition, cursor)?;
                audit.compared_state();
                if let Some(violation) = states.difference(partition, whole)? {
                    audit.add(violation);
                }
            }
        }
    }
    Ok(())
}

struct States<'d, A: Application> {
    directory: &'d Path,
    state: ReadOnly,
    rebuilt: Store,
    machine: Machine<A>,
    reading: Reading<A>,
}

impl<A: Application> States<'_, A> {
    /// Folds the log up to the cursor, from nothing. `false` when old outcomes are gone, so that not all that the state remembers can be
    /// known.
    fn rebuild(&mut self, partition: u32, cursor: Cursor) -> anyhow::Result<bool> {
        self.machine.open(partition, Cursor::default());
        self.reading.begin_events(partition, 0)?;
        let (mut events, mut reached) = (Vec::new(), 0);
        while reached < cursor.sequence {
            let (offset, event) = self.reading.next_event()?.ok_or_else(|| {
                anyhow!(
                    "partition {partition} of the events ends at sequence {reached}, before {}, which {} has",
                    cursor.sequence,
                    self.directory.display()
                )
            })?;
            reached = event.sequence;
            events.push(Replay {
                offset,
                timestamp_ms: event.decided_at_ms,
                value: event,
            });
            if events.len() >= RECORDS_MAX || reached >= cursor.sequence {
                let mutations = self.machine.replay_events(&self.rebuilt, partition, &std::mem::take(&mut events))?;
                self.rebuilt.apply(&mutations)?;
            }
        }
        let low = self.reading.begin_outcomes(partition)?;
        let mut outcomes = Vec::new();
        let mut are_former = false;
        while let Some(found) = self.reading.next_outcome()?
            && found.offset < cursor.next_outcome_offset
        {
            if outcomes.len() >= RECORDS_MAX || found.former != are_former {
                self.fold_outcomes(partition, &std::mem::take(&mut outcomes), are_former)?;
            }
            are_former = found.former;
            outcomes.push(Replay {
                offset: found.offset,
                timestamp_ms: found.timestamp_ms,
                value: found.outcome,
            });
        }
        self.fold_outcomes(partition, &outcomes, are_former)?;
        let mutations = self.machine.resume_at(partition, cursor.next_command_offset)?;
        self.rebuilt.apply(&mutations)?;
        self.machine.close(partition);
        Ok(low == 0)
    }

    fn fold_outcomes(&mut self, partition: u32, outcomes: &[Replay<Outcome>], are_former: bool) -> anyhow::Result<()> {
        let mutations = if are_former {
            self.machine.replay_former_outcomes(partition, outcomes)?
        } else {
            self.machine.replay_outcomes(partition, outcomes)?
        };
        Ok(self.rebuilt.apply(&mutations)?)
    }

    fn difference(&self, partition: u32, whole: bool) -> anyhow::Result<Option<Violation>> {
        let [cursor, aggregates, remembered] = keys::partition_ranges(partition);
        let mut ranges = vec![("cursor", cursor), ("aggregates", aggregates)];
        if whole {
            ranges.push(("remembered commands", remembered));
        }
        for (name, (from, to)) in ranges {
            let (theirs, ours) = (content_hash(&self.state, &from, &to)?, content_hash(&self.rebuilt, &from, &to)?);
            if theirs != ours {
                let key = first_difference(&self.state, &self.rebuilt, &from, &to)?;
                return Ok(Some(Violation {
                    invariant: Invariant::I8,
                    partition: Some(partition),
                    place: None,
                    what: format!(
                        "{} has {name} of partition {partition} with content hash {theirs:032x}, where the log makes {ours:032x}; the first \
                         difference is at key {}",
                        self.directory.display(),
                        key.escape_ascii()
                    ),
                    records: Vec::new(),
                }));
            }
        }
        Ok(None)
    }
}

/// The least key that one side lacks or has with another value.
fn first_difference(state: &impl Read, rebuilt: &impl Read, from: &[u8], to: &[u8]) -> anyhow::Result<Vec<u8>> {
    let one_way = first_not_in(state, rebuilt, from, to)?;
    let other_way = first_not_in(rebuilt, state, from, to)?;
    Ok(one_way.into_iter().chain(other_way).min().unwrap_or_default())
}

/// The least key of `here` that `there` lacks or has with another value.
fn first_not_in(here: &impl Read, there: &impl Read, from: &[u8], to: &[u8]) -> Result<Option<Vec<u8>>, keyvalue::ReadError> {
    let mut found = Ok(None);
    here.scan(from, to, Order::Ascending, &mut |key, value| {
        match there.get(key, |other| other == value) {
            Ok(Some(true)) => return ControlFlow::Continue(()),
            Ok(_) => found = Ok(Some(key.to_vec())),
            Err(error) => found = Err(error),
        }
        ControlFlow::Break(())
    })?;
    found
}
