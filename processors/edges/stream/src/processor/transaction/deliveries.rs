//! Where the records of a transaction came to lie, from their delivery reports.

use crate::quiet::Quiet;
use rdkafka::client::ClientContext;
use rdkafka::error::KafkaError;
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

pub(super) fn report_to(partition: i32, report: Report) -> usize {
    ((partition.cast_unsigned() as usize) << 2) | report as usize
}

/// Collects where records came to lie.
#[derive(Default)]
pub(super) struct Deliveries {
    written: Mutex<Written>,
    pub(super) quiet: Quiet,
}

#[derive(Default)]
struct Written {
    offsets: Delivered,
    failure: Option<String>,
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

    pub(super) fn failure(&self) -> Option<String> {
        self.with(|written| written.failure.clone())
    }
}

impl ClientContext for Deliveries {
    fn error(&self, error: KafkaError, reason: &str) {
        self.quiet.error(error, reason);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, opaque: usize) {
        match result {
            Ok(message) => {
                let next = message.offset() + 1;
                let partition = u32::try_from(opaque >> 2).unwrap_or(u32::MAX);
                self.with(|written| match opaque & 3 {
                    1 => written.offsets.entry(partition).or_default().0 = Some(next),
                    2 => written.offsets.entry(partition).or_default().1 = Some(next),
                    _ => {}
                });
            }
            Err((error, _)) => self.with(|written| {
                written.failure.get_or_insert_with(|| error.to_string());
            }),
        }
    }
}
