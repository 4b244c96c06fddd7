//! One transaction at a time on one producer: every call in finite slices, with a deadline over all of them.

mod deliveries;
mod records;

use super::consumer::GroupConsumer;
use super::{Configuration, ProcessorError};
use crate::Settings;
use crate::clock::Deadline;
use crate::failure::Failure;
use crate::raw::{SendOffsetsError, flush, send_offsets};
use decider::{Batch, Outgoing};
use deliveries::{Delivered, Deliveries};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::producer::{Producer, ThreadedProducer};
pub(super) use records::FORWARDED_FROM;
use records::record_of;
use std::time::Duration;
use topology::Topology;

/// All of a transaction, from its begin to the answer to its commit; a little less than its timeout at the broker.
const TRANSACTION_WAIT_MAX: Duration = Duration::from_secs(9);
/// One call into the client.
const SLICE: Duration = Duration::from_millis(1000);
/// How long a transaction that cannot be committed is tried to be aborted before its producer is given up.
const ABORT_WAIT_MAX: Duration = Duration::from_secs(3);
/// Between two tries to put a record into a full queue.
const QUEUE_FULL_PAUSE: Duration = Duration::from_millis(5);

/// Why a transaction did not commit.
#[derive(Debug)]
pub(crate) enum NotCommitted {
    /// It was aborted: nothing of it will be seen. The producer goes on.
    Aborted(String),
    /// It may have committed or not, or the producer is of no use any more: only the log can tell.
    Doubtful(String),
}

/// The producer of this instance, or the wish for one. A thread of the client serves the delivery reports.
pub(crate) struct TransactionalProducer {
    settings: Settings,
    transactional_id: String,
    client: Option<ThreadedProducer<Deliveries>>,
    ready: bool,
}

impl TransactionalProducer {
    pub(crate) fn new(settings: &Settings, configuration: &Configuration) -> Result<Self, ProcessorError> {
        let transactional_id = format!("{}-{}", configuration.group, configuration.instance_id);
        let mut producer = Self {
            settings: settings.clone(),
            transactional_id,
            client: None,
            ready: false,
        };
        producer.create().map_err(ProcessorError::Client)?;
        Ok(producer)
    }

    pub(crate) fn transactional_id(&self) -> &str {
        &self.transactional_id
    }

    fn create(&mut self) -> Result<(), Failure> {
        let config = self.settings.transactional_producer(&self.transactional_id);
        self.client = Some(
            config
                .create_with_context(Deliveries::default())
                .map_err(|error| Failure::of(&error))?,
        );
        Ok(())
    }

    /// Tries for one slice to have a producer that can begin transactions. Whatever the one before left open is aborted by that.
    pub(crate) fn prepare(&mut self) -> Result<(), Failure> {
        if self.ready {
            return Ok(());
        }
        if self.client.is_none() {
            self.create()?;
        }
        let Some(client) = &self.client else { return Ok(()) };
        match client.init_transactions(SLICE) {
            Ok(()) => {
                self.ready = true;
                Ok(())
            }
            Err(error) => {
                let failure = Failure::of(&error);
                if !failure.retriable {
                    self.discard();
                }
                Err(failure)
            }
        }
    }

    /// Gives the producer up; the next one gets a new epoch, which fences every request of this one that is still under way.
    pub(crate) fn discard(&mut self) {
        self.client = None;
        self.ready = false;
    }

    pub(crate) fn close(self) {
        drop(self.client);
    }

    /// Writes a batch and commits it together with the offsets of the commands that it answers.
    pub(crate) fn execute(
        &mut self,
        topology: &Topology,
        batch: &Batch,
        incoming: &[BorrowedMessage<'_>],
        consumer: &GroupConsumer,
    ) -> Result<Delivered, NotCommitted> {
        let Some(client) = self.client.as_ref().filter(|_| self.ready) else {
            return Err(NotCommitted::Doubtful("there is no producer".to_owned()));
        };
        client.context().reset();
        let deadline = Deadline::after(TRANSACTION_WAIT_MAX);
        let transaction = Transaction { client, deadline };
        let written = transaction.write(topology, batch, incoming, consumer, &self.transactional_id);
        let committed = match written {
            Ok(()) => transaction.commit(),
            Err(step) => Err(step),
        };
        let outcome = match committed {
            Ok(()) => return Ok(client.context().take()),
            Err(Step::Abort(reason)) => transaction.abort(reason),
            Err(Step::Doubt(reason)) => NotCommitted::Doubtful(reason),
        };
        if matches!(outcome, NotCommitted::Doubtful(_)) {
            self.discard();
        }
        Err(outcome)
    }
}

/// What a step that failed asks for.
enum Step {
    Abort(String),
    Doubt(String),
}

impl Step {
    fn of(what: &str, failure: &Failure) -> Self {
        let reason = format!("{what}: {failure}");
        if failure.fatal { Self::Doubt(reason) } else { Self::Abort(reason) }
    }
}

struct Transaction<'t> {
    client: &'t ThreadedProducer<Deliveries>,
    deadline: Deadline,
}

