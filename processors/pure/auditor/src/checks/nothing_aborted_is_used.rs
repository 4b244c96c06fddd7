//! I4: nothing aborted is ever built upon.
//!
//! The witness is what a reader of uncommitted records sees and a reader of committed ones does not. A reader that had taken such a record
//! for a committed one would go on from it: a sequence would be missing that only an aborted event has ([`super::Dense`]), or an outcome
//! would answer for events that were aborted, or repeat an answer that was.

use super::CheckContext;
use crate::ledger::{LedgerError, Prefix, at_offset, of_command};
use crate::merging::{Found, Step};
use crate::{Invariant, Shown};
use decider::{EventEnvelope, Outcome};
use keyvalue::{Read, Write};

pub(crate) fn note_aborted_event<S: Read + Write, E>(
    context: &mut CheckContext<S>,
    found: &Found<EventEnvelope<E>>,
) -> Result<(), LedgerError> {
    let offset = found.record.place.offset;
    let sequence = at_offset(Prefix::AbortedSequence, context.partition, found.value.sequence.cast_signed());
    context.ledger.put_number(sequence, offset)?;
    let command = of_command(
        Prefix::AbortedEvent,
        context.partition,
        &found.value.aggregate_id,
        found.value.command_id,
    );
    context.ledger.put_number(command, offset)
}

pub(crate) fn note_aborted_outcome<S: Read + Write>(context: &mut CheckContext<S>, found: &Found<Outcome>) -> Result<(), LedgerError> {
    let key = of_command(
        Prefix::AbortedOutcome,
        context.partition,
        &found.value.aggregate_id,
        found.value.command_id,
    );
    context.ledger.put_number(key, found.record.place.offset)
}

/// An outcome whose events, or whose first answer, exist in aborted transactions only.
pub(crate) fn nothing_aborted_is_answered<S: Read + Write, E: std::fmt::Debug>(
    context: &mut CheckContext<S>,
    step: &Step<E>,
) -> Result<(), LedgerError> {
    for found in &step.outcomes {
        let outcome = &found.value;
        let of_command = |prefix| of_command(prefix, context.partition, &outcome.aggregate_id, outcome.command_id);
        let (prefix, what) = if outcome.repeated {
            let first = context.ledger.get(&of_command(Prefix::FirstOutcome))?;
            if first.is_some() {
                continue;
            }
            (Prefix::AbortedOutcome, "repeats an answer that was aborted: outcomes")
        } else if context.decided && outcome.event_count > 0 && step.events.is_empty() {
            (Prefix::AbortedEvent, "answers for events that were aborted: events")
        } else {
            continue;
        };
        if let Some(offset) = context.ledger.number(&of_command(prefix))? {
            let what = format!("the outcome at {} {what} {}/{offset}", found.record.place, context.partition);
            let records = vec![Shown::of(&found.record, outcome)];
            context.violated(Invariant::I4, Some(found.record.place), what, records);
        }
    }
    Ok(())
}
