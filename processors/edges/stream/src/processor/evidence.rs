//! The evidence in state and outcomes of the last decided command of each partition, and of the commands topic that it was in.

use super::records::Record;
use crate::decided::Decided;
use decider::{Cursor, Outcome, Replay, keys};
use keyvalue::{Mutation, Read, ReadError};
use std::collections::BTreeMap;

/// The last decided command of each partition, as far as is known.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// Id of the commands topic as it is now.
    pub(super) topic_id: String,
    last: BTreeMap<u32, Decided>,
    /// The last of a topic that had the name before.
    former: BTreeMap<u32, Decided>,
    /// The last command of the present topic that an event names.
    of_events: BTreeMap<u32, Decided>,
}

impl Evidence {
    pub(super) fn of_topic(topic_id: String) -> Self {
        Self {
            topic_id,
            ..Self::default()
        }
    }

    /// Begins with what the state knows; the cursor to begin with. A position in a former topic says nothing of this one: then the outcomes are
    /// folded again, which say how far this one was decided.
    pub(super) fn open(&mut self, read: &impl Read, partition: u32, cursor: Cursor) -> Result<Cursor, ReadError> {
        self.last.remove(&partition);
        self.former.remove(&partition);
        self.of_events.remove(&partition);
        let Some(stored) = read.get(&keys::decided(partition), Decided::from_bytes)?.flatten() else {
            return Ok(cursor);
        };
        if stored.topic_id == self.topic_id {
            self.last.insert(partition, stored);
            return Ok(cursor);
        }
        self.former.insert(partition, stored);
        Ok(Cursor {
            next_command_offset: 0,
            next_outcome_offset: 0,
            ..cursor
        })
    }

    /// Notes what records of the log say of their commands, and which of them are of a former topic.
    pub(super) fn note(&mut self, partition: u32, records: &[Record]) -> Vec<bool> {
        let former = self.are_former(records);
        let decided = |index: usize| Decided::from_bytes(records[index].command.as_deref()?);
        if let Some(found) = former.iter().rposition(|is_former| *is_former).and_then(decided) {
            self.former.insert(partition, found);
        }
        // One that was lost and written again is of an earlier command than the last one.
        let is_last = |(index, is_former): &(usize, &bool)| !**is_former && !records[*index].is_rewritten;
        let last = former.iter().enumerate().rev().find(is_last);
        if let Some(found) = last.and_then(|(index, _)| decided(index))
            && self.last.get(&partition).is_none_or(|last| last.offset <= found.offset)
        {
            self.last.insert(partition, found);
        }
        former
    }

    /// The same of events.
    pub(super) fn note_events(&mut self, partition: u32, records: &[Record]) -> Vec<bool> {
        let former = self.are_former(records);
        let last = former.iter().rposition(|is_former| !is_former);
        if let Some(found) = last.and_then(|index| Decided::from_bytes(records[index].command.as_deref()?)) {
            self.of_events.insert(partition, found);
        }
        former
    }

    fn are_former(&self, records: &[Record]) -> Vec<bool> {
        let is_former = |record: &Record| {
            let named = record
                .command
                .as_deref()
                .and_then(|command| command.strip_prefix(self.topic_id.as_bytes()));
            record.command.is_some() && named.is_none_or(|rest| !rest.starts_with(b"/"))
        };
        records.iter().map(is_former).collect()
    }

    /// The command of the last event, where that is of the present topic.
    pub(super) fn of_events(&self, partition: u32) -> Option<&Decided> {
        self.of_events.get(&partition)
    }

    /// The last decided command of the present topic.
    pub(super) fn last(&self, partition: u32) -> Option<&Decided> {
        self.last.get(&partition)
    }

    pub(super) fn former(&self, partition: u32) -> Option<&Decided> {
        self.former.get(&partition)
    }

    pub(super) fn decided(&mut self, partition: u32, last: Decided) {
        self.last.insert(partition, last);
    }

    /// What the state is to remember with a cursor of this position.
    pub(super) fn mutation(&self, partition: u32, next: i64) -> Option<Mutation> {
        let last = self.last.get(&partition).filter(|last| last.next() == next)?;
        Some(Mutation::Put {
            key: keys::decided(partition),
            value: last.to_string().into_bytes(),
        })
    }
}

/// Outcomes in runs, in the order of the log: of a former topic, or of the present one.
pub(super) fn runs(outcomes: Vec<Replay<Outcome>>, are_former: &[bool]) -> Vec<(bool, Vec<Replay<Outcome>>)> {
    let mut runs: Vec<(bool, Vec<Replay<Outcome>>)> = Vec::new();
    for (outcome, is_former) in outcomes.into_iter().zip(are_former) {
        match runs.last_mut() {
            Some((is_of, run)) if is_of == is_former => run.push(outcome),
            _ => runs.push((*is_former, vec![outcome])),
        }
    }
    runs
}

/// In place of an offset in a former topic, where only the order counts: all of it comes before what the present one holds.
pub(super) const BEFORE_ALL: i64 = -1;

#[cfg(test)]
mod tests;
