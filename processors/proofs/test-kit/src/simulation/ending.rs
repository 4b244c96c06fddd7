//! The end of a run: everything is healed, what is left to do is done, and the checks judge.

use crate::simulation::Violation;
use crate::simulation::checks::{self, History, Partition, Read, Records, StateAtCursor, Topics};
use crate::simulation::log::{Log, Record, Stored, Topic};
use crate::simulation::place::Place;
use crate::simulation::scenario::Scenario;
use crate::simulation::world::World;
use crate::simulation::{Faults, replica};
use auditor::{Commit, Seen};
use decider::{Call, Codec, DecodeError, DomainFailure};
use std::collections::BTreeMap;
use topology::headers::FORWARDED_FROM;

/// After that many rounds everything must have settled.
const ROUNDS_MAX: usize = 20_000;

impl<S: Scenario, P: Place> World<S, P> {
    /// Nothing goes wrong any more; whatever was sent is answered and projected within a bound.
    pub(crate) fn heal(&mut self) -> Result<(), Violation> {
        self.trace.happened("heal", format_args!(""));
        self.faults = Faults {
            batch_records_max: 20,
            abort_per_mille: 0,
            late_end_per_mille: 0,
            doubled_end_per_mille: 0,
            lost_response_per_mille: 0,
            crash_weight: 0,
        };
        for one in 0..self.processors.len() {
            self.processors[one].paused = false;
            if !self.processors[one].is_running() {
                self.start(one);
            }
        }
        for _ in 0..ROUNDS_MAX {
            self.deliver_late();
            self.write_marker();
            for one in 0..self.processors.len() {
                self.process(one)?;
            }
            for one in 0..self.replicas.len() {
                self.project(one)?;
            }
            if self.is_drained()? {
                return Ok(());
            }
        }
        let steps: Vec<_> = self
            .processors
            .iter()
            .map(|processor| processor.next_step().unwrap_or("down"))
            .collect();
        Err(Violation::new("I12", format!("nothing goes on: {steps:?}")))
    }

