//! I1: no command is lost.

use super::CheckContext;
use crate::ledger::{LedgerError, Prefix, at_offset, place_bytes, place_of};
use crate::merging::Step;
use crate::{Invariant, Place, Record, Shown, Topic};
use keyvalue::{Read, Write};
use topology::headers::{FORWARDED_FROM, parse_place};
use xxhash_rust::xxh3::Xxh3;

/// Every command before the committed offset has an outcome, a dead letter, or a copy in the partition where its key belongs.
pub(crate) fn commands_are_answered<S: Read + Write, E>(context: &mut CheckContext<S>, step: &Step<E>) -> Result<(), LedgerError> {
    let Some(command) = &step.command else {
        return Ok(());
    };
    context.counts.commands += 1;
    // It is believed only of a record with key and value of the command at that place.
    if let Some(origin) = command.text(FORWARDED_FROM).and_then(parse_place) {
        note_copy(context, command, origin)?;
    }
    if !step.outcomes.is_empty() || step.letter.is_some() {
        return Ok(());
    }
    if let Some(to) = forwarded_to(context, command)
        && context.decided
    {
        context.counts.forwarded += 1;
        let key = at_offset(Prefix::Forward, context.partition, step.command_offset);
        return context.ledger.put(key, [&to.to_be_bytes()[..], &content(command)].concat());
    }
    if !context.decided {
        context.counts.pending += 1;
    }
    if context.decided || context.options.drained {
        let why = if context.decided {
            "though the committed offset is after it"
        } else {
            "though everything should have been answered"
        };
        let what = format!("the command at {} has no outcome and no dead letter, {why}", command.place);
        context.violated(Invariant::I1, Some(command.place), what, vec![Shown::raw(command)]);
    }
    Ok(())
}

/// What retention or a tool has taken from the commands topic had been decided by then, or its loss is on record.
pub(crate) fn no_command_is_gone<S>(context: &mut CheckContext<S>, begins_at: i64, committed: Option<i64>) {
    let Some(committed) = committed.filter(|committed| *committed < begins_at) else {
        return;
    };
    let topic_id = context.commands_topic.as_deref();
    let is_on_record = context
        .losses
        .iter()
        .any(|loss| loss.covers(context.partition, topic_id, committed, begins_at));
    if is_on_record {
        return;
    }
    let place = Place {
        topic: Topic::Commands,
        partition: context.partition,
        offset: committed,
    };
    let what = format!(
        "the commands from {place} to {begins_at} are gone from the log before they were decided, and `aerolog recover` has not put that on record"
    );
    context.violated(Invariant::I1, Some(place), what, Vec::new());
}

/// Where a processor sends the command, if it does not decide it here.
fn forwarded_to<S>(context: &CheckContext<S>, command: &Record) -> Option<u32> {
    let belongs_in = topology::partition_of(command.key.as_deref()?, context.options.partitions);
    (belongs_in != context.partition).then_some(belongs_in)
}

/// The record says that it is a copy of the command there. Whether it is shows when all partitions were walked.
fn note_copy<S: Read + Write>(context: &mut CheckContext<S>, command: &Record, (partition, offset): (u32, i64)) -> Result<(), LedgerError> {
    let mut key = at_offset(Prefix::Copy, partition, offset);
    key.extend(place_bytes(command.place.partition, command.place.offset));
    context.ledger.put(key, content(command).to_vec())
}

/// By which a copy is known.
fn content(command: &Record) -> [u8; 16] {
    let mut hasher = Xxh3::new();
    for bytes in [&command.key, &command.value] {
        let length = bytes.as_ref().map_or(u64::MAX, |bytes| bytes.len() as u64);
        hasher.update(&length.to_be_bytes());
        hasher.update(bytes.as_deref().unwrap_or_default());
    }
    hasher.digest128().to_be_bytes()
}

/// That many commands are looked for at a time.
const ENTRIES_MAX: usize = 1000;
/// That many copies of one command are looked at at a time; there is one as a rule.
const COPIES_MAX: usize = 16;

/// At the end of all partitions: whatever was sent on has come to where it belongs.
pub(crate) fn forwarded_commands_arrive<S: Read + Write>(context: &mut CheckContext<S>) -> Result<(), LedgerError> {
    let mut last = Vec::new();
    loop {
        let entries = context.ledger.following(Prefix::Forward, &last, ENTRIES_MAX)?;
        let Some((key, _)) = entries.last() else {
            return Ok(());
        };
        last.clone_from(key);
        for (key, value) in entries {
            if let (Some((partition, offset)), Some((to, content))) = (place_of(&key[1..]), value.split_first_chunk::<4>()) {
                arrives(context, partition, offset, u32::from_be_bytes(*to), content)?;
            }
        }
    }
}

fn arrives<S: Read + Write>(
    context: &mut CheckContext<S>,
    partition: u32,
    offset: i64,
    to: u32,
    content: &[u8],
) -> Result<(), LedgerError> {
    let place = Place {
        topic: Topic::Commands,
        partition,
        offset,
    };
    let copies = copies_there(context, place, to, content)?;
    context.counts.forwarded_again += copies.saturating_sub(1);
    if copies == 0 {
        context.partition = partition;
        let what = format!("the command at {place} was to be forwarded to partition {to}, and never came there");
        context.violated(Invariant::I1, Some(place), what, Vec::new());
    }
    Ok(())
}

/// How many records of a partition say that they are copies of the command at `place`, and have its content.
fn copies_there<S: Read + Write>(context: &mut CheckContext<S>, place: Place, to: u32, content: &[u8]) -> Result<u64, LedgerError> {
    let prefix = at_offset(Prefix::Copy, place.partition, place.offset);
    let (mut last, mut copies) = (prefix.clone(), 0);
    loop {
        let entries = context.ledger.following(Prefix::Copy, &last, COPIES_MAX)?;
        for (key, value) in &entries {
            let Some(copy) = key.strip_prefix(prefix.as_slice()) else {
                return Ok(copies);
            };
            let is_there = place_of(copy).is_some_and(|(partition, _)| partition == to);
            copies += u64::from(is_there && value == content);
        }
        match entries.into_iter().next_back() {
            Some((key, _)) => last = key,
            None => return Ok(copies),
        }
    }
}