impl Transaction<'_> {
    fn write(
        &self,
        topology: &Topology,
        batch: &Batch,
        incoming: &[BorrowedMessage<'_>],
        consumer: &GroupConsumer,
        transactional_id: &str,
    ) -> Result<(), Step> {
        self.client
            .begin_transaction()
            .map_err(|error| Step::Doubt(format!("begin: {error}")))?;
        for outgoing in &batch.outgoing {
            self.produce(topology, batch, outgoing, incoming)?;
        }
        let offsets = batch.next_command_offsets().collect();
        let offsets = consumer
            .list(&offsets, transactional_id)
            .map_err(|failure| Step::of("offsets", &failure))?;
        loop {
            match send_offsets(self.client, &consumer.client, &offsets, SLICE.min(self.deadline.left())) {
                Ok(()) => return Ok(()),
                Err(SendOffsetsError::Unfenced) => return Err(Step::Abort("this consumer is no member of the group now".to_owned())),
                Err(SendOffsetsError::Kafka(failure)) if failure.retriable && !self.deadline.is_over() => {}
                Err(SendOffsetsError::Kafka(failure)) => return Err(Step::of("send offsets", &failure)),
            }
        }
    }

    fn produce(&self, topology: &Topology, batch: &Batch, outgoing: &Outgoing, incoming: &[BorrowedMessage<'_>]) -> Result<(), Step> {
        let mut record = record_of(topology, batch, outgoing, incoming);
        loop {
            match self.client.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), returned)) if !self.deadline.is_over() => {
                    self.client.poll(QUEUE_FULL_PAUSE);
                    record = returned;
                }
                Err((error, _)) => return Err(Step::of("produce", &Failure::of(&error))),
            }
        }
    }

    fn commit(&self) -> Result<(), Step> {
        while !flush(self.client, SLICE.min(self.deadline.left())) {
            if self.deadline.is_over() {
                return Err(Step::Abort("some records were not acknowledged in time".to_owned()));
            }
        }
        loop {
            match self.client.commit_transaction(SLICE.min(self.deadline.left())) {
                Ok(()) => {
                    return match self.client.context().failure() {
                        None => Ok(()),
                        Some(reason) => Err(Step::Doubt(format!("committed, though a record was not written: {reason}"))),
                    };
                }
                Err(error) => {
                    let failure = Failure::of(&error);
                    let again = failure.retriable || matches!(error, KafkaError::Flush(RDKafkaErrorCode::OperationTimedOut));
                    if failure.abortable {
                        return Err(Step::Abort(format!("commit: {failure}")));
                    }
                    if failure.fatal || !again || self.deadline.is_over() {
                        return Err(Step::Doubt(format!("commit: {failure}")));
                    }
                }
            }
        }
    }

    fn abort(&self, reason: String) -> NotCommitted {
        let deadline = Deadline::after(ABORT_WAIT_MAX);
        // An abort that overtakes the requests of its own transaction is fatal (librdkafka#4849): let them arrive first.
        if !flush(self.client, SLICE.min(deadline.left())) {
            return NotCommitted::Doubtful(format!("{reason}; what was written could not be flushed before the abort"));
        }
        loop {
            match self.client.abort_transaction(SLICE.min(deadline.left())) {
                Ok(()) => return NotCommitted::Aborted(reason),
                Err(error) => {
                    let failure = Failure::of(&error);
                    if !failure.retriable || deadline.is_over() {
                        return NotCommitted::Doubtful(format!("{reason}; abort: {failure}"));
                    }
                }
            }
        }
    }
}
