//! Folding a topic's partitions into the state, from where the state ends up to the end of the log as it was found.

use super::{ASK_WAIT_MAX, RestoreError};
use crate::clock::Deadline;
use crate::processor::lane::{IDLE_WAIT, Lane};
use crate::processor::{Observe, SchemaSource, Trouble};
use crate::reader::{Polled, ReadFailure, Reader};
use decider::{Codec, DecodeError, Domain, Replay};
use keyvalue::{Mutation, Read, Write};
use std::collections::BTreeMap;
use std::time::Duration;

/// Reading on without a record and without an end.
pub(super) const NO_PROGRESS_MAX: Duration = Duration::from_secs(30);
const PROGRESS_EVERY: Duration = Duration::from_secs(2);
/// Records folded, and written to the state, at a time.
const REPLAY_RECORDS_MAX: usize = 5_000;
const POLL_WAIT: Duration = Duration::from_millis(50);

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Events,
    Outcomes,
}

/// Folds a topic's partitions from where the state ends up to the end of the log as it was found. Returns how many records, or
/// `None` when it has to be begun again.
pub(super) fn replay<D, C, S, R, O>(
    lane: &mut Lane<'_, D, C, S, R, O>,
    topic: &str,
    partitions: &[u32],
    kind: Kind,
) -> Result<Option<u64>, RestoreError>
where
    D: Domain,
    C: Codec<D>,
    S: Read + Write,
    R: SchemaSource,
    O: Observe,
{
    let Some((from, mut targets)) = gaps(lane, topic, partitions, kind)? else {
        return Ok(None);
    };
    if targets.is_empty() {
        return Ok(Some(0));
    }
    let mut reader = Reader::new(&lane.processor.settings, topic)?;
    reader.assign_unchecked(&from)?;
    let mut folded = 0;
    let mut patience = Deadline::after(NO_PROGRESS_MAX);
    let mut logged = Deadline::after(PROGRESS_EVERY);
    while !targets.is_empty() {
        let (found, polled) = match poll(&mut reader) {
            Ok(polled) => polled,
            Err(failure) if failure.is_transient() => return Ok(None),
            Err(failure) => return Err(failure.into()),
        };
        for (partition, records) in found {
            folded += records.len() as u64;
            let last = records.last().map_or(0, |record| record.offset + 1);
            let Some(mutations) = fold(lane, topic, partition, records, kind)? else {
                return Ok(None);
            };
            lane.processor.store.apply(&mutations)?;
            if targets.get(&partition).is_some_and(|target| last >= *target) {
                targets.remove(&partition);
            }
        }
        for partition in &polled.ended {
            // The end of what is committed: the end of the log, too, unless a transaction is open there.
            let end = reader.watermarks(*partition, ASK_WAIT_MAX).map_or(0, |marks| marks.high);
            if targets.get(partition).is_some_and(|target| end >= *target) {
                targets.remove(partition);
            }
        }
        if polled.records > 0 || !polled.ended.is_empty() {
            patience = Deadline::after(NO_PROGRESS_MAX);
        }
        if patience.is_over() {
            return Err(RestoreError::NoProgress { topic: topic.to_owned() });
        }
        if logged.is_over() {
            logged = Deadline::after(PROGRESS_EVERY);
            tracing::info!(topic, folded, partitions_left = targets.len(), "bringing the state up to the log");
        }
        if !lane.keep_alive(Duration::ZERO) {
            return Ok(None);
        }
    }
    Ok(Some(folded))
}

/// For each partition that lacks something, the offset to begin at and the offset to reach.
type Gaps = (BTreeMap<u32, i64>, BTreeMap<u32, i64>);

