//! The invariants of a log, one file for each. Each is pushed the steps of a partition, and finished at its end.

mod commands_are_answered;
mod commands_are_answered_once;
mod dead_letters_are_single;
mod decisions_can_be_repeated;
mod nothing_aborted_is_used;
mod numbers_are_dense;
mod offsets_go_on;
mod owners_do_not_come_back;
mod transactions_are_whole;

pub(crate) use commands_are_answered::{commands_are_answered, forwarded_commands_arrive, no_command_is_gone};
pub(crate) use commands_are_answered_once::commands_are_answered_once;
pub(crate) use dead_letters_are_single::{dead_letters_are_single, letter_of, note_letter};
pub(crate) use decisions_can_be_repeated::Redeciding;
pub(crate) use nothing_aborted_is_used::{note_aborted_event, note_aborted_outcome, nothing_aborted_is_answered};
pub(crate) use numbers_are_dense::Dense;
pub use offsets_go_on::Commit;
pub(crate) use offsets_go_on::{Offsets, OutcomesGoOn};
pub(crate) use owners_do_not_come_back::{ClaimsChangeOwners, Owners};
pub(crate) use transactions_are_whole::transactions_are_whole;

use crate::finding::Findings;
use crate::ledger::Ledger;
use crate::{Counts, Invariant, Loss, Options, Place, Record, Shown, Violation};

/// What every check works with.
pub(crate) struct CheckContext<S> {
    pub(crate) ledger: Ledger<S>,
    pub(crate) findings: Findings,
    pub(crate) counts: Counts,
    pub(crate) options: Options,
    pub(crate) partition: u32,
    /// Offset of the first command that is in the log; `i64::MAX` where there is none.
    pub(crate) first_command: i64,
    /// Id of the commands topic, where it is known.
    pub(crate) commands_topic: Option<String>,
    /// The partition's events and outcomes begin with those of a commands topic that was deleted.
    pub(crate) has_former: bool,
    /// What `aerolog recover` has put on record.
    pub(crate) losses: Vec<Loss>,
    /// The partition begins with what was carried from another log (`aerolog migrate`): its commands are there, and not all of its outcomes are
    /// here. What answers them has command offsets below 0.
    pub(crate) is_carried: bool,
    /// This build has decided all of the log: even the sentences of rejections must be the same.
    pub(crate) is_same_build: bool,
    /// The step in hand lies before the committed offset.
    pub(crate) decided: bool,
}

impl<S> CheckContext<S> {
    pub(crate) fn violated(&mut self, invariant: Invariant, place: Option<Place>, what: String, records: Vec<Shown>) {
        let partition = Some(self.partition);
        self.findings.add(Violation {
            invariant,
            partition,
            place,
            what,
            records,
        });
    }

    /// A committed record that cannot be read.
    pub(crate) fn unreadable(&mut self, record: &Record, reason: &str) {
        let what = format!("the record at {} cannot be read: {reason}", record.place);
        self.violated(Invariant::I5, Some(record.place), what, vec![Shown::raw(record)]);
    }
}
