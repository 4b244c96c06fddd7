//! Which commands have an outcome in the log, from the outcomes in the order of the log.

use std::ops::RangeInclusive;

/// Ranges of commands that have their outcomes.
///
/// Outcomes are written in the order of their commands, and a topic loses them from its beginning only. So each run of outcomes that goes on
/// is whole: a command between the first and the last one either has its outcome, or is none. One that was lost and written again begins a run of its
/// own.
#[derive(Debug, Default)]
pub(super) struct Runs {
    over: Vec<RangeInclusive<i64>>,
    current: Option<(RangeInclusive<i64>, bool)>,
}

impl Runs {
    pub(super) fn push(&mut self, command_offset: i64, is_rewritten: bool) {
        let begin = match self.current.take() {
            Some((run, was_rewritten)) if was_rewritten == is_rewritten && *run.end() < command_offset => *run.start(),
            other => {
                self.over.extend(other.map(|(run, _)| run));
                command_offset
            }
        };
        self.current = Some((begin..=command_offset, is_rewritten));
    }

    pub(super) fn finish(mut self) -> Vec<RangeInclusive<i64>> {
        self.over.extend(self.current.map(|(run, _)| run));
        self.over
    }
}

#[cfg(test)]
mod tests;
