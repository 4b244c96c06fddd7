//! The walk: partition by partition, every check on every step.

use crate::checks::{self, CheckContext, ClaimsChangeOwners, Commit, Dense, Offsets, OutcomesGoOn, Owners, Redeciding};
use crate::decoding::Decoding;
use crate::finding::Findings;
use crate::ledger::{Ledger, LedgerError};
use crate::merging::{Merge, StrayRecord};
use crate::rewritten;
use crate::{Counts, Invariant, Loss, Schemas, Seen, Shown, SourceError, Violation};
use decider::{Codec, Domain, Limits};
use keyvalue::{Read, Write};
use std::collections::BTreeMap;

/// What an audit goes by.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Of commands, events and outcomes.
    pub partitions: u32,
    /// Every command should have been answered: one that is not is lost.
    pub drained: bool,
    /// For how long a command id is remembered at least.
    pub remembered_ms: i64,
}

/// Nothing can be said about the log, or not enough.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// One partition of the topics, each in offset order.
pub struct Partition<'p, A, B, C> {
    pub number: u32,
    /// The first offset that the commands topic still has.
    pub begins_at: i64,
    /// The group's offset before anything was read; without it, what the last outcome answers counts as committed.
    pub committed: Option<i64>,
    /// The group's offset, asked for when everything was read.
    pub committed_after: &'p mut dyn FnMut() -> Result<Option<i64>, SourceError>,
    pub commands: A,
    pub events: B,
    pub outcomes: C,
}

/// Audits a log. First all dead letters, the outcomes that were written again and the history of offsets, then the partitions, then [`Self::finish`].
pub struct Auditor<'s, D: Domain, C, S> {
    decoding: Decoding<'s, C>,
    context: CheckContext<S>,
    redeciding: Redeciding<D>,
    offsets: Offsets,
    claims: ClaimsChangeOwners,
}

/// Between two reports of progress.
const PROGRESS_EVERY: u64 = 1000;

