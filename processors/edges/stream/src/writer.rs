//! Writing records as a client: idempotent, without a transaction, each with its report.

use crate::failure::Failure;
use crate::logging_context::LoggingContext;
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
    #[error("the producer's queue is full: the cluster takes records more slowly than they come")]
    QueueFull,
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
    /// One that keeps its reports until they are asked for.
    pub fn new(settings: &Settings) -> Result<Self, WriteFailure> {
        Self::with(settings, Reports::default())
    }

    /// One that hands over each report as soon as it comes, to the thread that [serves](Self::serve) them.
    pub fn reporting(settings: &Settings, report: impl Fn(Report) + Send + Sync + 'static) -> Result<Self, WriteFailure> {
        let reports = Reports {
            on_report: Some(Box::new(report)),
            ..Reports::default()
        };
        Self::with(settings, reports)
    }

    fn with(settings: &Settings, reports: Reports) -> Result<Self, WriteFailure> {
        let config = settings.writer();
        let client: BaseProducer<Reports> = config
            .create_with_context(reports)
            .map_err(|error| WriteFailure::Client(Failure::of(&error)))?;
        client.context().logging.watch(client.client(), &config);
        Ok(Self { client })
    }

    /// Queues a record; waits while the queue is full.
    pub fn send(&self, record: &Outgoing<'_>) -> Result<(), WriteFailure> {
        let headers = bytes_of(record.headers);
        self.send_foreign(&foreign(record, &headers))
    }

    /// Queues a record, or fails at once where the queue is full.
    pub fn try_send(&self, record: &Outgoing<'_>) -> Result<(), WriteFailure> {
        let headers = bytes_of(record.headers);
        match self.client.send(base_record(&foreign(record, &headers))) {
            Ok(()) => Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => Err(WriteFailure::QueueFull),
            Err((error, _)) => Err(WriteFailure::Send(Failure::of(&error))),
        }
    }

    /// Queues a record of any bytes; waits while the queue is full.
    pub fn send_foreign(&self, record: &Foreign<'_>) -> Result<(), WriteFailure> {
        let mut queued = base_record(record);
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
        std::mem::take(&mut *self.client.context().kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Hands over reports as they come, for as long as `wait`.
    pub fn serve(&self, wait: Duration) {
        self.client.poll(wait);
    }

    /// Waits until everything that was queued is written or refused.
    pub fn flush(&self, wait: Duration) -> Result<(), WriteFailure> {
        self.client.flush(wait).map_err(|_| WriteFailure::Unacknowledged {
            count: self.client.in_flight_count(),
            waited: wait,
        })
    }
}

fn bytes_of<'r>(headers: &'r [(&'r str, &'r [u8])]) -> Vec<(&'r [u8], Option<&'r [u8]>)> {
    headers.iter().map(|(name, value)| (name.as_bytes(), Some(*value))).collect()
}

fn foreign<'r>(record: &Outgoing<'r>, headers: &'r [(&'r [u8], Option<&'r [u8]>)]) -> Foreign<'r> {
    Foreign {
        topic: record.topic,
        key: record.key,
        value: record.value,
        headers,
        tag: record.tag,
        partition: record.partition,
        timestamp_ms: None,
    }
}

fn base_record<'r>(record: &Foreign<'r>) -> BaseRecord<'r, [u8], [u8], usize> {
    let mut queued: BaseRecord<'r, [u8], [u8], usize> = BaseRecord::with_opaque_to(record.topic, record.tag);
    queued.key = record.key;
    queued.payload = record.value;
    queued.partition = record.partition.map(u32::cast_signed);
    queued.timestamp = record.timestamp_ms;
    if record.headers.is_empty() {
        return queued;
    }
    let mut headers = NewHeaders::with_capacity(record.headers.len());
    for (name, value) in record.headers {
        headers.push(name, *value);
    }
    queued.headers(headers.finish())
}

#[derive(Default)]
struct Reports {
    kept: Mutex<Vec<Report>>,
    /// Takes the reports instead.
    on_report: Option<Box<dyn Fn(Report) + Send + Sync>>,
    logging: LoggingContext,
}

impl ClientContext for Reports {
    fn error(&self, error: KafkaError, reason: &str) {
        self.logging.error(error, reason);
    }
}

impl ProducerContext for Reports {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, tag: usize) {
        let written = match result {
            Ok(message) => Ok((message.partition().cast_unsigned(), message.offset())),
            Err((error, _)) => Err(error.to_string()),
        };
        let report = Report { tag, written };
        match &self.on_report {
            Some(on_report) => on_report(report),
            None => self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(report),
        }
    }
}
