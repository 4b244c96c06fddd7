//! One transaction at a time on one producer: every call in finite slices, with a deadline over all of them.

mod around;
mod carried;
mod coordinator;
mod deliveries;
mod failing;
mod letter;
mod open;
mod records;
mod settling;

use super::{Configuration, Guards, Observe, ProcessorError, TransientFault};
use crate::Settings;
use crate::clock::{self, Deadline};
use crate::closing::close_aside;
use crate::committed::Committed;
use crate::failure::Failure;
use crate::stopping::Stopping;
pub(super) use around::Around;
pub(super) use coordinator::init_transactions;
use decider::{Batch, WrittenWith};
pub(super) use deliveries::Delivered;
use deliveries::Deliveries;
use failing::Ending;
pub(super) use failing::{FailureCause, NotCommitted, Reason};
pub(super) use letter::shortened;
use open::Transaction;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::{Producer, ThreadedProducer};
pub(super) use records::{CONTENT_TYPE, DEAD_LETTER, Fetched, TYPE, bytes_of, fetched};
use records::{RecordHeaders, ValueHeaders};
use settling::Settling;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use topology::Topology;

/// All of a transaction, from its begin to the answer to its commit; a little less than its timeout at the broker.
const TRANSACTION_WAIT_MAX: Duration = Duration::from_secs(9);
/// A producer that is not ready by then is recreated: one was silent for good after its broker had been killed while it asked for the
/// coordinator.
const PREPARE_WAIT_MAX: Duration = Duration::from_secs(10);
/// One call into the client.
const SLICE: Duration = Duration::from_millis(1000);

/// The producer of this instance, or the wish for one. A thread of the client serves the delivery reports.
pub(crate) struct TransactionalProducer {
    settings: Settings,
    transactional_id: String,
    /// What is written to.
    topics: Vec<String>,
    guards: Guards,
    /// The transactional id and the session: see the header `owner`.
    owner: String,
    /// Id of the commands topic: see the header `command`.
    commands_topic_id: String,
    values: ValueHeaders,
    client: Option<Arc<ThreadedProducer<Deliveries>>>,
    ready: bool,
    /// Until when the client is waited for.
    patience: Deadline,
    /// Why there is no ready client, as far as is known.
    hindrance: Option<String>,
    /// The coordinator is done with a transaction a moment after it has said so.
    settling: Settling,
}

impl TransactionalProducer {
    pub(crate) fn new(settings: &Settings, configuration: &Configuration, topology: &Topology) -> Result<Self, ProcessorError> {
        let transactional_id = format!("{}-{}", configuration.group, configuration.instance_id);
        let mut producer = Self {
            settings: settings.clone(),
            owner: String::new(),
            commands_topic_id: String::new(),
            transactional_id,
            topics: topology.topics().map(|topic| topic.name.clone()).to_vec(),
            guards: configuration.guards,
            client: None,
            ready: false,
            patience: Deadline::after(PREPARE_WAIT_MAX),
            hindrance: None,
            settling: Settling::new(),
            values: ValueHeaders::default(),
        };
        producer.create().map_err(ProcessorError::Client)?;
        Ok(producer)
    }

    /// The same, whose records say in headers what their values are.
    pub(crate) fn writing(mut self, written: WrittenWith) -> Self {
        self.values = ValueHeaders::of(written);
        self
    }

    pub(crate) fn transactional_id(&self) -> &str {
        &self.transactional_id
    }

    fn create(&mut self) -> Result<(), Failure> {
        let config = self.settings.transactional_producer(&self.transactional_id);
        let client: ThreadedProducer<Deliveries> = config
            .create_with_context(Deliveries::default())
            .map_err(|error| Failure::of(&error))?;
        client.context().logging.watch(client.client(), &config);
        self.client = Some(Arc::new(client));
        self.patience = Deadline::after(PREPARE_WAIT_MAX);
        Ok(())
    }

    /// From now on outcomes say that they are of another session, after a take-over: of these commands.
    pub(crate) fn begin_session_on(&mut self, commands_topic_id: &str) {
        commands_topic_id.clone_into(&mut self.commands_topic_id);
        self.begin_session();
    }

    /// The same of a new producer.
    fn begin_session(&mut self) {
        self.owner = format!("{}/{:x}", self.transactional_id, clock::unix_us());
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.ready
    }