    fn is_drained(&self) -> Result<bool, Violation> {
        if self.log.markers_pending() > 0 || !self.late.is_empty() || !self.processors.iter().all(|processor| processor.is_idle()) {
            return Ok(false);
        }
        for partition in 0..self.limits.partitions {
            let committed = match self.log.stable_offset(partition) {
                Err(_) => return Ok(false),
                Ok(committed) => committed.map_or(0, |committed| committed.offset),
            };
            if self.log.goes_on(Topic::Commands, partition, committed) && self.stopped(partition).is_none() {
                return Ok(false);
            }
        }
        for replica in &self.replicas {
            if !replica.is_caught_up(&self.log)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Where the owner of a partition has stopped.
    fn stopped(&self, partition: u32) -> Option<&DomainFailure> {
        self.processors.iter().find_map(|processor| processor.stopped(partition))
    }

    /// A partition stops at the command that the domain fails at, which is the next one to decide, or at an event that it cannot apply.
    fn stops(&mut self) -> Result<BTreeMap<u32, i64>, Violation> {
        let mut stops = BTreeMap::new();
        for partition in 0..self.limits.partitions {
            let committed = self
                .log
                .stable_offset(partition)
                .ok()
                .flatten()
                .map_or(0, |committed| committed.offset);
            let Some(failure) = self.stopped(partition) else {
                self.trace.happened("not stopped at the end", format_args!("{partition}"));
                continue;
            };
            if failure.call != Call::Load && failure.offset < committed {
                return Err(Violation::new("I13", format!("{failure}, but the group has committed {committed}")));
            }
            stops.insert(partition, committed);
            self.trace.happened("stopped at the end", format_args!("{partition}"));
        }
        Ok(stops)
    }

    pub(crate) fn judge(&mut self) -> Result<(), Violation> {
        self.log.settled()?;
        let history = self.history()?;
        self.count_answers(&history);
        checks::former_owners_are_silent(&history)?;
        checks::topics_keep_their_promises::<S>(&history.topics, self.limits)?;
        checks::transactions_are_whole(&history)?;
        checks::dead_letters_are_of_garbage(&history)?;
        let mut states = std::mem::take(&mut self.states);
        states.extend(self.states_now()?);
        checks::states_can_be_rebuilt(&history, self.limits, &states)?;
        for replica in &mut self.replicas {
            replica.witness()?;
            checks::views_follow_positions::<S>(&self.log, &replica.name, &replica.witnesses)?;
        }
        let last: replica::Position = history
            .partitions
            .iter()
            .map(|(number, partition)| (*number, partition.events.len() as u64))
            .collect();
        for replica in &self.replicas {
            if replica.position()? != last {
                return Err(Violation::new(
                    "I12",
                    format!("{} ends at {:?}, not {last:?}", replica.name, replica.position()?),
                ));
            }
        }
        Ok(())
    }

    /// How commands were repeated, and what became of those that expected a version.
    fn count_answers(&mut self, history: &History<S>) {
        for partition in history.partitions.values() {
            let mut firsts = BTreeMap::new();
            for outcome in &partition.outcomes {
                let (id, transaction) = (outcome.value.command_id, outcome.transaction.unwrap_or_default());
                let key = (&outcome.value.aggregate_id, id);
                if outcome.value.status == decider::Status::Accepted && outcome.value.event_count == 0 {
                    self.trace.happened("accepted without an event", format_args!("{id}"));
                }
                if outcome.value.refuses_id() {
                    self.trace.happened("refused for its id", format_args!("{id}"));
                    continue;
                }
                let conflicts = |rejection: &decider::Rejection| rejection.rule == "expected-version";
                if !outcome.value.repeated && self.client.expecting.contains(&id) {
                    let conflict = outcome.value.rejection.as_ref().is_some_and(conflicts);
                    let what = if conflict { "version conflict" } else { "version as expected" };
                    self.trace.happened(what, format_args!("{id}"));
                }
                if !outcome.value.repeated && firsts.contains_key(&key) {
                    self.trace.happened("forgotten", format_args!("{id}"));
                }
                let first = *firsts.entry(key).or_insert(transaction);
                if outcome.value.repeated {
                    let ((owner, epoch), (first_owner, first_epoch)) = (self.log.writer(transaction), self.log.writer(first));
                    let what = match () {
                        () if transaction == first => "repeated in its batch",
                        () if owner != first_owner => "repeated by another owner",
                        () if epoch != first_epoch => "repeated in a later epoch",
                        () => "repeated later",
                    };
                    self.trace.happened(what, format_args!("{id}"));
                }
            }
        }
    }

    /// What each processor has stored of each partition, whichever owns it.
    pub(crate) fn states_now(&self) -> Result<Vec<StateAtCursor>, Violation> {
        let mut states = Vec::new();
        for processor in &self.processors {
            for partition in 0..self.limits.partitions {
                states.extend(StateAtCursor::of(&processor.name, partition, &processor.place)?);
            }
        }
        Ok(states)
    }

    /// What a reader of the topics finds.
    pub(crate) fn history(&mut self) -> Result<History<S>, Violation> {
        let stopped = self.stops()?;
        let mut codec = S::codec();
        let mut partitions = BTreeMap::new();
        for number in 0..self.limits.partitions {
            let undecodable = |error: DecodeError| Violation::new("I5", format!("a committed record of {number} cannot be read: {error}"));
            let mut partition = Partition {
                events: Vec::new(),
                outcomes: Vec::new(),
            };
            for stored in self.log.committed_records(Topic::Events, number) {
                let event = codec.decode_event(value(&stored)).map_err(undecodable)?;
                partition.events.push(read(&stored, event));
            }
            for stored in self.log.committed_records(Topic::Outcomes, number) {
                let outcome = codec.decode_outcome(value(&stored)).map_err(undecodable)?;
                partition.outcomes.push(read(&stored, outcome));
            }
            partitions.insert(number, partition);
        }
        let dead_letters = self.log.committed_records(Topic::DeadLetters, 0);
        Ok(History {
            topics: topics(&self.log, self.limits.partitions, stopped.is_empty()),
            partitions,
            dead_letters: dead_letters.into_iter().filter_map(|stored| stored.record.coordinates).collect(),
            garbage: self.client.garbage.clone(),
            stopped,
        })
    }
}

/// The topics for the auditor.
fn topics(log: &Log, partitions: u32, drained: bool) -> Topics {
    let seen = |topic, number| {
        log.all_records(topic, number)
            .map(move |(stored, committed)| seen(topic, number, stored, committed))
    };
    let records = |number| Records {
        commands: seen(Topic::Commands, number).collect(),
        events: seen(Topic::Events, number).collect(),
        outcomes: seen(Topic::Outcomes, number).collect(),
    };
    let commits = log.offset_history.iter().zip(0..).map(|((partition, committed), at)| Commit {
        partition: *partition,
        offset: Some(committed.offset),
        owner: committed.transactional_id.clone(),
        topic_id: None,
        at: (0, at),
    });
    Topics {
        partitions: (0..partitions).map(|number| (number, records(number))).collect(),
        letters: seen(Topic::DeadLetters, 0).collect(),
        commits: commits.collect(),
        drained,
    }
}

/// A record with the headers that processors give it.
fn seen(topic: Topic, partition: u32, stored: Stored, committed: bool) -> Seen {
    let Record {
        key,
        value,
        content_type,
        coordinates,
        forwarded_from,
        timestamp_ms,
        ..
    } = stored.record;
    let mut headers = Vec::new();
    let mut header = |name: &str, value: String| headers.push((name.to_owned(), Some(value.into_bytes())));
    if let Some(content_type) = content_type {
        header("content-type", String::from_utf8_lossy(content_type).into_owned());
    }
    if let Some((partition, offset)) = forwarded_from {
        header(FORWARDED_FROM, format!("{partition}/{offset}"));
    }
    if let Some((partition, offset, reason)) = coordinates {
        header("partition", partition.to_string());
        header("offset", offset.to_string());
        header("reason", reason);
    }
    let record = auditor::Record {
        place: auditor::Place {
            topic: match topic {
                Topic::Commands => auditor::Topic::Commands,
                Topic::Events => auditor::Topic::Events,
                Topic::Outcomes => auditor::Topic::Outcomes,
                Topic::DeadLetters => auditor::Topic::DeadLetters,
            },
            partition,
            offset: stored.offset,
        },
        timestamp_ms,
        key,
        value,
        headers,
    };
    if committed {
        Seen::Committed(record)
    } else {
        Seen::Aborted(record)
    }
}

fn read<T>(stored: &Stored, value: T) -> Read<T> {
    Read {
        offset: stored.offset,
        transaction: stored.transaction,
        owned_since: stored.record.owned_since,
        timestamp_ms: stored.record.timestamp_ms,
        value,
    }
}

fn value(stored: &Stored) -> &[u8] {
    stored.record.value.as_deref().unwrap_or_default()
}
