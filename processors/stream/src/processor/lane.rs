//! A session of one consumer: what the group gave, restored and then processed, batch by batch.

use super::consumer::{Change, GroupConsumer, Polled, Scout};
use super::transaction::{FORWARDED_FROM, NotCommitted, TransactionalProducer};
use super::{End, Observe, Processor, ProcessorError, SchemaSource, Trouble, restore};
use crate::clock;
use decider::{Batch, Codec, Domain, Incoming, Machine, Outgoing, StepError};
use keyvalue::{Read, Write};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long a poll waits where nothing is to be done; the wish to stop is noticed after at most this.
pub(super) const IDLE_WAIT: Duration = Duration::from_millis(100);
/// Between two tries to reach the registry or to get a producer.
const RETRY_PAUSE: Duration = Duration::from_millis(500);
/// Bytes of commands in one transaction.
const BATCH_VALUE_BYTES_MAX: usize = 8 << 20;

/// What the lane is at.
enum Phase {
    /// The group has given nothing yet.
    Waiting,
    /// These partitions' state has to be brought up to the log.
    Restoring(Vec<u32>),
    Processing,
}

pub(super) struct Lane<'l, D: Domain, C, S, R, O> {
    pub(super) processor: &'l mut Processor<D, C, S, R, O>,
    pub(super) machine: Machine<D>,
    pub(super) consumer: &'l GroupConsumer,
    pub(super) scout: &'l Scout,
    pub(super) producer: &'l mut TransactionalProducer,
    pub(super) stop: &'l dyn Fn(Duration) -> bool,
    phase: Phase,
    owned: Vec<u32>,
    begun: Instant,
    /// Schema ids whose commands cannot be read, for the batch in hand.
    unreadable: BTreeMap<u32, String>,
}

/// What came of a batch of messages.
enum Progress {
    Done,
    /// The messages must be fetched again.
    Rewind,
    /// The state must be compared with the log.
    Restore,
}

