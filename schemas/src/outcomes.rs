//! Outcomes in the bytes of the latest schema, written and read by hand: no schema is walked for each record.

use crate::binary::{Reader, put_count, put_items, put_long, put_text};
use crate::problem::{Problem, Within};
use crate::values::{put_displayed, put_natural, put_uuid, read_natural, read_text, read_uuid};
use decider::{Fingerprint, Outcome, Rejection, Status};
use std::collections::BTreeMap;

pub(crate) fn read_outcome(reader: &mut Reader<'_>) -> Result<Outcome, Problem> {
    Ok(Outcome {
        command_id: read_uuid(reader, "command_id")?,
        aggregate_id: read_text(reader, "aggregate_id")?,
        status: read_status(reader).within("status")?,
        version: read_natural(reader, "version")?,
        sequence: read_natural(reader, "sequence")?,
        event_count: read_event_count(reader).within("event_count")?,
        command_offset: reader.long().within("command_offset")?,
        repeated: reader.boolean().within("repeated")?,
        fingerprint: read_fingerprint(reader).within("fingerprint")?,
        clock_ms: reader.long().within("clock")?,
        rejection: if reader.some().within("rejection")? {
            Some(read_rejection(reader).within("rejection")?)
        } else {
            None
        },
    })
}

pub(crate) fn put_outcome(outcome: &Outcome, out: &mut Vec<u8>) {
    put_uuid(outcome.command_id, out);
    put_text(&outcome.aggregate_id, out);
    put_count(usize::from(outcome.status == Status::Rejected), out);
    put_natural(outcome.version, out);
    put_natural(outcome.sequence, out);
    put_long(outcome.event_count.into(), out);
    put_long(outcome.command_offset, out);
    out.push(outcome.repeated.into());
    put_displayed(outcome.fingerprint, out);
    put_long(outcome.clock_ms, out);
    put_count(usize::from(outcome.rejection.is_some()), out);
    if let Some(Rejection { rule, message, facts }) = &outcome.rejection {
        put_text(rule, out);
        put_text(message, out);
        put_items(facts.iter(), out, put_fact);
    }
}

fn put_fact(fact: &BTreeMap<String, String>, out: &mut Vec<u8>) {
    put_items(fact.iter(), out, |(name, value), out| {
        put_text(name, out);
        put_text(value, out);
    });
}

fn read_status(reader: &mut Reader<'_>) -> Result<Status, Problem> {
    match reader.long()? {
        0 => Ok(Status::Accepted),
        1 => Ok(Status::Rejected),
        other => Err(Problem::malformed(format!("has symbol {other} of an enum of 2"))),
    }
}

fn read_fingerprint(reader: &mut Reader<'_>) -> Result<Fingerprint, Problem> {
    reader.text()?.parse().map_err(|reason: String| Problem::malformed(reason))
}

fn read_event_count(reader: &mut Reader<'_>) -> Result<u32, Problem> {
    let count = reader.int()?;
    u32::try_from(count).map_err(|_| Problem::malformed(format!("is {count} where 0 or more belongs")))
}

fn read_rejection(reader: &mut Reader<'_>) -> Result<Rejection, Problem> {
    Ok(Rejection {
        rule: read_text(reader, "rule")?,
        message: read_text(reader, "message")?,
        facts: reader.list(read_fact).within("facts")?,
    })
}

fn read_fact(reader: &mut Reader<'_>) -> Result<BTreeMap<String, String>, Problem> {
    let mut fact = BTreeMap::new();
    reader.items(|reader, _| {
        fact.insert(reader.text()?.to_owned(), reader.text()?.to_owned());
        Ok(())
    })?;
    Ok(fact)
}
