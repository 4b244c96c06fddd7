//! I6: the committed offset never goes back, and fits the outcomes.

use super::CheckContext;
use crate::merging::Step;
use crate::{Invariant, Place, RECOVERY_OWNER, Topic};
use std::collections::BTreeMap;

/// One entry of the group's history of offsets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Of the commands topic.
    pub partition: u32,
    /// `None` where the group's offset was deleted.
    pub offset: Option<i64>,
    /// The transactional id that the offset is signed with; empty where a tool has set it.
    pub owner: String,
    /// Id of the commands topic that the offset is signed for.
    pub topic_id: Option<String>,
    /// Partition and offset of the entry itself.
    pub at: (u32, i64),
}

impl Commit {
    pub(crate) fn place(&self) -> Place {
        Place {
            topic: Topic::Offsets,
            partition: self.at.0,
            offset: self.at.1,
        }
    }
}

/// The last committed offset of each partition.
#[derive(Debug, Default)]
pub(crate) struct Offsets {
    last: BTreeMap<u32, (i64, Option<String>)>,
}

impl Offsets {
    pub(crate) fn push<S>(&mut self, context: &mut CheckContext<S>, commit: &Commit) {
        context.partition = commit.partition;
        // No processor goes by it: one that has expired or was set by a tool is replaced by what the outcomes tell.
        let Some(offset) = commit.offset.filter(|_| !commit.owner.is_empty()) else {
            context.counts.unsigned_commits += 1;
            if commit.offset.is_none() {
                self.last.remove(&commit.partition);
            }
            return;
        };
        let before = self.last.insert(commit.partition, (offset, commit.topic_id.clone()));
        let Some((last, topic_id)) = before else { return };
        let is_of_same_topic = topic_id.is_none() || commit.topic_id.is_none() || topic_id == commit.topic_id;
        if offset < last && is_of_same_topic && commit.owner != RECOVERY_OWNER {
            let what = format!(
                "the committed offset goes back from {last} to {offset} at {}, signed by {:?}",
                commit.place(),
                commit.owner
            );
            context.violated(Invariant::I6, Some(commit.place()), what, Vec::new());
        }
    }
}

/// The outcomes of one partition answer commands in the order of their offsets.
#[derive(Debug, Default)]
pub(crate) struct OutcomesGoOn {
    /// The last command offset that an event or outcome names, with where it lies.
    last: Option<(i64, Place)>,
    /// The greatest of them.
    greatest: Option<(i64, Place)>,
    /// The last one is of a commands topic that was deleted.
    is_former: bool,
}

impl OutcomesGoOn {
    pub(crate) fn push<S, E>(&mut self, context: &mut CheckContext<S>, step: &Step<E>) {
        let answers = step.outcomes.iter().map(|found| found.record.place);
        let Some(place) = answers.chain(step.events.iter().map(|found| found.record.place)).next() else {
            return;
        };
        let offset = step.command_offset;
        if step.former != self.is_former {
            (self.last, self.is_former) = (None, step.former);
        }
        if let Some((last, before)) = self.last
            && offset < last
            && !step.former
        {
            let what = format!("{place} answers the command at offset {offset} after {before} has answered the one at {last}");
            context.violated(Invariant::I6, Some(place), what, Vec::new());
        }
        self.last = Some((offset, place));
        if !step.former && self.greatest.is_none_or(|(greatest, _)| offset > greatest) {
            self.greatest = Some((offset, place));
        }
    }

    /// `committed` is the group's offset after everything was read.
    pub(crate) fn finish<S>(&self, context: &mut CheckContext<S>, before: Option<i64>, committed: Option<i64>) {
        if let (Some(before), Some(after)) = (before, committed)
            && after < before
        {
            let what = format!("the committed offset went back from {before} to {after} while the topics were read");
            context.violated(Invariant::I6, None, what, Vec::new());
        }
        if let (Some((answered, place)), Some(committed)) = (self.greatest, committed)
            && answered >= committed
        {
            let what = format!("{place} answers the command at offset {answered}, but the committed offset is {committed}");
            context.violated(Invariant::I6, Some(place), what, Vec::new());
        }
    }
}