    /// Tries for one slice to have a producer that can begin transactions, and returns whether there is one. Whatever the one before left open
    /// is aborted by that.
    pub(crate) fn prepare(&mut self) -> bool {
        if !self.ready
            && let Err(failure) = self.initialise()
        {
            tracing::warn!(%failure, "no transaction can be begun yet");
            // That a call took too long says less than the connection that failed meanwhile.
            let is_late = failure.code == RDKafkaErrorCode::OperationTimedOut;
            let last = self
                .client
                .as_ref()
                .and_then(|client| client.context().logging.last_error(PREPARE_WAIT_MAX));
            self.hindrance = Some(last.filter(|_| is_late).unwrap_or_else(|| failure.to_string()));
        }
        self.ready
    }

    /// Why no transaction can be begun, after [`Self::prepare`] has said so.
    pub(crate) fn hindrance(&self) -> &str {
        self.hindrance.as_deref().unwrap_or("no answer yet")
    }

    fn initialise(&mut self) -> Result<(), Failure> {
        if self.client.is_none() {
            self.create()?;
        }
        let Some(client) = &self.client else { return Ok(()) };
        match init_transactions(&**client, &self.topics, SLICE) {
            Ok(()) => {
                self.ready = true;
                self.begin_session();
                Ok(())
            }
            Err(failure) => {
                if !failure.retriable || self.patience.is_over() {
                    self.discard();
                }
                Err(failure)
            }
        }
    }

    /// Gives the producer up; the next one gets a new epoch, which fences every request of this one that is still under way.
    pub(crate) fn discard(&mut self) {
        if let Some(client) = self.client.take() {
            close_aside(client);
        }
        self.ready = false;
    }

    /// Writes a batch and commits it together with `offsets`, those of the commands that it answers.
    ///
    /// Afterwards the producer may not be ready any more, even where all went well: see [`Self::prepare`].
    pub(crate) fn execute(
        &mut self,
        topology: &Topology,
        batch: &Batch,
        incoming: &[Fetched<'_>],
        offsets: &BTreeMap<u32, Committed>,
        around: &Around<'_, impl Observe>,
    ) -> Result<Delivered, NotCommitted> {
        let observe = around.observe;
        let Some(client) = self.client.as_ref().filter(|_| self.ready) else {
            return Err(NotCommitted::Doubtful(Reason {
                text: "there is no producer".to_owned(),
                cause: FailureCause::Passing,
            }));
        };
        client.context().reset();
        clock::rest(self.settling.left(clock::now()));
        let deadline = Deadline::after(TRANSACTION_WAIT_MAX);
        let guards = self.guards;
        let transaction = Transaction {
            client,
            common: RecordHeaders {
                owner: &self.owner,
                commands_topic_id: &self.commands_topic_id,
                values: &self.values,
            },
            deadline,
            stopping: Stopping::new(around.stop),
            guards,
            acknowledged_after: Cell::new(None),
            ending_since: Cell::new(None),
            sending_took: Cell::new(Duration::ZERO),
        };
        let written = transaction.write(topology, batch, incoming, offsets, around);
        let outcome = match written.and_then(|()| transaction.commit()) {
            Ok(()) => Ok(client.context().take()),
            Err(step) => {
                let step = step.naming_topics(topology, &batch.outgoing);
                step.trouble.into_iter().for_each(|trouble| observe.trouble(trouble));
                // The report of a record says more than the call that failed for it.
                let refused = client.context().failure();
                let refused = refused.filter(|failure| failure.cause != FailureCause::Passing);
                let reason = refused.unwrap_or(step.reason);
                match step.ending {
                    Ending::Abort => Err(transaction.abort(reason)),
                    Ending::Doubt => Err(NotCommitted::Doubtful(reason)),
                }
            }
        };
        self.settling.ended(clock::now(), transaction.acknowledged_after.get());
        // A request that was repeated may arrive in a later transaction: an EndTxn ends it, and offsets take those of then back.
        let repeated_after = self.settings.retry_backoff_min();
        let ending_took = transaction.ending_since.get().map_or(Duration::ZERO, |since| clock::now() - since);
        let sending_took = transaction.sending_took.get();
        let is_slow = ending_took.max(sending_took) >= repeated_after;
        if matches!(outcome, Err(NotCommitted::Doubtful(_))) {
            self.discard();
        } else if guards.renews_after_slow_end && is_slow {
            tracing::warn!(
                offsets_ms = sending_took.as_millis(),
                end_ms = ending_took.as_millis(),
                "offsets or the end of a transaction took long enough to have been sent twice; a new producer goes on"
            );
            observe.trouble(TransientFault::SlowEnd);
            self.discard();
        }
        outcome
    }
}

#[cfg(test)]
mod tests;
