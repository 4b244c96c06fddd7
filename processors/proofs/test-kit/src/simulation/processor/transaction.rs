//! One transaction, step by step: poll, decide, produce, send offsets, commit, or what happens instead.

use super::{Delivered, Environment, Run, Stage};
use crate::simulation::log::{Isolation, LateEnd, Record, Refused, Stored, Topic};
use crate::simulation::place::Place;
use crate::simulation::scenario::Scenario;
use crate::simulation::{Sabotage, Violation};
use decider::{Batch, Incoming, Outgoing, StepError};
use std::collections::BTreeMap;

impl<S: Scenario> Run<S> {
    /// Takes some records of each partition, in any order of partitions.
    pub(super) fn poll(&self, around: &mut Environment<'_>) -> Stage {
        let mut polled: Vec<Vec<(u32, Stored)>> = Vec::new();
        for partition in self.assigned.keys() {
            let Some(cursor) = self.machine.cursor(*partition) else { continue };
            let records_max = around.chance.index(around.faults.batch_records_max) + 1;
            let from = cursor.next_command_offset;
            let (records, _) = around
                .log
                .fetch(Topic::Commands, *partition, from, records_max, Isolation::Committed);
            if !records.is_empty() {
                polled.push(records.into_iter().rev().map(|stored| (*partition, stored)).collect());
            }
        }
        let mut records = Vec::new();
        while !polled.is_empty() {
            let index = around.chance.index(polled.len());
            match polled[index].pop() {
                Some(record) => records.push(record),
                None => {
                    polled.swap_remove(index);
                }
            }
        }
        if records.is_empty() { Stage::Poll } else { Stage::Decide(records) }
    }

    pub(super) fn decide(
        &mut self,
        place: &mut impl Place,
        records: Vec<(u32, Stored)>,
        around: &mut Environment<'_>,
    ) -> Result<Stage, Violation> {
        let incoming: Vec<_> = records.iter().map(incoming).collect();
        match self.machine.decide(place, &mut self.codec, &incoming, &self.unreadable) {
            Ok(batch) => {
                let tally = batch.tally;
                for (what, count) in [
                    ("accepted", tally.accepted),
                    ("rejected", tally.rejected),
                    ("repeated", tally.repeated),
                    ("forwarded", tally.forwarded),
                    ("dead letter", tally.dead_letters),
                ] {
                    for _ in 0..count {
                        around.trace.happened(what, format_args!(""));
                    }
                }
                if batch.consumed < records.len() {
                    around
                        .trace
                        .happened("short batch", format_args!("{} of {}", batch.consumed, records.len()));
                }
                Ok(Stage::Produce(records, batch, 0, Delivered::new()))
            }
            Err(StepError::UnknownSchema { schema_id, .. }) => {
                around.trace.happened("unknown schema", format_args!("{schema_id}"));
                self.unreadable.insert(schema_id, "no registry has it".to_owned());
                Ok(Stage::Decide(records))
            }
            Err(StepError::Domain(failure)) => {
                self.stop(*failure, around);
                Ok(Stage::Poll)
            }
            Err(error) => Err(Violation::new("decide", error.to_string())),
        }
    }

    /// Produces some more of the batch.
    pub(super) fn produce(
        &mut self,
        records: Vec<(u32, Stored)>,
        batch: Batch,
        done: usize,
        mut delivered: Delivered,
        around: &mut Environment<'_>,
    ) -> Stage {
        if around.chance.hits(around.faults.abort_per_mille) {
            around
                .trace
                .happened("abortable error", format_args!("{}", self.producer.transactional_id));
            return Stage::Abort(batch);
        }
        let rest = batch.outgoing.len() - done;
        let until = done + around.chance.index(rest + 1);
        for outgoing in &batch.outgoing[done..until] {
            let (topic, partition, record) = record_of(outgoing, &batch, &records, &self.assigned);
            match around.log.produce(&mut self.producer, topic, partition, record) {
                Err(_) => return Stage::Doubt(batch),
                Ok(offset) => {
                    let next = Some(offset + 1);
                    match topic {
                        Topic::Events => delivered.entry(partition).or_default().0 = next,
                        Topic::Outcomes => delivered.entry(partition).or_default().1 = next,
                        Topic::Commands | Topic::DeadLetters => {}
                    }
                }
            }
        }
        if until < batch.outgoing.len() {
            Stage::Produce(records, batch, until, delivered)
        } else {
            Stage::SendOffsets(batch, delivered)
        }
    }

