//! I13: what is no command gives one dead letter, and nothing else.

use super::CheckContext;
use crate::ledger::{LedgerError, Prefix, at_offset, place_bytes, place_of};
use crate::merging::{DeadLetter, Step};
use crate::{Invariant, Place, Record, Shown, Topic};
use keyvalue::{Read, Write};

/// Notes a dead letter where its coordinates point to.
pub(crate) fn note_letter<S: Read + Write>(
    context: &mut CheckContext<S>,
    record: &Record,
    partition: u32,
    offset: i64,
) -> Result<(), LedgerError> {
    let key = at_offset(Prefix::DeadLetter, partition, offset);
    context.partition = partition;
    if let Some((in_partition, at)) = context.ledger.get(&key)?.as_deref().and_then(place_of) {
        let what = format!(
            "the record at commands {partition}/{offset} has two dead letters: dead letters {in_partition}/{at} and {}",
            record.place
        );
        context.violated(Invariant::I13, Some(record.place), what, vec![Shown::raw(record)]);
        return Ok(());
    }
    let mut value = place_bytes(record.place.partition, record.place.offset);
    value.extend_from_slice(record.header("reason").unwrap_or_default());
    context.ledger.put(key, value)
}

/// The dead letter of a command's offset.
pub(crate) fn letter_of<S: Read + Write>(context: &CheckContext<S>, command_offset: i64) -> Result<Option<DeadLetter>, LedgerError> {
    if context.counts.dead_letters == 0 {
        return Ok(None);
    }
    let value = context
        .ledger
        .get(&at_offset(Prefix::DeadLetter, context.partition, command_offset))?;
    Ok(value.and_then(|bytes| {
        let (partition, offset) = place_of(&bytes)?;
        Some(DeadLetter {
            place: Place {
                topic: Topic::DeadLetters,
                partition,
                offset,
            },
            reason: String::from_utf8_lossy(&bytes[12..]).into_owned(),
        })
    }))
}

/// A record that was put aside has no outcome.
pub(crate) fn dead_letters_are_single<S, E>(context: &mut CheckContext<S>, step: &Step<E>) {
    if let (Some(letter), Some(found)) = (&step.letter, step.outcomes.first()) {
        let what = format!(
            "the record at commands {}/{} has a dead letter at {} and an outcome at {}",
            context.partition, step.command_offset, letter.place, found.record.place
        );
        let records = vec![Shown::of(&found.record, &found.value)];
        context.violated(Invariant::I13, Some(letter.place), what, records);
    }
}