impl<'s, D, C, S> Auditor<'s, D, C, S>
where
    D: Domain,
    C: Codec<D>,
    S: Read + Write,
{
    /// `store` is empty, and of no use afterwards.
    pub fn new(codec: C, schemas: Schemas<'s>, store: S, limits: Limits, options: Options) -> Self {
        Self {
            decoding: Decoding::new(codec, schemas),
            context: CheckContext {
                ledger: Ledger::new(store),
                findings: Findings::default(),
                counts: Counts::default(),
                options,
                partition: 0,
                first_command: 0,
                commands_topic: None,
                has_former: false,
                losses: Vec::new(),
                is_carried: false,
                is_same_build: false,
                decided: false,
            },
            redeciding: Redeciding::new(limits),
            offsets: Offsets::default(),
            claims: ClaimsChangeOwners::default(),
        }
    }

    /// Records that name another commands topic than this one are of one that was deleted since.
    #[must_use]
    pub fn of_commands_topic(mut self, topic_id: String) -> Self {
        self.context.commands_topic = Some(topic_id);
        self
    }

    /// The log was decided by this build alone. Of another build's, sentences and facts of rejections may differ.
    #[must_use]
    pub fn of_this_build(mut self) -> Self {
        self.context.is_same_build = true;
        self
    }

    /// A record of the dead letters. Its headers say which record of the commands it is of.
    pub fn dead_letter(&mut self, seen: Seen) -> Result<(), AuditError> {
        let record = match seen {
            Seen::Committed(record) => record,
            Seen::Aborted(_) => {
                self.context.counts.aborted += 1;
                return Ok(());
            }
        };
        if let Some(loss) = Loss::of(&record) {
            // A recovery that was broken off is begun again.
            if !self.context.losses.iter().any(|known| known.is_same(&loss)) {
                self.context.counts.lost += loss.offsets().unwrap_or(0);
                self.context.losses.push(loss);
            }
            return Ok(());
        }
        self.context.counts.dead_letters += 1;
        // The offsets of a topic that was deleted mean other records now.
        let topic = record.commands_topic();
        if topic.is_some_and(|topic| self.context.commands_topic.as_deref().is_some_and(|present| present != topic)) {
            return Ok(());
        }
        let number = |name: &str| record.text(name).and_then(|text| text.parse::<i64>().ok());
        match (number("partition").and_then(|number| u32::try_from(number).ok()), number("offset")) {
            (Some(partition), Some(offset)) => Ok(checks::note_letter(&mut self.context, &record, partition, offset)?),
            _ => {
                let what = format!("the dead letter at {} does not say where it was found", record.place);
                let records = vec![Shown::raw(&record)];
                self.context.violated(Invariant::I13, Some(record.place), what, records);
                Ok(())
            }
        }
    }

    /// An outcome, before the partitions are walked: those that were lost and written again are noted, and no others.
    pub fn rewritten(&mut self, seen: &Seen) -> Result<(), AuditError> {
        match seen {
            Seen::Committed(record) if record.is_rewritten() => Ok(rewritten::note(&mut self.context, record)?),
            Seen::Committed(_) | Seen::Aborted(_) => Ok(()),
        }
    }

    /// The next entry of the group's history of offsets.
    pub fn commit(&mut self, commit: &Commit) {
        self.offsets.push(&mut self.context, commit);
        self.claims.push(&mut self.context, commit);
    }

    /// Walks one partition to the end of its records. `progress` is called now and then.
    pub fn partition<A, E, O>(&mut self, partition: Partition<'_, A, E, O>, progress: &mut dyn FnMut(&Counts)) -> Result<(), AuditError>
    where
        A: Iterator<Item = Result<Seen, SourceError>>,
        E: Iterator<Item = Result<Seen, SourceError>>,
        O: Iterator<Item = Result<Seen, SourceError>>,
    {
        let (mut dense, mut owners, mut going_on) = (Dense::default(), Owners::default(), OutcomesGoOn::default());
        self.context.partition = partition.number;
        self.context.has_former = false;
        checks::no_command_is_gone(&mut self.context, partition.begins_at, partition.committed);
        let topic_id = self.context.commands_topic.clone();
        let mut merge = Merge::new(topic_id.as_deref(), partition.commands, partition.events, partition.outcomes);
        let mut asides = Vec::new();
        merge.fill::<D, C>(&mut self.decoding, &mut |aside| asides.push(aside))?;
        self.context.first_command = merge.next_command().unwrap_or(i64::MAX);
        self.context.is_carried = merge.next_offset().is_some_and(|offset| offset < 0);
        self.redeciding.begin(partition.number);
        let mut steps = 0_u64;
        loop {
            let next = merge.next::<D, C>(&mut self.decoding, &mut |aside| asides.push(aside))?;
            self.asides(&mut asides)?;
            let Some(mut step) = next else { break };
            self.context.has_former |= step.former;
            rewritten::place(&mut self.context, &mut self.decoding, &mut step)?;
            self.context.decided = match partition.committed {
                _ if step.former => true,
                Some(committed) => step.command_offset < committed,
                None => self.context.options.drained || !step.outcomes.is_empty() || merge.has_outcomes(),
            };
            let context = &mut self.context;
            if !step.former {
                step.letter = checks::letter_of(context, step.command_offset)?;
            }
            checks::commands_are_answered(context, &step)?;
            checks::nothing_aborted_is_answered(context, &step)?;
            checks::commands_are_answered_once(context, &mut step)?;
            dense.push(context, &step)?;
            checks::transactions_are_whole(context, &step);
            going_on.push(context, &step);
            checks::dead_letters_are_single(context, &step);
            owners.push(context, &step)?;
            if self.context.decided {
                self.redeciding.push(&mut self.context, &mut self.decoding, step)?;
            }
            steps += 1;
            if steps.is_multiple_of(PROGRESS_EVERY) {
                progress(&self.context.counts);
            }
        }
        self.redeciding.finish(&mut self.context, &mut self.decoding)?;
        let after = (partition.committed_after)()?;
        going_on.finish(&mut self.context, partition.committed, after);
        progress(&self.context.counts);
        Ok(())
    }

    fn asides(&mut self, asides: &mut Vec<StrayRecord<D::Event>>) -> Result<(), AuditError> {
        let context = &mut self.context;
        for aside in asides.drain(..) {
            match aside {
                StrayRecord::AbortedCommand => context.counts.aborted += 1,
                StrayRecord::AbortedEvent(found) => {
                    context.counts.aborted += 1;
                    checks::note_aborted_event(context, &found)?;
                }
                StrayRecord::AbortedOutcome(found) => {
                    context.counts.aborted += 1;
                    checks::note_aborted_outcome(context, &found)?;
                }
                StrayRecord::Unreadable(record, reason) => context.unreadable(&record, &reason),
            }
        }
        Ok(())
    }

    /// After all partitions.
    pub fn finish(mut self) -> Result<Verdict, AuditError> {
        checks::forwarded_commands_arrive(&mut self.context)?;
        Ok(Verdict {
            counts: self.context.counts,
            losses: self.context.losses,
            violations: self.context.findings.total(),
            by_invariant: self.context.findings.by_invariant(),
            kept: self.context.findings.kept,
        })
    }

    pub fn counts(&self) -> &Counts {
        &self.context.counts
    }

    /// A partition of a processor's state was compared with the log.
    pub fn compared_state(&mut self) {
        self.context.counts.states += 1;
    }

    /// A replica of a view was compared with the log.
    pub fn compared_view(&mut self) {
        self.context.counts.views += 1;
    }

    /// Something else was found: it is counted with the rest.
    pub fn add(&mut self, violation: Violation) {
        self.context.findings.add(violation);
    }
}

/// What an audit comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub counts: Counts,
    /// Commands that are lost, by what `aerolog recover` has put on record.
    pub losses: Vec<Loss>,
    /// How many violations there are, and how many of each invariant.
    pub violations: u64,
    pub by_invariant: BTreeMap<Invariant, u64>,
    /// The first violations of each invariant and partition.
    pub kept: Vec<Violation>,
}

impl Verdict {
    pub fn holds(&self) -> bool {
        self.violations == 0
    }
}
