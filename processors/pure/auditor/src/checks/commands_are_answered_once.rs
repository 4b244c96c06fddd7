//! I2: each command id of an aggregate belongs to one command, which has one outcome; every further one repeats it and says so, and any
//! other command under the id is refused.

use super::CheckContext;
use crate::ledger::{LedgerError, Prefix, of_command};
use crate::merging::{Found, Step};
use crate::{Invariant, Shown};
use decider::{COMMAND_ID_REUSED, Outcome, Status};
use keyvalue::{Read, Write};
use std::hash::{DefaultHasher, Hash, Hasher};

/// What is kept of a first outcome.
struct First {
    offset: i64,
    clock_ms: i64,
    said: u64,
    fingerprint: u64,
}

/// Marks the step as trusted where the first outcome of its command id is not in the log any more.
pub(crate) fn commands_are_answered_once<S: Read + Write, E>(context: &mut CheckContext<S>, step: &mut Step<E>) -> Result<(), LedgerError> {
    if let [first, second, ..] = step.outcomes.as_slice() {
        let what = format!(
            "the command at offset {} has {} outcomes, the second at {}",
            step.command_offset,
            step.outcomes.len(),
            second.record.place
        );
        let records = [first, second].map(|found| Shown::of(&found.record, &found.value));
        context.violated(Invariant::I2, Some(second.record.place), what, records.into());
    }
    for found in &step.outcomes {
        let outcome = &found.value;
        count(context, outcome);
        let key = of_command(Prefix::FirstOutcome, context.partition, &outcome.aggregate_id, outcome.command_id);
        let first = context.ledger.get(&key)?.as_deref().and_then(First::from_bytes);
        let is_decided = !outcome.repeated && !outcome.refuses_id();
        let is_whole = context.first_command == 0 && !context.has_former && !context.is_carried;
        if first.is_none() && !is_decided && !is_whole {
            step.trusted = true;
        }
        let wrong = match &first {
            Some(first) => against_first(context, first, outcome),
            None if is_decided || !is_whole => None,
            None => Some(format!(
                "{} command {} of {}, which has none before it",
                if outcome.repeated {
                    "repeats an answer to"
                } else {
                    "refers to an answer to"
                },
                outcome.command_id,
                outcome.aggregate_id
            )),
        };
        if let Some(wrong) = wrong {
            let what = format!("the outcome at {} {wrong}", found.record.place);
            let records = vec![Shown::of(&found.record, outcome)];
            context.violated(Invariant::I2, Some(found.record.place), what, records);
        }
        // Where one is there already, that was longer ago than ids are remembered, or it was found to be wrong.
        if is_decided {
            context.ledger.put(key, First::of(found).to_bytes())?;
        }
    }
    Ok(())
}

/// What is wrong with an outcome after the first one of its aggregate and command id.
fn against_first<S>(context: &CheckContext<S>, first: &First, outcome: &Outcome) -> Option<String> {
    let is_same_command = first.fingerprint == outcome.fingerprint.0;
    let (partition, offset) = (context.partition, first.offset);
    let remembered_ms = context.options.remembered_ms;
    if outcome.refuses_id() {
        return is_same_command.then(|| {
            format!("refuses the command of the answer at outcomes {partition}/{offset}, sent again, as another one ({COMMAND_ID_REUSED})")
        });
    }
    if outcome.repeated {
        return match (is_same_command, first.said == said(outcome)) {
            (false, _) => Some(format!(
                "repeats the one at outcomes {partition}/{offset}, which answers another command under the same id"
            )),
            (true, false) => Some(format!("repeats the one at outcomes {partition}/{offset} and says something else")),
            (true, true) => None,
        };
    }
    let is_remembered = remembered_ms < 1 || outcome.clock_ms.saturating_sub(first.clock_ms) < remembered_ms;
    let how = if is_same_command {
        "is not marked as repeated: command"
    } else {
        "should refuse another command under an id that is taken: id"
    };
    is_remembered.then(|| {
        format!(
            "{how} {} of {} was decided twice, at first at outcomes {partition}/{offset}",
            outcome.command_id, outcome.aggregate_id
        )
    })
}

fn count<S>(context: &mut CheckContext<S>, outcome: &Outcome) {
    context.counts.outcomes += 1;
    let of_kind = match (outcome.repeated, outcome.status) {
        (true, _) => &mut context.counts.repeated,
        (false, Status::Accepted) => &mut context.counts.accepted,
        (false, Status::Rejected) => &mut context.counts.rejected,
    };
    *of_kind += 1;
}

/// A hash of all that a repetition has to say again.
fn said(outcome: &Outcome) -> u64 {
    let mut hasher = DefaultHasher::new();
    (outcome.status.name(), outcome.version, outcome.sequence, outcome.event_count).hash(&mut hasher);
    if let Some(rejection) = &outcome.rejection {
        (&rejection.rule, &rejection.message, &rejection.facts).hash(&mut hasher);
    }
    hasher.finish()
}

impl First {
    fn of(found: &Found<Outcome>) -> Self {
        Self {
            offset: found.record.place.offset,
            clock_ms: found.value.clock_ms,
            said: said(&found.value),
            fingerprint: found.value.fingerprint.0,
        }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let numbers = [self.offset, self.clock_ms, self.said.cast_signed(), self.fingerprint.cast_signed()];
        numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let number = |index: usize| Some(i64::from_be_bytes(bytes.get(index * 8..index * 8 + 8)?.try_into().ok()?));
        Some(Self {
            offset: number(0)?,
            clock_ms: number(1)?,
            said: number(2)?.cast_unsigned(),
            fingerprint: number(3)?.cast_unsigned(),
        })
    }
}