    /// The broker fences members by generation, not partitions, and no client that is no member: the processor sees to the rest.
    fn may_send(&self, offsets: &[(u32, i64)], around: &mut Environment<'_>) -> Result<(), Refused> {
        let name = &self.producer.transactional_id;
        if around.sabotage == Some(Sabotage::IgnoresGeneration) {
            return Ok(());
        }
        match &self.membership {
            None if around.sabotage != Some(Sabotage::CommitsUnfenced) => {
                around.trace.happened("unfenced", format_args!("{name}"));
                return Err(Refused::StaleGeneration);
            }
            Some(known) if around.sabotage != Some(Sabotage::CommitsUnowned) => {
                let is_own = |partition: &u32| known.owned.get(partition).is_some_and(|since| *since <= self.generation);
                if let Some((partition, _)) = offsets.iter().find(|(partition, _)| !is_own(partition)) {
                    around.trace.happened("not owned", format_args!("{name} {partition}"));
                    return Err(Refused::StaleGeneration);
                }
            }
            _ => {}
        }
        if around.group.grants(name, self.membership.as_ref()) {
            return Ok(());
        }
        around.trace.happened("stale generation", format_args!("{name}"));
        Err(Refused::StaleGeneration)
    }

    pub(super) fn send_offsets(&mut self, batch: Batch, delivered: Delivered, around: &mut Environment<'_>) -> Stage {
        let offsets: Vec<_> = batch.next_command_offsets().collect();
        if around.sabotage == Some(Sabotage::CommitsOffsetsAlone) {
            for (partition, offset) in offsets {
                around.log.commit_offset(partition, offset, &self.producer.transactional_id);
            }
            return Stage::Commit(batch, delivered);
        }
        if self.may_send(&offsets, around).is_err() {
            return Stage::Abort(batch);
        }
        match around.log.send_offsets(&mut self.producer, &offsets) {
            Ok(()) if around.chance.hits(around.faults.lost_response_per_mille) => {
                around
                    .trace
                    .happened("lost offsets response", format_args!("{}", self.producer.transactional_id));
                if around.chance.hits(500) {
                    Stage::SendOffsets(batch, delivered)
                } else {
                    Stage::Abort(batch)
                }
            }
            Ok(()) => Stage::Commit(batch, delivered),
            Err(_) => Stage::Doubt(batch),
        }
    }

    pub(super) fn commit(&mut self, batch: Batch, delivered: Delivered, around: &mut Environment<'_>) -> Stage {
        match self.end(true, around) {
            End::Known => {
                let what = format_args!("{} {:?}", self.producer.transactional_id, batch.tally);
                around.trace.happened("commit", what);
                Stage::Store(self.machine.committed(batch, &delivered))
            }
            End::Unknown if around.sabotage == Some(Sabotage::TrustsDoubtfulCommits) => {
                Stage::Store(self.machine.committed(batch, &delivered))
            }
            End::Unknown | End::Refused => Stage::Doubt(batch),
        }
    }

    pub(super) fn abort(&mut self, batch: Batch, around: &mut Environment<'_>) -> Stage {
        let end = if self.producer.has_begun() {
            self.end(false, around)
        } else {
            End::Known
        };
        match end {
            End::Known => {
                around.trace.happened("abort", format_args!("{}", self.producer.transactional_id));
                self.machine.aborted(batch);
                Stage::Poll
            }
            End::Unknown if around.sabotage == Some(Sabotage::TrustsDoubtfulAborts) => {
                self.machine.aborted(batch);
                Stage::Poll
            }
            End::Unknown | End::Refused => Stage::Doubt(batch),
        }
    }

