//! A session of one consumer: what the group gave, restored and then processed, batch by batch.

mod deciding;
mod forwarding;
mod holding;
mod looking;
mod offsets;
mod parking;
mod processing;
mod stopping;
mod traced;
pub(super) mod transaction_sizing;
mod unreadable;
mod waiting;

use super::consumer::{Change, GroupConsumer, Polled};
use super::evidence::Evidence;
use super::follower::{self, Following};
use super::group_inspector::GroupInspector;
use super::resolver::Resolver;
use super::restore::{Lost, Readers, TakenOver, Takeover, TornTransaction};
use super::transaction::TransactionalProducer;
use super::wiring::{ProcessorOf, Wiring};
use super::{End, Observe, Point, ProcessorError, TransientFault};
use crate::clock::{self, Deadline};
use crate::committed::Committed;
use decider::Machine;
use forwarding::Forwarded;
use looking::{LOOK_EVERY, OUTCOMES_LOOK_EVERY};
use parking::Parked;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use stopping::Stop;
use transaction_sizing::TransactionSizing;
use waiting::Waiting;

/// How long a poll waits where nothing is to be done; the wish to stop is noticed after at most this.
pub(super) const IDLE_WAIT: Duration = Duration::from_millis(100);
const MEASURE_EVERY: Duration = Duration::from_secs(1);
/// What the session is at.
enum Phase {
    /// The group has given nothing yet.
    Waiting,
    /// These partitions' state has to be brought up to the log.
    Restoring(Vec<u32>),
    Processing,
}

/// What a session talks to the cluster and the registry with. All but the consumer and the inspector outlive it.
pub(super) struct Clients<'s> {
    pub(super) consumer: &'s GroupConsumer,
    pub(super) inspector: &'s GroupInspector,
    pub(super) producer: &'s mut TransactionalProducer,
    pub(super) readers: &'s mut Readers,
    pub(super) schemas: &'s mut Resolver,
}

pub(super) struct Session<'s, W: Wiring> {
    processor: &'s mut ProcessorOf<W>,
    machine: Machine<W::Domain>,
    consumer: &'s GroupConsumer,
    inspector: &'s GroupInspector,
    producer: &'s mut TransactionalProducer,
    readers: &'s mut Readers,
    schemas: &'s mut Resolver,
    stop: &'s dyn Fn(Duration) -> bool,
    following: &'s Following,
    phase: Phase,
    owned: Vec<u32>,
    /// Owned, and not processed until a person has seen to it; and why.
    stopped: BTreeMap<u32, Stop>,
    sizing: TransactionSizing,
    /// What the group has committed of what is owned, as far as this member knows.
    committed: BTreeMap<u32, Committed>,
    /// Of what is to be restored, the partitions whose log holds a part of a transaction.
    torn_transactions: BTreeMap<u32, TornTransaction>,
    /// The same where outcomes were lost.
    lost: BTreeMap<u32, Lost>,
    /// What is known of the last decided commands.
    evidence: Evidence,
    /// Where the outcomes of each partition began when they were last looked at.
    outcomes_begin: BTreeMap<u32, i64>,
    /// When that is to be looked at again.
    outcomes_looked: Deadline,
    begun: Instant,
    measured: Deadline,
    /// When it is to be looked where the commands end.
    looked: Deadline,
    /// When it may be looked again which partition has a batch that cannot be read.
    searched: Deadline,
    waiting: Waiting,
    /// Owned, and waiting for schemas.
    parked: BTreeMap<u32, Parked>,
    /// What was last said of them.
    told_parked: Option<String>,
    forwarded: Forwarded,
    /// Why nothing is written at the moment.
    contradiction: Option<String>,
    /// Why no commands are given at the moment.
    denied: Option<String>,
}

impl<'s, W: Wiring> Session<'s, W> {
    pub(super) fn new(
        processor: &'s mut ProcessorOf<W>,
        machine: Machine<W::Domain>,
        clients: Clients<'s>,
        stop: &'s dyn Fn(Duration) -> bool,
        following: &'s Following,
    ) -> Self {
        let Clients {
            consumer,
            inspector,
            producer,
            readers,
            schemas,
        } = clients;
        let batch_records_max = processor.configuration.batch_records_max;
        Self {
            processor,
            machine,
            consumer,
            inspector,
            producer,
            readers,
            schemas,
            stop,
            following,
            phase: Phase::Waiting,
            owned: Vec::new(),
            stopped: BTreeMap::new(),
            sizing: TransactionSizing::new(batch_records_max),
            committed: BTreeMap::new(),
            torn_transactions: BTreeMap::new(),
            lost: BTreeMap::new(),
            evidence: Evidence::default(),
            outcomes_begin: BTreeMap::new(),
            outcomes_looked: Deadline::after(OUTCOMES_LOOK_EVERY),
            begun: clock::now(),
            measured: Deadline::after(Duration::ZERO),
            looked: Deadline::after(LOOK_EVERY),
            searched: Deadline::after(Duration::ZERO),
            waiting: Waiting::begin(),
            parked: BTreeMap::new(),
            told_parked: None,
            forwarded: Forwarded::default(),
            contradiction: None,
            denied: None,
        }
    }

