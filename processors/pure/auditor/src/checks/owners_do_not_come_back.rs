//! I14: once a new owner of a partition has written, nothing of the former one is committed any more.
//!
//! Two traces show who owned a partition. Outcomes carry the header `owner`, which names a session: one take-over by one process.
//! Committed offsets are signed with a transactional id, and a new owner signs the offset that it found before it moves it on.

use super::{CheckContext, Commit};
use crate::ledger::{LedgerError, Prefix, key};
use crate::merging::Step;
use crate::{Invariant, RECOVERY_OWNER, Shown};
use keyvalue::{Read, Write};
use std::collections::BTreeMap;

/// The header of outcomes that names the session of the owner that wrote them.
pub(crate) const OWNER: &str = "owner";

/// The session that wrote last in one partition. Starts from zero for each.
#[derive(Debug, Default)]
pub(crate) struct Owners {
    current: Option<String>,
}

impl Owners {
    pub(crate) fn push<S: Read + Write, E>(&mut self, context: &mut CheckContext<S>, step: &Step<E>) -> Result<(), LedgerError> {
        // One that was lost and written again is not where its session is.
        for found in step.outcomes.iter().filter(|found| !found.record.is_rewritten()) {
            let Some(owner) = found.record.text(OWNER) else {
                continue;
            };
            if self.current.as_deref() == Some(owner) {
                continue;
            }
            let session = key(Prefix::Session, context.partition, owner.as_bytes());
            if let Some(current) = &self.current {
                let left = key(Prefix::Session, context.partition, current.as_bytes());
                context.ledger.put_number(left, found.record.place.offset)?;
            }
            match context.ledger.number(&session)? {
                None => context.counts.sessions += 1,
                Some(succeeded_at) => {
                    let what = format!(
                        "{owner} has written {}, though its successor has written since outcomes {}/{succeeded_at}",
                        found.record.place, context.partition
                    );
                    let records = vec![Shown::of(&found.record, &found.value)];
                    context.violated(Invariant::I14, Some(found.record.place), what, records);
                }
            }
            self.current = Some(owner.to_owned());
        }
        Ok(())
    }
}

/// Who signed the last committed offset of each partition.
#[derive(Debug, Default)]
pub(crate) struct ClaimsChangeOwners {
    last: BTreeMap<u32, (i64, String)>,
}

impl ClaimsChangeOwners {
    pub(crate) fn push<S>(&mut self, context: &mut CheckContext<S>, commit: &Commit) {
        context.partition = commit.partition;
        context.counts.commits += 1;
        // A recovery and a tool may move the offset; the next owner claims it where they have left it, or where outcomes tell.
        let Some(offset) = commit.offset.filter(|_| !commit.owner.is_empty() && commit.owner != RECOVERY_OWNER) else {
            self.last.remove(&commit.partition);
            return;
        };
        let before = self.last.insert(commit.partition, (offset, commit.owner.clone()));
        if let Some((last, owner)) = before
            && owner != commit.owner
            && offset != last
        {
            let what = format!(
                "{:?} moved the committed offset from {last} to {offset} at {}, though {owner:?} owned the partition",
                commit.owner,
                commit.place()
            );
            context.violated(Invariant::I14, Some(commit.place()), what, Vec::new());
        }
    }
}
