//! Batch by batch: commands are fetched, decided, written in one transaction, and kept in the state.

use super::looking::LOOK_EVERY;
use super::looking::OutcomesLooked;
use super::transaction_sizing::Remedy;
use super::{IDLE_WAIT, Phase, Session};
use crate::clock::{self, Deadline};
use crate::processor::consumer::{GroupConsumer, Polled};
use crate::processor::transaction::{Around, Delivered, Fetched, NotCommitted, bytes_of, fetched, shortened};
use crate::processor::wiring::Wiring;
use crate::processor::{End, Observe, Point, Processor, ProcessorError, TransientFault};
use decider::{Batch, Incoming, Outgoing};
use keyvalue::Write;
use rdkafka::message::BorrowedMessage;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Bytes of commands in one transaction.
const BATCH_COMMAND_BYTES_MAX: usize = 8 << 20;
/// A process is not ready after so many transactions that failed in a row.
const HELD_UP_AFTER: u32 = 3;

/// What came of a batch of messages.
enum Progress {
    Done,
    /// The messages must be fetched again.
    Rewind,
    /// The state must be compared with the log.
    Restore,
}

impl<'s, W: Wiring> Session<'s, W> {
    pub(super) fn process(&mut self) -> Result<Result<(), End>, ProcessorError> {
        if let Some(held) = self.hold_back() {
            return Ok(held);
        }
        if self.try_stopped_again() {
            return Ok(self.fetch_on());
        }
        if matches!(self.phase, Phase::Restoring(_)) {
            return Ok(Ok(()));
        }
        match self.look_at_outcomes() {
            OutcomesLooked::AsBefore => {}
            OutcomesLooked::Fetch => return Ok(self.fetch_on()),
            OutcomesLooked::Restore => {
                self.restore_all();
                return Ok(Ok(()));
            }
        }
        if self.searched.is_over() && self.consumer.take_unreadable() {
            self.set_unreadable_aside();
            // The group was served meanwhile, and what that brought was dropped.
            return Ok(self.fetch_on());
        }
        let consumer = self.consumer;
        if let Err(end) = self.unpark() {
            return Ok(Err(end));
        }
        let gathered = self.gather(consumer);
        self.look_whether_denied();
        let gathered = gathered.and_then(|messages| self.park(messages));
        let messages = match gathered {
            Ok(messages) => messages,
            Err(end) => return Ok(Err(end)),
        };
        if messages.is_empty() {
            return Ok(self.look_at_ends());
        }
        self.looked = Deadline::after(LOOK_EVERY);
        if self.consumer.has_changes() {
            return Ok(Ok(()));
        }
        let observe = &self.processor.observe;
        let looked_through = messages.iter().map(fetched);
        let (incoming, fetched): (Vec<_>, Vec<_>) = looked_through
            .map(|(incoming, fetched)| (incoming, fetched.observed_by(observe)))
            .unzip();
        let (mut incoming, mut fetched) = (&incoming[..], &fetched[..]);
        while !incoming.is_empty() {
            let share = self.sizing.share(incoming);
            let began = clock::now();
            match self.decide(&incoming[..share])? {
                Some(batch) => {
                    let consumed = batch.consumed;
                    match self.execute(batch, &fetched[..consumed], &incoming[..consumed], began)? {
                        Progress::Done => (incoming, fetched) = (&incoming[consumed..], &fetched[consumed..]),
                        Progress::Rewind => return Ok(self.fetch_on()),
                        Progress::Restore => {
                            self.restore_all();
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
    fn gather(&self, consumer: &'s GroupConsumer) -> Result<Vec<BorrowedMessage<'s>>, End> {
        let configuration = &self.processor.configuration;
        let mut messages = Vec::new();
        let mut bytes = 0;
        while messages.len() < configuration.batch_records_max && bytes < BATCH_COMMAND_BYTES_MAX {
            let wait = if messages.is_empty() {
                IDLE_WAIT
            } else {
                configuration.pace.saturating_sub(clock::now() - self.begun)
            };
            match consumer.poll(wait) {
                // Of a partition that waits, what was fetched before it did is fetched again later.
                Polled::Message(message) if self.is_parked(&message) => {}
                Polled::Message(message) => {
                    bytes += bytes_of(&message);
                    messages.push(message);
                }
                Polled::Nothing if wait.is_zero() || messages.is_empty() => break,
                Polled::Nothing => {}
                Polled::Over(end) => return Err(end),
            }
        }
        Ok(messages)
    }

    /// Writes a batch that was decided from `began` on.
    fn execute(
        &mut self,
        batch: Batch,
        fetched: &[Fetched<'_>],
        incoming: &[Incoming<'_>],
        began: Instant,
    ) -> Result<Progress, ProcessorError> {
        self.begun = clock::now();
        let offsets = self.offsets_of(&batch, incoming);
        let Processor { topology, observe, .. } = &*self.processor;
        let around = Around {
            consumer: self.consumer,
            observe,
            stop: self.stop,
        };
        match self.producer.execute(topology, &batch, fetched, &offsets, &around) {
            Ok(delivered) => {
                self.tell_traced(&batch, fetched, self.begun - began);
                self.note_decided(&batch, incoming);
                self.committed.extend(offsets);
                self.keep(batch, &delivered, incoming)?;
                self.went_well(incoming);
                Ok(if self.is_producer_ready() {
                    Progress::Done
                } else {
                    Progress::Restore
                })
            }
            Err(not_committed) => Ok(self.failed(batch, not_committed, incoming)),
        }
    }

    /// A transaction has failed: its commands are decided again, later, fewer at a time, or without the partition of the one that failed alone.
    fn failed(&mut self, batch: Batch, not_committed: NotCommitted, incoming: &[Incoming<'_>]) -> Progress {
        self.machine.aborted(batch);
        let observe = &self.processor.observe;
        let (reason, is_doubtful) = match not_committed {
            NotCommitted::Aborted(reason) => {
                tracing::warn!(
                    reason = reason.text,
                    commands = incoming.len(),
                    "transaction aborted; its commands are decided again"
                );
                observe.trouble(TransientFault::TransactionAborted);
                (reason, false)
            }
            NotCommitted::Doubtful(reason) => {
                tracing::warn!(reason = reason.text, "transaction in doubt; a new producer, and the log, will tell");
                observe.trouble(TransientFault::TransactionInDoubt);
                observe.trouble(TransientFault::ProducerRenewed);
                (reason, true)
            }
        };
        let remedy = self.sizing.failed(incoming, reason.cause);
        let failed = self.sizing.failed_in_a_row();
        observe.failed_in_a_row(failed);
        match remedy {
            Remedy::SetAside(place) => self.set_aside_for_a_while(place, &reason),
            Remedy::Again => {
                if failed >= HELD_UP_AFTER {
                    observe.held_up(Some(&format!("the last {failed} transactions failed: {}", reason.text)));
                }
                self.rest(self.sizing.pause());
            }
        }
        if !is_doubtful && self.is_producer_ready() {
            Progress::Rewind
        } else {
            Progress::Restore
        }
    }

    /// Serves the group for so long, and fetches nothing; shorter where the group changes or the process is to stop.
    fn rest(&self, pause: Duration) {
        let deadline = Deadline::after(pause);
        if deadline.is_over() || self.consumer.fetch_from(&BTreeMap::new()).is_err() {
            return;
        }
        while !deadline.is_over() && self.keep_alive(IDLE_WAIT.min(deadline.left())) {}
    }

    /// What Kafka has committed goes into the state.
    fn keep(&mut self, batch: Batch, delivered: &Delivered, incoming: &[Incoming<'_>]) -> Result<(), ProcessorError> {
        self.processor.observe.reached(Point::Committed);
        let tally = batch.tally;
        self.say_forwarded(&batch.outgoing, incoming);
        let Processor { observe, store, .. } = &*self.processor;
        for outgoing in &batch.outgoing {
            if let Outgoing::DeadLetter {
                incoming: index, reason, ..
            } = outgoing
            {
                let record = &incoming[*index];
                let said = reason.to_string();
                let (partition, offset, reason_text) = (record.partition, record.offset, shortened(&said));
                tracing::warn!(partition, offset, reason = reason_text, "dead letter");
                observe.dead_letter(reason.kind());
            }
        }
        let decided = self.last_decided(&batch);
        let mut mutations = self.machine.committed(batch, delivered);
        mutations.extend(decided);
        store.apply(&mutations)?;
        observe.reached(Point::Stored);
        let oldest_ms = incoming.iter().map(|record| record.timestamp_ms).min().unwrap_or(0);
        observe.committed(&tally, clock::now() - self.begun, oldest_ms);
        let (bytes, aggregates) = self.machine.cache_size();
        observe.cache(bytes, aggregates);
        Ok(())
    }

    fn went_well(&mut self, incoming: &[Incoming<'_>]) {
        let had_failed = self.sizing.failed_in_a_row();
        self.sizing.committed(incoming, clock::now() - self.begun);
        let has_healed = self.heal(incoming);
        if had_failed > 0 {
            self.processor.observe.failed_in_a_row(0);
        }
        if has_healed || had_failed >= HELD_UP_AFTER {
            self.tell_what_holds_up();
        }
    }

    /// A producer that was given up after a transaction is replaced at once: that takes a fraction of a second as a rule.
    fn is_producer_ready(&mut self) -> bool {
        if self.producer.is_ready() {
            return true;
        }
        self.processor.observe.trouble(TransientFault::ProducerRenewed);
        self.producer.prepare()
    }
}