impl<'l, D, C, S, R, O> Lane<'l, D, C, S, R, O>
where
    D: Domain,
    C: Codec<D>,
    S: Read + Write,
    R: SchemaSource,
    O: Observe,
{
    pub(super) fn new(
        processor: &'l mut Processor<D, C, S, R, O>,
        machine: Machine<D>,
        consumer: &'l GroupConsumer,
        scout: &'l Scout,
        producer: &'l mut TransactionalProducer,
        stop: &'l dyn Fn(Duration) -> bool,
    ) -> Self {
        let (phase, owned, begun, unreadable) = (Phase::Waiting, Vec::new(), clock::now(), BTreeMap::new());
        Self {
            processor,
            machine,
            consumer,
            scout,
            producer,
            stop,
            phase,
            owned,
            begun,
            unreadable,
        }
    }

    pub(super) fn run(&mut self) -> Result<End, ProcessorError> {
        while !(self.stop)(Duration::ZERO) {
            for change in self.consumer.take_changes() {
                self.change(change);
            }
            let turn = match &self.phase {
                Phase::Waiting => self.idle(),
                Phase::Restoring(partitions) => {
                    let partitions = partitions.clone();
                    self.restore(&partitions)?
                }
                Phase::Processing => self.process()?,
            };
            if let Err(reason) = turn {
                return Ok(End::Renew(reason));
            }
        }
        Ok(End::Stopped)
    }

    fn change(&mut self, change: Change) {
        for partition in std::mem::take(&mut self.owned) {
            self.machine.close(partition);
        }
        self.phase = match change {
            Change::Assigned(partitions) => {
                tracing::info!(?partitions, "partitions assigned");
                self.owned.clone_from(&partitions);
                Phase::Restoring(partitions)
            }
            Change::Revoked => {
                tracing::info!("partitions revoked");
                Phase::Waiting
            }
        };
        self.processor.observe.owned(0);
        self.processor.observe.held_up(Some("waiting for the group to assign partitions"));
    }

    /// Serves the group where there is nothing to process.
    fn idle(&self) -> Result<(), String> {
        match self.consumer.poll(IDLE_WAIT) {
            Polled::Broken(reason) => Err(reason),
            Polled::Nothing | Polled::Message(_) => Ok(()),
        }
    }

    /// Serves the group in the midst of something else. Whatever is fetched is fetched again later.
    pub(super) fn keep_alive(&self, wait: Duration) -> bool {
        if let Polled::Broken(reason) = self.consumer.poll(wait) {
            tracing::warn!(reason, "the consumer is broken");
        }
        !self.consumer.has_changes() && !(self.stop)(Duration::ZERO)
    }

    fn restore(&mut self, partitions: &[u32]) -> Result<Result<(), String>, ProcessorError> {
        // Nothing is done where the producer is ready already.
        if let Err(failure) = self.producer.prepare() {
            tracing::warn!(%failure, "no transaction can be begun yet");
            self.processor.observe.held_up(Some("waiting for the transaction coordinator"));
            self.keep_alive(RETRY_PAUSE);
            return Ok(Ok(()));
        }
        self.processor.observe.held_up(Some("bringing the state up to the log"));
        let began = clock::now();
        match restore::restore(self, partitions) {
            Ok(Some(restored)) => {
                if let Err(failure) = self.fetch_on() {
                    return Ok(Err(failure));
                }
                self.processor.observe.restored(restored, clock::now() - began);
                self.processor.observe.owned(partitions.len());
                self.processor.observe.held_up(None);
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
            Ok(None) => {
                self.keep_alive(IDLE_WAIT);
                Ok(Ok(()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Fetches every open partition from where its state ends.
    fn fetch_on(&self) -> Result<(), String> {
        let cursors = self
            .owned
            .iter()
            .filter_map(|partition| Some((*partition, self.machine.cursor(*partition)?.next_command_offset)));
        self.consumer.fetch_from(&cursors.collect()).map_err(|failure| failure.to_string())
    }

    fn process(&mut self) -> Result<Result<(), String>, ProcessorError> {
        let consumer = self.consumer;
        let messages = match self.gather(consumer) {
            Ok(messages) => messages,
            Err(reason) => return Ok(Err(reason)),
        };
        if messages.is_empty() || self.consumer.has_changes() {
            return Ok(Ok(()));
        }
        self.unreadable.clear();
        let mut rest = &messages[..];
        while !rest.is_empty() {
            let incoming: Vec<_> = rest.iter().map(incoming_of).collect();
            match self.decide(&incoming)? {
                Some(batch) => {
                    let consumed = batch.consumed;
                    match self.execute(batch, &rest[..consumed], &incoming[..consumed])? {
                        Progress::Done => rest = &rest[consumed..],
                        Progress::Rewind => return Ok(self.fetch_on()),
                        Progress::Restore => {
                            for partition in &self.owned {
                                self.machine.close(*partition);
                            }
                            self.phase = Phase::Restoring(self.owned.clone());
                            return Ok(Ok(()));
                        }
                    }
                }
                None => return Ok(self.fetch_on()),
            }
        }
        Ok(Ok(()))
    }

    /// Waits for a command, then takes what has gathered meanwhile; within the pace also what still comes.
    fn gather(&self, consumer: &'l GroupConsumer) -> Result<Vec<BorrowedMessage<'l>>, String> {
        let configuration = &self.processor.configuration;
        let mut messages = Vec::new();
        let mut bytes = 0;
        while messages.len() < configuration.batch_records_max && bytes < BATCH_VALUE_BYTES_MAX {
            let wait = if messages.is_empty() {
                IDLE_WAIT
            } else {
                configuration.pace.saturating_sub(clock::now() - self.begun)
            };
            match consumer.poll(wait) {
                Polled::Message(message) => {
                    bytes += message.payload_len();
                    messages.push(message);
                }
                Polled::Nothing if wait.is_zero() || messages.is_empty() => break,
                Polled::Nothing => {}
                Polled::Broken(reason) => return Err(reason),
            }
        }
        Ok(messages)
    }

    /// `None` when the messages must be fetched again.
    fn decide(&mut self, incoming: &[Incoming<'_>]) -> Result<Option<Batch>, ProcessorError> {
        loop {
            let processor = &mut *self.processor;
            match self
                .machine
                .decide(&processor.store, &mut processor.codec, incoming, &self.unreadable)
            {
                Ok(batch) => return Ok(Some(batch)),
                Err(StepError::UnknownSchema { schema_id, .. }) => {
                    if !self.learn(schema_id) {
                        return Ok(None);
                    }
                }
                Err(StepError::Read { error, .. }) => return Err(error.into()),
                Err(error @ (StepError::WentBack { .. } | StepError::NotOpen { .. })) => {
                    tracing::warn!(%error, "commands are fetched again");
                    return Ok(None);
                }
            }
        }
    }

    /// Makes a schema known, or known to be unreadable. `false` after a wait in which the fetched messages were dropped.
    fn learn(&mut self, schema_id: u32) -> bool {
        let mut waited = false;
        loop {
            let processor = &mut *self.processor;
            match processor.schemas.schema(schema_id) {
                Ok(Some(json)) => {
                    if let Err(reason) = processor.codec.learn(schema_id, &json) {
                        self.unreadable.insert(schema_id, reason);
                    }
                }
                Ok(None) => {
                    self.unreadable.insert(schema_id, "the registry knows no such schema".to_owned());
                }
                Err(error) => {
                    tracing::warn!(%error, schema_id, "waiting for the schema registry");
                    processor.observe.trouble(Trouble::RegistryAway);
                    processor.observe.held_up(Some("the schema registry cannot be reached"));
                    // Nothing is fetched meanwhile, so that the group can be served.
                    if !waited && self.consumer.fetch_from(&BTreeMap::new()).is_err() {
                        return false;
                    }
                    waited = true;
                    if !self.keep_alive(RETRY_PAUSE) {
                        return false;
                    }
                    continue;
                }
            }
            if waited {
                self.processor.observe.held_up(None);
            }
            return !waited;
        }
    }

    fn execute(&mut self, batch: Batch, messages: &[BorrowedMessage<'_>], incoming: &[Incoming<'_>]) -> Result<Progress, ProcessorError> {
        self.begun = clock::now();
        match self.producer.execute(&self.processor.topology, &batch, messages, self.consumer) {
            Ok(delivered) => {
                let tally = batch.tally;
                for outgoing in &batch.outgoing {
                    if let Outgoing::DeadLetter { incoming: index, reason } = outgoing {
                        let record = &incoming[*index];
                        tracing::warn!(partition = record.partition, offset = record.offset, %reason, "dead letter");
                        self.processor.observe.dead_letter(reason.kind());
                    }
                }
                let mutations = self.machine.committed(batch, &delivered);
                self.processor.store.apply(&mutations)?;
                let oldest_ms = incoming.iter().map(|record| record.timestamp_ms).min().unwrap_or(0);
                self.processor.observe.committed(&tally, clock::now() - self.begun, oldest_ms);
                let (bytes, aggregates) = self.machine.cache_size();
                self.processor.observe.cache(bytes, aggregates);
                Ok(Progress::Done)
            }
            Err(NotCommitted::Aborted(reason)) => {
                tracing::warn!(reason, "transaction aborted; its commands are decided again");
                self.machine.aborted(batch);
                self.processor.observe.trouble(Trouble::TransactionAborted);
                Ok(Progress::Rewind)
            }
            Err(NotCommitted::Doubtful(reason)) => {
                tracing::warn!(reason, "transaction in doubt; a new producer, and the log, will tell");
                self.machine.aborted(batch);
                self.processor.observe.trouble(Trouble::ProducerRenewed);
                Ok(Progress::Restore)
            }
        }
    }
}

fn incoming_of<'m>(message: &'m BorrowedMessage<'_>) -> Incoming<'m> {
    let mut incoming = Incoming {
        partition: message.partition().cast_unsigned(),
        offset: message.offset(),
        timestamp_ms: message.timestamp().to_millis().unwrap_or(0),
        key: message.key(),
        value: message.payload(),
        content_type: None,
        forwarded: false,
    };
    if let Some(headers) = message.headers() {
        for header in headers.iter() {
            match header.key {
                "content-type" => incoming.content_type = header.value,
                FORWARDED_FROM => incoming.forwarded = true,
                _ => {}
            }
        }
    }
    incoming
}
