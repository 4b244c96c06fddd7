//! Writing the records of the old log to the new one: whole commands, in bounded transactions, from where an earlier try has come to.

use super::placing::{Placed, Placing};
use super::reading::Reading;
use super::step::{COMMAND, Headers, Step};
use application::Application;
use decider::{Codec, SCHEMA_FINGERPRINT, WrittenWith};
use indicatif::ProgressBar;
use std::collections::BTreeMap;
use stream::carrier::{Carried, Carrier};
use topology::Topology;

/// One transaction ends with the command after which it has so many records, or so many bytes.
const RECORDS_MAX: usize = 5_000;
const BYTES_MAX: usize = 8 << 20;
/// The header of an outcome that names who has written it.
const OWNER: &str = "owner";
/// The header that names the form of a value.
const CONTENT_TYPE: &str = "content-type";

/// The last records of a partition of the new log.
#[derive(Debug, Clone, Copy)]
struct Last {
    sequence: u64,
    answers: i64,
}

/// How far the new log is filled.
#[derive(Default)]
pub(super) struct Filled(BTreeMap<u32, Last>);

impl Filled {
    /// What an earlier try has written.
    pub(super) fn read<A: Application>(reading: &mut Reading<A>, partitions: u32) -> anyhow::Result<Self> {
        let mut filled = Self::default();
        reading.walk(&mut |step: Step<A::Event>| {
            for event in &step.events {
                let last = filled.of(topology::partition_of(event.envelope.aggregate_id.as_bytes(), partitions));
                last.sequence = last.sequence.max(event.envelope.sequence);
            }
            for answer in &step.outcomes {
                let last = filled.of(topology::partition_of(answer.outcome.aggregate_id.as_bytes(), partitions));
                last.answers = last.answers.max(answer.outcome.command_offset);
            }
            Ok(())
        })?;
        Ok(filled)
    }

    fn of(&mut self, partition: u32) -> &mut Last {
        self.0.entry(partition).or_insert(Last {
            sequence: 0,
            answers: i64::MIN,
        })
    }

    fn has<E>(&mut self, placed: &Placed<E>) -> bool {
        match placed {
            Placed::Event { partition, event, .. } => event.sequence <= self.of(*partition).sequence,
            Placed::Outcome { partition, outcome, .. } => outcome.command_offset <= self.of(*partition).answers,
        }
    }
}

/// A record in the bytes of the new log.
struct Encoded {
    is_event: bool,
    partition: u32,
    key: String,
    value: Vec<u8>,
    timestamp_ms: Option<i64>,
    headers: Headers,
}

pub(super) struct Filling<'f, A: Application> {
    pub(super) topology: &'f Topology,
    pub(super) carrier: Carrier,
    pub(super) codec: A::Codec,
    /// What the outcomes of this run say of who has written them.
    pub(super) owner: String,
    pub(super) filled: Filled,
    pub(super) bar: ProgressBar,
}

impl<A: Application> Filling<'_, A> {
    /// Writes everything that `old` has and the new log lacks; returns how many records that were.
    pub(super) fn fill(mut self, old: &mut Reading<A>, mut placing: Placing<A::Event>) -> anyhow::Result<u64> {
        let (mut waiting, mut bytes, mut written) = (Vec::new(), 0, 0);
        old.walk(&mut |step| {
            let placed = placing.place(step);
            self.bar.inc(placed.len() as u64);
            for record in placed {
                if !self.filled.has(&record) {
                    let record = self.encode(record);
                    bytes += record.value.len();
                    waiting.push(record);
                }
            }
            if waiting.len() >= RECORDS_MAX || bytes >= BYTES_MAX {
                written += self.write(&std::mem::take(&mut waiting))?;
                bytes = 0;
            }
            Ok(())
        })?;
        for record in placing.finish() {
            if !self.filled.has(&record) {
                waiting.push(self.encode(record));
            }
        }
        written += self.write(&waiting)?;
        Ok(written)
    }

    fn encode(&mut self, placed: Placed<A::Event>) -> Encoded {
        let mut value = Vec::new();
        let written = self.codec.written_with();
        match placed {
            Placed::Event { partition, event, headers } => {
                let headers = renamed(headers, written, written.event);
                self.codec.encode_event(&event, &mut value);
                Encoded {
                    is_event: true,
                    partition,
                    key: event.aggregate_id,
                    value,
                    timestamp_ms: None,
                    headers,
                }
            }
            Placed::Outcome {
                partition,
                outcome,
                timestamp_ms,
                headers,
            } => {
                let mut headers = renamed(headers, written, written.outcome);
                self.codec.encode_outcome(&outcome, &mut value);
                headers.push((OWNER.to_owned(), Some(self.owner.clone().into_bytes())));
                Encoded {
                    is_event: false,
                    partition,
                    key: outcome.aggregate_id,
                    value,
                    timestamp_ms: Some(timestamp_ms),
                    headers,
                }
            }
        }
    }

    fn write(&mut self, records: &[Encoded]) -> anyhow::Result<u64> {
        if records.is_empty() {
            return Ok(0);
        }
        let topics = &self.topology.topics;
        let carried: Vec<Carried<'_>> = records
            .iter()
            .map(|record| Carried {
                topic: if record.is_event {
                    &topics.events.name
                } else {
                    &topics.outcomes.name
                },
                partition: record.partition,
                key: Some(record.key.as_bytes()),
                value: Some(&record.value),
                timestamp_ms: record.timestamp_ms,
                headers: &record.headers,
            })
            .collect();
        self.carrier.carry(&carried)?;
        Ok(records.len() as u64)
    }
}

/// The headers of the old record, as they are true of the new one: its command and its owner are others, and it is written in the latest form.
fn renamed(mut headers: Headers, written: WrittenWith, schema: Option<u64>) -> Headers {
    headers.retain(|(name, _)| ![COMMAND, OWNER, SCHEMA_FINGERPRINT, CONTENT_TYPE].contains(&name.as_str()));
    let schema = schema.map(|fingerprint| format!("{fingerprint:016x}"));
    for (name, value) in [
        (CONTENT_TYPE, written.content_type.map(str::to_owned)),
        (SCHEMA_FINGERPRINT, schema),
    ] {
        headers.extend(value.map(|value| (name.to_owned(), Some(value.into_bytes()))));
    }
    headers
}