    /// Asks the broker to end the transaction. The request may come late or twice, and its answer never.
    fn end(&mut self, commit: bool, around: &mut Environment<'_>) -> End {
        let producer = self.producer.clone();
        self.producer.forget();
        let late = LateEnd {
            meant: around.log.open(&producer),
            producer: producer.clone(),
            commit,
        };
        let name = &producer.transactional_id;
        if around.chance.hits(around.faults.late_end_per_mille) {
            let what = if commit { "late commit" } else { "late abort" };
            around.trace.happened(what, format_args!("{name}"));
            around.late.push(late);
            return End::Unknown;
        }
        if around.chance.hits(around.faults.doubled_end_per_mille) {
            let what = if commit { "commit sent twice" } else { "abort sent twice" };
            around.trace.happened(what, format_args!("{name}"));
            around.late.push(late);
            self.renews = around.sabotage != Some(Sabotage::KeepsProducer);
        }
        let lost = around.chance.hits(around.faults.lost_response_per_mille);
        match around.log.end(&producer, commit) {
            Ok(_) if lost => {
                let what = if commit { "lost commit response" } else { "lost abort response" };
                around.trace.happened(what, format_args!("{name}"));
                End::Unknown
            }
            Ok(_) => End::Known,
            Err(refused) => {
                let what = match refused {
                    Refused::Fenced => "end fenced",
                    Refused::InvalidState | Refused::StaleGeneration => "end refused",
                };
                around.trace.happened(what, format_args!("{name}"));
                End::Refused
            }
        }
    }

    /// A new epoch, before a late end can meet the next transaction.
    pub(super) fn renew(&mut self, around: &mut Environment<'_>) -> Stage {
        around
            .trace
            .happened("producer renewed", format_args!("{}", self.producer.transactional_id));
        self.producer = around.log.init_producer(&self.producer.transactional_id);
        self.renews = false;
        Stage::Poll
    }

    /// A new producer settles what the old one left open; whether that was committed is read from the log.
    pub(super) fn doubt(&mut self, batch: Batch, around: &mut Environment<'_>) -> Stage {
        around
            .trace
            .happened("new producer", format_args!("{}", self.producer.transactional_id));
        self.machine.aborted(batch);
        self.producer = around.log.init_producer(&self.producer.transactional_id);
        self.renews = false;
        self.take_over_again();
        Stage::Poll
    }
}

/// What a producer learns of the end of its transaction.
enum End {
    /// It is as was asked.
    Known,
    /// No answer came.
    Unknown,
    Refused,
}

fn incoming((partition, stored): &(u32, Stored)) -> Incoming<'_> {
    Incoming {
        partition: *partition,
        offset: stored.offset,
        timestamp_ms: stored.record.timestamp_ms,
        key: stored.record.key.as_deref(),
        value: stored.record.value.as_deref(),
        content_type: stored.record.content_type,
        command_type: None,
    }
}

/// The record, and where it goes. `owned` says since when its writer has owned each partition.
fn record_of(outgoing: &Outgoing, batch: &Batch, records: &[(u32, Stored)], owned: &BTreeMap<u32, u32>) -> (Topic, u32, Record) {
    let answer = |incoming: usize, value, timestamp_ms| Record {
        key: records[incoming].1.record.key.clone(),
        value: Some(batch.value(value).to_vec()),
        owned_since: owned.get(&records[incoming].0).copied().unwrap_or_default(),
        timestamp_ms,
        ..Record::default()
    };
    match outgoing {
        Outgoing::Event { incoming, value, .. } => (Topic::Events, records[*incoming].0, answer(*incoming, value, 0)),
        Outgoing::Outcome {
            incoming,
            value,
            decided_at_ms,
            ..
        } => (Topic::Outcomes, records[*incoming].0, answer(*incoming, value, *decided_at_ms)),
        Outgoing::Forward { incoming, to_partition } => {
            let (partition, stored) = &records[*incoming];
            let mut record = stored.record.clone();
            record.forwarded_from = Some((*partition, stored.offset));
            (Topic::Commands, *to_partition, record)
        }
        Outgoing::DeadLetter { incoming, reason, .. } => {
            let (partition, stored) = &records[*incoming];
            let mut record = stored.record.clone();
            record.coordinates = Some((*partition, stored.offset, reason.to_string()));
            (Topic::DeadLetters, 0, record)
        }
    }
}
