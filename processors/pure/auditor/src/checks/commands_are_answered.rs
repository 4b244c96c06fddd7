//! I1: no command is lost.

use super::Desk;
use crate::ledger::{LedgerError, Prefix, at_offset, place_bytes, place_of};
use crate::merging::Step;
use crate::{Invariant, Place, Record, Shown, Topic};
use keyvalue::{Read, Write};

/// The header of a command that was sent on: partition and offset where it was found.
pub(crate) const FORWARDED_FROM: &str = "forwarded-from";

/// Every command before the committed offset has an outcome, a dead letter, or a copy in the partition where its key belongs.
pub(crate) fn commands_are_answered<S: Read + Write, E>(desk: &mut Desk<S>, step: &Step<E>) -> Result<(), LedgerError> {
    let Some(command) = &step.command else {
        return Ok(());
    };
    desk.counts.commands += 1;
    if let Some(origin) = command.text(FORWARDED_FROM).and_then(origin) {
        note_copy(desk, command, origin)?;
    }
    if !step.outcomes.is_empty() || step.letter.is_some() {
        return Ok(());
    }
    if let Some(to) = forwarded_to(desk, command)
        && desk.decided
    {
        desk.counts.forwarded += 1;
        let key = at_offset(Prefix::Forward, desk.partition, step.command_offset);
        return desk.ledger.put(key, to.to_be_bytes().to_vec());
    }
    if !desk.decided {
        desk.counts.pending += 1;
    }
    if desk.decided || desk.options.drained {
        let why = if desk.decided {
            "though the committed offset is behind it"
        } else {
            "though everything should have been answered"
        };
        let what = format!("the command at {} has no outcome and no dead letter, {why}", command.place);
        desk.violated(Invariant::I1, Some(command.place), what, vec![Shown::raw(command)]);
    }
    Ok(())
}

/// What retention or a tool has taken from the commands topic had been decided by then, or its loss is on record.
pub(crate) fn no_command_is_gone<S>(desk: &mut Desk<S>, begins_at: i64, committed: Option<i64>) {
    let Some(committed) = committed.filter(|committed| *committed < begins_at) else {
        return;
    };
    let topic_id = desk.commands_topic.as_deref();
    let is_on_record = desk
        .losses
        .iter()
        .any(|loss| loss.covers(desk.partition, topic_id, committed, begins_at));
    if is_on_record {
        return;
    }
    let place = Place {
        topic: Topic::Commands,
        partition: desk.partition,
        offset: committed,
    };
    let what = format!(
        "the commands from {place} to {begins_at} are gone from the log before they were decided, and `aerolog recover` has not put that on record"
    );
    desk.violated(Invariant::I1, Some(place), what, Vec::new());
}

/// Where a processor sends the command, if it does not decide it here.
fn forwarded_to<S>(desk: &Desk<S>, command: &Record) -> Option<u32> {
    let key = command.key.as_deref()?;
    let belongs_in = topology::partition_of(key, desk.options.partitions);
    let was_forwarded = command.headers.iter().any(|(name, _)| name == FORWARDED_FROM);
    (belongs_in != desk.partition && !was_forwarded).then_some(belongs_in)
}

fn origin(text: &str) -> Option<(u32, i64)> {
    let (partition, offset) = text.split_once('/')?;
    Some((partition.parse().ok()?, offset.parse().ok()?))
}

fn note_copy<S: Read + Write>(desk: &mut Desk<S>, command: &Record, (partition, offset): (u32, i64)) -> Result<(), LedgerError> {
    let key = at_offset(Prefix::Copy, partition, offset);
    if let Some((in_partition, at)) = desk.ledger.get(&key)?.as_deref().and_then(place_of) {
        let what = format!(
            "the command that was found at commands {partition}/{offset} was forwarded twice: to commands {in_partition}/{at} and to {}",
            command.place
        );
        desk.violated(Invariant::I2, Some(command.place), what, vec![Shown::raw(command)]);
    }
    desk.ledger.put(key, place_bytes(command.place.partition, command.place.offset))
}

/// That many commands are looked for at a time.
const ENTRIES_MAX: usize = 1000;

/// At the end of all partitions: whatever was sent on has come to where it belongs.
pub(crate) fn forwarded_commands_arrive<S: Read + Write>(desk: &mut Desk<S>) -> Result<(), LedgerError> {
    let mut last = Vec::new();
    loop {
        let entries = desk.ledger.following(Prefix::Forward, &last, ENTRIES_MAX)?;
        let Some((key, _)) = entries.last() else {
            return Ok(());
        };
        last.clone_from(key);
        for (key, value) in entries {
            if let (Some((partition, offset)), Ok(to)) = (place_of(&key[1..]), <[u8; 4]>::try_from(value)) {
                arrives(desk, partition, offset, u32::from_be_bytes(to))?;
            }
        }
    }
}

fn arrives<S: Read + Write>(desk: &mut Desk<S>, partition: u32, offset: i64, to: u32) -> Result<(), LedgerError> {
    let copy = desk.ledger.get(&at_offset(Prefix::Copy, partition, offset))?;
    let how = match copy.as_deref().and_then(place_of) {
        Some((found, _)) if found == to => return Ok(()),
        Some((found, at)) => format!("came to commands {found}/{at}, where it does not belong"),
        None => "never came there".to_owned(),
    };
    let place = Place {
        topic: Topic::Commands,
        partition,
        offset,
    };
    desk.partition = partition;
    let what = format!("the command at {place} was to be forwarded, and {how}");
    desk.violated(Invariant::I1, Some(place), what, Vec::new());
    Ok(())
}