fn gaps<D, C, S, R, O>(lane: &Lane<'_, D, C, S, R, O>, topic: &str, partitions: &[u32], kind: Kind) -> Result<Option<Gaps>, RestoreError>
where
    D: Domain,
    C: Codec<D>,
    S: Read + Write,
    R: SchemaSource,
    O: Observe,
{
    let (mut from, mut targets) = (BTreeMap::new(), BTreeMap::new());
    for partition in partitions {
        let (low, high) = match lane.scout.watermarks(topic, *partition, ASK_WAIT_MAX) {
            Ok(marks) => marks,
            Err(failure) => {
                tracing::warn!(%failure, topic, partition, "the end of the log cannot be read yet");
                return Ok(None);
            }
        };
        let cursor = lane.machine.cursor(*partition).unwrap_or_default();
        let offset = match kind {
            Kind::Events => cursor.next_event_offset,
            // Outcomes are kept for some days only: those that are gone belong to commands that are gone, too.
            Kind::Outcomes => cursor.next_outcome_offset.max(low),
        };
        if !(low..=high).contains(&offset) {
            return Err(RestoreError::Missing {
                topic: topic.to_owned(),
                partition: *partition,
                offset,
                low,
                high,
            });
        }
        if offset < high {
            targets.insert(*partition, high);
            from.insert(*partition, offset);
        }
    }
    Ok(Some((from, targets)))
}

fn poll(reader: &mut Reader) -> Result<(BTreeMap<u32, Vec<Found>>, Polled), ReadFailure> {
    let mut found: BTreeMap<u32, Vec<Found>> = BTreeMap::new();
    let polled = reader.poll(REPLAY_RECORDS_MAX, POLL_WAIT, |record| {
        let value = record.value.unwrap_or_default().to_vec();
        found.entry(record.partition).or_default().push(Found {
            offset: record.offset,
            timestamp_ms: record.timestamp_ms,
            value,
        });
    })?;
    Ok((found, polled))
}

struct Found {
    offset: i64,
    timestamp_ms: i64,
    value: Vec<u8>,
}

/// `None` when the registry is away.
fn fold<D, C, S, R, O>(
    lane: &mut Lane<'_, D, C, S, R, O>,
    topic: &str,
    partition: u32,
    records: Vec<Found>,
    kind: Kind,
) -> Result<Option<Vec<Mutation>>, RestoreError>
where
    D: Domain,
    C: Codec<D>,
    S: Read + Write,
    R: SchemaSource,
    O: Observe,
{
    let undecodable = |offset: i64, reason: String| RestoreError::Undecodable {
        topic: topic.to_owned(),
        partition,
        offset,
        reason,
    };
    let (mut events, mut outcomes) = (Vec::new(), Vec::new());
    for Found {
        offset,
        timestamp_ms,
        value,
    } in records
    {
        loop {
            let codec = &mut lane.processor.codec;
            let decoded = match kind {
                Kind::Events => codec.decode_event(&value).map(|value| {
                    events.push(Replay {
                        offset,
                        timestamp_ms,
                        value,
                    })
                }),
                Kind::Outcomes => codec.decode_outcome(&value).map(|value| {
                    outcomes.push(Replay {
                        offset,
                        timestamp_ms,
                        value,
                    })
                }),
            };
            match decoded {
                Ok(()) => break,
                Err(DecodeError::Malformed(reason)) => return Err(undecodable(offset, reason)),
                Err(DecodeError::UnknownSchema(schema_id)) => match lane.processor.schemas.schema(schema_id) {
                    Ok(Some(json)) => {
                        lane.processor
                            .codec
                            .learn(schema_id, &json)
                            .map_err(|reason| undecodable(offset, reason))?;
                    }
                    Ok(None) => return Err(undecodable(offset, format!("the registry knows no schema {schema_id}"))),
                    Err(error) => {
                        tracing::warn!(%error, schema_id, "waiting for the schema registry");
                        lane.processor.observe.trouble(Trouble::RegistryAway);
                        lane.keep_alive(IDLE_WAIT);
                        return Ok(None);
                    }
                },
            }
        }
    }
    match kind {
        Kind::Events => Ok(Some(lane.machine.replay_events(&lane.processor.store, partition, &events)?)),
        Kind::Outcomes => Ok(Some(lane.machine.replay_outcomes(partition, &outcomes)?)),
    }
}
