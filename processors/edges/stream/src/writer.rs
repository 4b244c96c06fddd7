//! Writing records as a client: idempotent, without a transaction, each with its report.

use crate::failure::Failure;
use crate::quiet::Quiet;
use crate::raw::NewHeaders;
use crate::{Settings, SettingsError};
use rdkafka::client::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A producer for clients.
pub struct Writer {
    client: BaseProducer<Reports>,
}

/// Where a record came to lie, or why it did not; `tag` is what the record was sent with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub tag: usize,
    /// Partition and offset.
    pub written: Result<(u32, i64), String>,
}

/// Why a record could not even be queued, or the queue not be emptied.
#[derive(Debug, thiserror::Error)]
pub enum WriteFailure {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("the Kafka client could not be created: {0}")]
    Client(Failure),
    #[error("the record could not be sent: {0}")]
    Send(Failure),
    #[error("the record was not written: {0}")]
    Refused(String),
    #[error("{count} records were not acknowledged in {} s: is the cluster reachable?", .waited.as_secs())]
    Unacknowledged { count: i32, waited: Duration },
}

/// One record to write. The partition follows from the key.
pub struct Outgoing<'r> {
    pub topic: &'r str,
    pub key: Option<&'r [u8]>,
    pub value: Option<&'r [u8]>,
    pub headers: &'r [(&'r str, &'r [u8])],
    pub tag: usize,
    /// Only to put a record where it does not belong.
    pub partition: Option<u32>,
}

/// A record of any bytes, as another program might write it. Without a partition, it follows from the key.
#[derive(Debug, Clone, Default)]
pub struct Foreign<'r> {
    pub topic: &'r str,
    pub key: Option<&'r [u8]>,
    pub value: Option<&'r [u8]>,
    pub headers: &'r [(&'r [u8], Option<&'r [u8]>)],
    pub tag: usize,
    pub partition: Option<u32>,
    /// Milliseconds since the epoch, or -1 for none. librdkafka takes 0 for now.
    pub timestamp_ms: Option<i64>,
}

const QUEUE_FULL_PAUSE: Duration = Duration::from_millis(20);

impl Writer {
    pub fn new(settings: &Settings) -> Result<Self, WriteFailure> {
        let config = settings.writer();
        let client: BaseProducer<Reports> = config
            .create_with_context(Reports::default())
            .map_err(|error| WriteFailure::Client(Failure::of(&error)))?;
        client.context().quiet.watch(client.client(), &config);
        Ok(Self { client })
    }

    /// Queues a record; waits while the queue is full.
    pub fn send(&self, record: &Outgoing<'_>) -> Result<(), WriteFailure> {
        let headers: Vec<(&[u8], Option<&[u8]>)> = record.headers.iter().map(|(name, value)| (name.as_bytes(), Some(*value))).collect();
        self.send_foreign(&Foreign {
            topic: record.topic,
            key: record.key,
            value: record.value,
            headers: &headers,
            tag: record.tag,
            partition: record.partition,
            timestamp_ms: None,
        })
    }

    /// The same with any bytes.
    pub fn send_foreign(&self, record: &Foreign<'_>) -> Result<(), WriteFailure> {
        let mut queued: BaseRecord<'_, [u8], [u8], usize> = BaseRecord::with_opaque_to(record.topic, record.tag);
        queued.key = record.key;
        queued.payload = record.value;
        queued.partition = record.partition.map(u32::cast_signed);
        queued.timestamp = record.timestamp_ms;
        if !record.headers.is_empty() {
            let mut headers = NewHeaders::with_capacity(record.headers.len());
            for (name, value) in record.headers {
                headers.push(name, *value);
            }
            queued = queued.headers(headers.finish());
        }
        loop {
            match self.client.send(queued) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), returned)) => {
                    self.client.poll(QUEUE_FULL_PAUSE);
                    queued = returned;
                }
                Err((error, _)) => return Err(WriteFailure::Send(Failure::of(&error))),
            }
        }
    }

    /// What has become of records since the last call, after waiting up to `wait`.
    pub fn reports(&self, wait: Duration) -> Vec<Report> {
        self.client.poll(wait);
        std::mem::take(&mut *self.client.context().reports.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until everything that was queued is written or refused.
    pub fn flush(&self, wait: Duration) -> Result<(), WriteFailure> {
        self.client.flush(wait).map_err(|_| WriteFailure::Unacknowledged {
            count: self.client.in_flight_count(),
            waited: wait,
        })
    }
}

#[derive(Default)]
struct Reports {
    reports: Mutex<Vec<Report>>,
    quiet: Quiet,
}

impl ClientContext for Reports {
    fn error(&self, error: KafkaError, reason: &str) {
        self.quiet.error(error, reason);
    }
}

impl ProducerContext for Reports {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, tag: usize) {
        let written = match result {
            Ok(message) => Ok((message.partition().cast_unsigned(), message.offset())),
            Err((error, _)) => Err(error.to_string()),
        };
        self.reports
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Report { tag, written });
    }
}
