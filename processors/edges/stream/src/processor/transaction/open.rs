//! A transaction that is open: its records, then its offsets, then its end.

use super::SLICE;
use super::around::Around;
use super::deliveries::Deliveries;
use super::failing::{Ending, FailureCause, NotCommitted, Reason, Step, not_produced};
use super::records::{Fetched, RecordHeaders, record_of};
use crate::clock::{self, Deadline};
use crate::committed::Committed;
use crate::failure::Failure;
use crate::processor::consumer::GroupConsumer;
use crate::processor::sending::{NotSent, send_offsets};
use crate::processor::{Guards, Observe, Point, TransientFault};
use crate::raw::flush;
use crate::stopping::Stopping;
use decider::{Batch, Outgoing};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{Producer, ThreadedProducer};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use topology::Topology;

/// How long a transaction that cannot be committed is tried to be aborted before its producer is given up.
const ABORT_WAIT_MAX: Duration = Duration::from_secs(3);
/// Between two tries to put a record into a full queue.
const QUEUE_FULL_PAUSE: Duration = Duration::from_millis(5);

pub(super) struct Transaction<'t> {
    pub(super) client: &'t Arc<ThreadedProducer<Deliveries>>,
    pub(super) common: RecordHeaders<'t>,
    pub(super) deadline: Deadline,
    pub(super) stopping: Stopping<'t>,
    pub(super) guards: Guards,
    /// What it took from the last record until all were acknowledged.
    pub(super) acknowledged_after: Cell<Option<Duration>>,
    /// When the client was first asked to commit or abort.
    pub(super) ending_since: Cell<Option<Instant>>,
    /// What sending the offsets took.
    pub(super) sending_took: Cell<Duration>,
}

impl Transaction<'_> {
    /// What is left of the transaction's time.
    fn left(&self) -> Duration {
        self.stopping.left(self.deadline)
    }

    fn is_over(&self) -> bool {
        self.left().is_zero()
    }

    pub(super) fn write(
        &self,
        topology: &Topology,
        batch: &Batch,
        incoming: &[Fetched<'_>],
        offsets: &BTreeMap<u32, Committed>,
        around: &Around<'_, impl Observe>,
    ) -> Result<(), Step> {
        let Around { consumer, observe, .. } = around;
        self.client
            .begin_transaction()
            .map_err(|error| Step::of("begin", &Failure::of(&error)).in_doubt())?;
        observe.reached(Point::Begun);
        for outgoing in &batch.outgoing {
            self.produce(topology, batch, outgoing, incoming)?;
        }
        observe.reached(Point::Produced);
        self.acknowledged()?;
        let sending = clock::now();
        let sent = self.send_offsets(offsets, consumer);
        self.sending_took.set(clock::now() - sending);
        sent?;
        observe.reached(Point::OffsetsSent);
        Ok(())
    }

    fn send_offsets(&self, offsets: &BTreeMap<u32, Committed>, consumer: &GroupConsumer) -> Result<(), Step> {
        let refused = |trouble, reason: &str| Step {
            trouble: Some(trouble),
            ..Step::new(Ending::Abort, FailureCause::Passing, reason.to_owned())
        };
        if self.guards.sends_owned_only && !consumer.owns(offsets.keys()) {
            return Err(refused(TransientFault::NotOwned, "a partition of the batch is not owned now"));
        }
        let offsets = consumer.signed(offsets).map_err(|failure| Step::of("offsets", &failure))?;
        let member_only = self.guards.sends_as_member_only;
        let sent = send_offsets(self.client, &consumer.client, &offsets, member_only, SLICE, &|| self.left());
        sent.map_err(|not_sent| match not_sent {
            NotSent::Unfenced => refused(TransientFault::Unfenced, "this consumer is no member of the group now"),
            NotSent::Kafka(failure) => Step::of("send offsets", &failure),
            NotSent::NoAnswer(reason) => Step::new(Ending::Doubt, FailureCause::Slow, format!("send offsets: {reason}")),
        })
    }

    fn produce(&self, topology: &Topology, batch: &Batch, outgoing: &Outgoing, incoming: &[Fetched<'_>]) -> Result<(), Step> {
        let mut record = record_of(topology, batch, outgoing, incoming, self.common);
        loop {
            match self.client.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), returned)) if !self.is_over() => {
                    self.client.poll(QUEUE_FULL_PAUSE);
                    record = returned;
                }
                Err((error, _)) => return Err(not_produced(&Failure::of(&error), outgoing)),
            }
        }
    }

    /// Waits until every record is acknowledged, and the coordinator with that knows of the transaction.
    fn acknowledged(&self) -> Result<(), Step> {
        let began = clock::now();
        while !flush(&**self.client, SLICE.min(self.left())) {
            self.look_for_failure()?;
            if self.is_over() {
                let text = "some records were not acknowledged in time".to_owned();
                return Err(Step::new(Ending::Abort, FailureCause::Slow, text));
            }
        }
        self.acknowledged_after.set(Some(clock::now() - began));
        Ok(())
    }

    pub(super) fn commit(&self) -> Result<(), Step> {
        self.ending_since.set(Some(clock::now()));
        loop {
            match self.client.commit_transaction(SLICE.min(self.left())) {
                Ok(()) => {
                    return match self.client.context().failure() {
                        None => Ok(()),
                        Some(Reason { text, cause }) => Err(Step::new(
                            Ending::Doubt,
                            cause,
                            format!("committed, though a record was not written: {text}"),
                        )),
                    };
                }
                Err(error) => {
                    let failure = Failure::of(&error);
                    let again = failure.retriable || matches!(error, KafkaError::Flush(RDKafkaErrorCode::OperationTimedOut));
                    if failure.abortable {
                        return Err(Step::of("commit", &failure));
                    }
                    if failure.fatal || !again || self.is_over() {
                        return Err(Step::of("commit", &failure).in_doubt());
                    }
                }
            }
        }
    }

    /// A transaction that has failed already is not flushed: its records wait to be purged. The client says so when it is asked to begin, which
    /// it refuses in any case.
    fn look_for_failure(&self) -> Result<(), Step> {
        match self.client.begin_transaction().map_err(|error| Failure::of(&error)) {
            Err(failure) if failure.abortable || failure.fatal => Err(Step::of("write", &failure)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    pub(super) fn abort(&self, reason: Reason) -> NotCommitted {
        let also = |what: &str| {
            let Reason { text, cause } = &reason;
            let (text, cause) = (format!("{text}; {what}"), *cause);
            NotCommitted::Doubtful(Reason { text, cause })
        };
        let deadline = Deadline::after(ABORT_WAIT_MAX);
        // An abort that overtakes the requests of its own transaction is fatal (librdkafka#4849): let them arrive first.
        if !flush(&**self.client, SLICE.min(self.stopping.left(deadline))) {
            return also("what was written could not be flushed before the abort");
        }
        self.ending_since.set(self.ending_since.get().or(Some(clock::now())));
        loop {
            match self.client.abort_transaction(SLICE.min(self.stopping.left(deadline))) {
                Ok(()) => return NotCommitted::Aborted(reason),
                Err(error) => {
                    let failure = Failure::of(&error);
                    if !failure.retriable || self.stopping.is_over(deadline) {
                        return also(&format!("abort: {failure}"));
                    }
                }
            }
        }
    }
}
