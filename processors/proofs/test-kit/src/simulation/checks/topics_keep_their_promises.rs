//! I1 to I7 and I13, as far as the topics themselves show them: the auditor judges them, as it judges those of a real broker.

use super::Topics;
use crate::simulation::scenario::Scenario;
use crate::simulation::{REMEMBERED_MS, Violation};
use auditor::{Auditor, Options, Partition, Seen, SourceError};
use decider::Limits;
use keyvalue::Memory;
use std::cell::RefCell;

/// Names the violation of the first invariant.
pub(crate) fn topics_keep_their_promises<S: Scenario>(topics: &Topics, limits: Limits) -> Result<(), Violation> {
    let verdict = audit::<S>(topics, limits).map_err(|error| Violation::new("audit", error.to_string()))?;
    let first = verdict.kept.iter().min_by_key(|violation| violation.invariant);
    match first {
        Some(violation) => Err(Violation::new(violation.invariant.name(), violation.what.clone())),
        None if verdict.holds() => Ok(()),
        None => Err(Violation::new(
            "audit",
            format!("{} violations, and none is kept", verdict.violations),
        )),
    }
}

pub(super) fn audit<S: Scenario>(topics: &Topics, limits: Limits) -> Result<auditor::Verdict, auditor::AuditError> {
    let options = Options {
        partitions: limits.partitions,
        drained: topics.drained,
        // No run lasts as long as commands are retained: then no id may be forgotten, whatever the broker's clock does.
        remembered_ms: if limits.remembered_ms < REMEMBERED_MS {
            limits.remembered_ms
        } else {
            i64::MAX
        },
    };
    // A state that cannot be loaded stops a partition of the domain `faulty` where it was not in memory any more. Here it always is.
    let limits = Limits {
        cache_bytes_max: usize::MAX,
        ..limits
    };
    let no_registry = Box::new(|_| Ok(Err("no registry has it".to_owned())));
    let store = RefCell::new(Memory::default());
    let mut auditor = Auditor::<S::Domain, _, _>::new(S::codec(), no_registry, store, limits, options).of_this_build();
    for letter in &topics.letters {
        auditor.dead_letter(letter.clone())?;
    }
    for commit in &topics.commits {
        auditor.commit(commit);
    }
    for (number, partition) in &topics.partitions {
        let committed = topics.committed(*number);
        let partition = Partition {
            number: *number,
            begins_at: 0,
            committed: Some(committed),
            committed_after: &mut || Ok(Some(committed)),
            commands: records(&partition.commands),
            events: records(&partition.events),
            outcomes: records(&partition.outcomes),
        };
        auditor.partition(partition, &mut |_| {})?;
    }
    auditor.finish()
}

fn records(seen: &[Seen]) -> impl Iterator<Item = Result<Seen, SourceError>> {
    seen.iter().cloned().map(Ok)
}
