//! I2: each command id has one outcome; every further one repeats it and says so.

use super::Desk;
use crate::ledger::{LedgerError, Prefix, of_command};
use crate::merging::{Found, Step};
use crate::{Invariant, Shown};
use decider::{Outcome, Status};
use keyvalue::{Read, Write};
use std::hash::{DefaultHasher, Hash, Hasher};

/// What is kept of a first outcome.
struct First {
    offset: i64,
    timestamp_ms: i64,
    said: u64,
}

/// Marks the step as trusted where the first outcome of its command id is not in the log any more.
pub(crate) fn commands_are_answered_once<S: Read + Write, E>(desk: &mut Desk<S>, step: &mut Step<E>) -> Result<(), LedgerError> {
    if let [first, second, ..] = step.outcomes.as_slice() {
        let what = format!(
            "the command at offset {} has {} outcomes, the second at {}",
            step.command_offset,
            step.outcomes.len(),
            second.record.place
        );
        let records = [first, second].map(|found| Shown::of(&found.record, &found.value));
        desk.violated(Invariant::I2, Some(second.record.place), what, records.into());
    }
    for found in &step.outcomes {
        count(desk, &found.value);
        let key = of_command(Prefix::FirstOutcome, desk.partition, found.value.command_id);
        let first = desk.ledger.get(&key)?.as_deref().and_then(First::from_bytes);
        match (first, found.value.repeated) {
            (None, false) => desk.ledger.put(key, First::of(found).to_bytes())?,
            (None, true) if step.command_offset >= desk.first_command && desk.first_command == 0 => {
                let what = format!(
                    "the outcome at {} repeats an answer to command {}, which has none before it",
                    found.record.place, found.value.command_id
                );
                let records = vec![Shown::of(&found.record, &found.value)];
                desk.violated(Invariant::I2, Some(found.record.place), what, records);
            }
            (None, true) => step.trusted = true,
            (Some(first), false) => {
                if found.record.timestamp_ms - first.timestamp_ms < desk.options.remembered_ms {
                    let what = format!(
                        "command {} was decided twice: its first outcome is at outcomes {}/{}, and the one at {} is not marked as repeated",
                        found.value.command_id, desk.partition, first.offset, found.record.place
                    );
                    let records = vec![Shown::of(&found.record, &found.value)];
                    desk.violated(Invariant::I2, Some(found.record.place), what, records);
                }
                // Longer ago than commands are remembered: this is a first outcome again.
                desk.ledger.put(key, First::of(found).to_bytes())?;
            }
            (Some(first), true) if first.said != said(&found.value) => {
                let what = format!(
                    "the outcome at {} repeats the one at outcomes {}/{} and says something else",
                    found.record.place, desk.partition, first.offset
                );
                let records = vec![Shown::of(&found.record, &found.value)];
                desk.violated(Invariant::I2, Some(found.record.place), what, records);
            }
            (Some(_), true) => {}
        }
    }
    Ok(())
}

fn count<S>(desk: &mut Desk<S>, outcome: &Outcome) {
    desk.counts.outcomes += 1;
    let of_kind = match (outcome.repeated, outcome.status) {
        (true, _) => &mut desk.counts.repeated,
        (false, Status::Accepted) => &mut desk.counts.accepted,
        (false, Status::Rejected) => &mut desk.counts.rejected,
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
            timestamp_ms: found.record.timestamp_ms,
            said: said(&found.value),
        }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let numbers = [self.offset, self.timestamp_ms, self.said.cast_signed()];
        numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let number = |index: usize| Some(i64::from_be_bytes(bytes.get(index * 8..index * 8 + 8)?.try_into().ok()?));
        Some(Self {
            offset: number(0)?,
            timestamp_ms: number(1)?,
            said: number(2)?.cast_unsigned(),
        })
    }
}
