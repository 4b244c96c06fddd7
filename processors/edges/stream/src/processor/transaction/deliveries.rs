//! Where the records of a transaction came to lie, from their delivery reports.

use super::{FailureCause, Reason};
use crate::logging_context::LoggingContext;
use crate::raw::refusal_of;
use rdkafka::client::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::ProducerContext;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// For each partition the offsets after the last event and after the last outcome that were written.
pub(crate) type Delivered = BTreeMap<u32, (Option<i64>, Option<i64>)>;

/// Which offset a delivery report moves on.
#[derive(Clone, Copy)]
pub(super) enum Report {
    Neither = 0,
    Event = 1,
    Outcome = 2,
}

/// For a record that answers the command at this place in the batch, which is of this partition.
pub(super) fn report_to(incoming: usize, partition: i32, report: Report) -> usize {
    (incoming << INCOMING_SHIFT) | ((partition.cast_unsigned() as usize) << PARTITION_SHIFT) | report as usize
}

/// A word has room for both: a partition's number has 32 bits, a batch far fewer commands than the 30 that are left.
const PARTITION_SHIFT: u32 = 2;
const INCOMING_SHIFT: u32 = 34;
const _: () = assert!(usize::BITS == 64);

fn partition_in(opaque: usize) -> u32 {
    u32::try_from((opaque >> PARTITION_SHIFT) & u32::MAX as usize).unwrap_or(u32::MAX)
}

/// Collects where records came to lie.
#[derive(Default)]
pub(super) struct Deliveries {
    written: Mutex<Written>,
    pub(super) logging: LoggingContext,
}

#[derive(Default)]
struct Written {
    offsets: Delivered,
    failure: Option<Reason>,
}

impl Written {
    /// The first failure counts, but a refusal counts more: those after it fail because of it.
    fn failed(&mut self, failure: Reason) {
        let is_refusal = |reason: &Reason| matches!(reason.cause, FailureCause::Refused { .. });
        let known_better = self
            .failure
            .as_ref()
            .is_some_and(|known| is_refusal(known) || !is_refusal(&failure));
        if !known_better {
            self.failure = Some(failure);
        }
    }
}

impl Deliveries {
    fn with<T>(&self, act: impl FnOnce(&mut Written) -> T) -> T {
        act(&mut self.written.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn reset(&self) {
        self.with(|written| *written = Written::default());
    }

    pub(super) fn take(&self) -> Delivered {
        self.with(|written| std::mem::take(&mut written.offsets))
    }

    /// Why a record was not written.
    pub(super) fn failure(&self) -> Option<Reason> {
        self.with(|written| written.failure.clone())
    }
}

impl ClientContext for Deliveries {
    fn error(&self, error: KafkaError, reason: &str) {
        self.logging.error(error, reason);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, opaque: usize) {
        match result {
            Ok(message) => {
                let next = message.offset() + 1;
                let partition = partition_in(opaque);
                self.with(|written| match opaque & 3 {
                    1 => written.offsets.entry(partition).or_default().0 = Some(next),
                    2 => written.offsets.entry(partition).or_default().1 = Some(next),
                    _ => {}
                });
            }
            Err((error, message)) => {
                let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail);
                let incoming = Some(opaque >> INCOMING_SHIFT);
                let failure = Reason {
                    text: format!("{} takes no record: {} ({code:?})", message.topic(), refusal_of(message)),
                    cause: FailureCause::of(code, incoming),
                };
                self.with(|written| written.failed(failure));
            }
        }
    }
}

#[cfg(test)]
mod tests;
