//! Which commands have an outcome in the log, from the outcomes in the order of the log.

use std::ops::RangeInclusive;

/// Commands that have their outcomes, without a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run<T> {
    pub(super) commands: RangeInclusive<i64>,
    /// The outcome of the first of them.
    pub(super) first: T,
    is_rewritten: bool,
}

/// Finds the runs.
///
/// Outcomes are written in the order of their commands, and a topic loses them from its beginning only. So each run of outcomes that goes on
/// is whole: a command between the first and the last one either has its outcome, or is none. One that was lost and written again begins a run of its
/// own.
#[derive(Debug)]
pub(super) struct Runs<T> {
    found: Vec<Run<T>>,
}

impl<T> Runs<T> {
    pub(super) fn new() -> Self {
        Self { found: Vec::new() }
    }

    pub(super) fn push(&mut self, command_offset: i64, is_rewritten: bool, first: impl FnOnce() -> T) {
        match self.found.last_mut() {
            Some(run) if run.is_rewritten == is_rewritten && *run.commands.end() < command_offset => {
                run.commands = *run.commands.start()..=command_offset;
            }
            _ => self.found.push(Run {
                commands: command_offset..=command_offset,
                first: first(),
                is_rewritten,
            }),
        }
    }

    pub(super) fn finish(self) -> Vec<Run<T>> {
        self.found
    }
}

#[cfg(test)]
mod tests;