    pub(super) fn run(&mut self) -> Result<End, ProcessorError> {
        while !(self.stop)(Duration::ZERO) {
            for change in self.consumer.take_changes() {
                self.change(change);
            }
            for _ in 0..self.consumer.take_poll_gaps() {
                self.processor.observe.trouble(TransientFault::PollGap);
            }
            self.measure();
            let turn = match &self.phase {
                Phase::Waiting => self.wait_for_group(),
                Phase::Restoring(partitions) => {
                    let partitions = partitions.clone();
                    self.restore(&partitions)?
                }
                Phase::Processing => self.process()?,
            };
            if let Err(end) = turn {
                return Ok(end);
            }
        }
        Ok(End::Stopped)
    }

    /// Reports what is measured periodically, whatever happens.
    fn measure(&mut self) {
        if !self.measured.is_over() {
            return;
        }
        self.measured = Deadline::after(MEASURE_EVERY);
        let observe = &self.processor.observe;
        observe.followed(self.following.take_records());
        for partition in &self.owned {
            let decided = self.machine.cursor(*partition).map(|cursor| cursor.next_command_offset);
            // Of a stopped partition there is no cursor: its commands wait from the group's offset on.
            let next = decided.or_else(|| self.committed.get(partition).map(|committed| committed.offset));
            if let Some(lag) = next.and_then(|next| self.consumer.lag(*partition, next)) {
                observe.lag(*partition, lag);
            }
        }
    }

    fn change(&mut self, change: Change) {
        for partition in std::mem::take(&mut self.owned) {
            self.machine.close(partition);
            self.processor.observe.revoked(partition);
        }
        self.stopped.clear();
        self.sizing.forget();
        self.parked.clear();
        self.torn_transactions.clear();
        self.lost.clear();
        self.phase = match change {
            Change::Assigned(partitions) => {
                tracing::info!(?partitions, "partitions assigned");
                self.owned.clone_from(&partitions);
                let configuration = &self.processor.configuration;
                let all = self.processor.topology.partitions;
                self.following.follow(follower::chosen(
                    &configuration.instance_id,
                    all,
                    &partitions,
                    configuration.warm_partitions_max,
                ));
                Phase::Restoring(partitions)
            }
            Change::Revoked => {
                tracing::info!("partitions revoked");
                Phase::Waiting
            }
        };
        self.processor.observe.owned(0);
        self.processor.observe.stopped(0);
        self.waiting = Waiting::begin();
        self.tell_waiting();
    }

    /// Serves the group where there is nothing to process.
    fn idle(&self) -> Result<(), End> {
        match self.consumer.poll(IDLE_WAIT) {
            Polled::Over(end) => Err(end),
            Polled::Nothing | Polled::Message(_) => Ok(()),
        }
    }

    /// Serves the group during something else. Whatever is fetched is fetched again later.
    fn keep_alive(&self, wait: Duration) -> bool {
        self.consumer.keep_alive(wait, self.stop)
    }

    /// The next command to decide, as far as the state knows.
    fn next_command(&self, partition: u32) -> i64 {
        self.machine.cursor(partition).unwrap_or_default().next_command_offset
    }

    /// Takes partitions over with what this session has; what one try has found out about a log is kept for the next one.
    fn takeover(&mut self) -> Takeover<'_, W> {
        Takeover {
            processor: self.processor,
            machine: &mut self.machine,
            consumer: self.consumer,
            inspector: self.inspector,
            producer: self.producer,
            readers: self.readers,
            schemas: self.schemas,
            stop: self.stop,
            torn_transactions: &mut self.torn_transactions,
            lost: &mut self.lost,
            evidence: &mut self.evidence,
        }
    }

    fn restore(&mut self, partitions: &[u32]) -> Result<Result<(), End>, ProcessorError> {
        // Nothing is done where the producer is ready already.
        if !self.producer.prepare() {
            let reason = format!("waiting for the transaction coordinator: {}", self.producer.hindrance());
            self.processor.observe.held_up(Some(&reason));
            return Ok(self.idle());
        }
        self.processor.observe.held_up(Some("bringing the state up to the log"));
        if !self.following.is_settled(IDLE_WAIT) {
            return Ok(self.idle());
        }
        let began = clock::now();
        match self.takeover().run(partitions) {
            Ok(Some(taken_over)) => {
                let TakenOver {
                    restored,
                    committed,
                    outcomes_begin,
                } = taken_over;
                self.committed = committed;
                self.outcomes_begin = outcomes_begin;
                self.producer.begin_session_on(&self.evidence.topic_id);
                if let Err(end) = self.fetch_on() {
                    return Ok(Err(end));
                }
                self.processor.observe.restoring(0);
                self.processor.observe.restored(restored, clock::now() - began);
                self.processor.observe.reached(Point::Restored);
                self.processor.observe.owned(partitions.len());
                self.tell_what_holds_up();
                tracing::info!(
                    partitions = partitions.len(),
                    ?restored,
                    took_ms = (clock::now() - began).as_millis(),
                    "processing"
                );
                self.phase = Phase::Processing;
                Ok(Ok(()))
            }
            // The group has changed meanwhile, or the brokers are away: from the beginning.
            Ok(None) => Ok(self.idle()),
            Err(error) => self.stop_partition(error, partitions),
        }
    }

    /// Fetches every open partition from where its state ends. One that waits for schemas meets the command that it waits for again.
    fn fetch_on(&mut self) -> Result<(), End> {
        self.parked.clear();
        let cursors = self
            .processed()
            .into_iter()
            .filter_map(|partition| Some((partition, self.machine.cursor(partition)?.next_command_offset)));
        self.consumer
            .fetch_from(&cursors.collect())
            .map_err(|failure| self.consumer.fatal_end().unwrap_or_else(|| End::Renew(failure.to_string())))
    }
}
