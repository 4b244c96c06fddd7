//! Writing records of one log to another in transactions, for `aerolog migrate`: each call is seen whole or not at all.
//!
//! A carrier that fails is of no use any more: the program ends, and the next one takes the transactional id, which fences the one before, and
//! goes on with what the log has.

use crate::Settings;
use crate::clock::{self, Deadline};
use crate::failure::Failure;
use crate::logging_context::LoggingContext;
use crate::raw::{NewHeaders, flush};
use rdkafka::client::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A record for another log.
pub struct Carried<'r> {
    pub topic: &'r str,
    pub partition: u32,
    pub key: Option<&'r [u8]>,
    pub value: Option<&'r [u8]>,
    /// Only where the topic keeps the writer's time.
    pub timestamp_ms: Option<i64>,
    pub headers: &'r [(String, Option<Vec<u8>>)],
}

/// Why records were not carried.
#[derive(Debug, thiserror::Error)]
pub enum CarryError {
    #[error("the Kafka client could not be created: {0}")]
    Client(Failure),
    #[error("{what}: {failure}; what was written is seen whole or not at all: run the same command again")]
    Transaction { what: &'static str, failure: Failure },
    #[error("some records were not acknowledged in {} s; run the same command again", TRANSACTION_WAIT_MAX.as_secs())]
    Unacknowledged,
    #[error("a record was not written: {0}; run the same command again")]
    Refused(String),
}

/// Taking the transactional id, which may have to wait for the end of a transaction of a program before.
const INITIALISE_WAIT_MAX: Duration = Duration::from_secs(30);
/// All of a transaction but its commit; less than its timeout at the broker.
const TRANSACTION_WAIT_MAX: Duration = Duration::from_secs(8);
const COMMIT_WAIT_MAX: Duration = Duration::from_secs(30);
/// One call into the client.
const SLICE: Duration = Duration::from_secs(1);
const QUEUE_FULL_PAUSE: Duration = Duration::from_millis(5);

/// A transactional producer.
pub struct Carrier {
    settings: Settings,
    transactional_id: String,
    client: ThreadedProducer<Reports>,
}

impl Carrier {
    /// Takes the transactional id: another program with it is fenced, and what it left open is aborted.
    pub fn new(settings: &Settings, transactional_id: &str) -> Result<Self, CarryError> {
        Ok(Self {
            settings: settings.clone(),
            transactional_id: transactional_id.to_owned(),
            client: connect(settings, transactional_id)?,
        })
    }

    /// Writes the records, all or none.
    pub fn carry(&mut self, records: &[Carried<'_>]) -> Result<(), CarryError> {
        let deadline = Deadline::after(TRANSACTION_WAIT_MAX);
        self.client.begin_transaction().map_err(|error| failed("begin", &error))?;
        for record in records {
            self.send(record, deadline)?;
        }
        while !flush(&self.client, SLICE.min(deadline.left())) {
            if deadline.is_over() {
                return Err(CarryError::Unacknowledged);
            }
        }
        if let Some(reason) = self.client.context().failure() {
            return Err(CarryError::Refused(reason));
        }
        let began = clock::now();
        self.commit()?;
        // A request that was repeated may arrive in a later transaction (docs/decisions/0005).
        if clock::now() - began >= self.settings.retry_backoff_min() {
            self.client = connect(&self.settings, &self.transactional_id)?;
        }
        Ok(())
    }

    fn send(&self, record: &Carried<'_>, deadline: Deadline) -> Result<(), CarryError> {
        let mut queued: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(record.topic).partition(record.partition.cast_signed());
        if let Some(key) = record.key {
            queued = queued.key(key);
        }
        if let Some(value) = record.value {
            queued = queued.payload(value);
        }
        if let Some(timestamp_ms) = record.timestamp_ms {
            queued = queued.timestamp(timestamp_ms);
        }
        let mut headers = NewHeaders::with_capacity(record.headers.len());
        for (name, value) in record.headers {
            headers.push(name.as_bytes(), value.as_deref());
        }
        queued = queued.headers(headers.finish());
        loop {
            match self.client.send(queued) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), returned)) if !deadline.is_over() => {
                    clock::rest(QUEUE_FULL_PAUSE);
                    queued = returned;
                }
                Err((error, _)) => return Err(failed("produce", &error)),
            }
        }
    }

    fn commit(&self) -> Result<(), CarryError> {
        let deadline = Deadline::after(COMMIT_WAIT_MAX);
        loop {
            match self.client.commit_transaction(SLICE.min(deadline.left())) {
                Ok(()) => return Ok(()),
                Err(error) => {
                    let failure = Failure::of(&error);
                    if !failure.retriable || failure.abortable || failure.fatal || deadline.is_over() {
                        return Err(failed("commit", &error));
                    }
                }
            }
        }
    }
}

/// Fences the producer that has a transactional id: its open transaction is aborted, and it can commit nothing more under its epoch.
pub fn fence(settings: &Settings, transactional_id: &str) -> Result<(), CarryError> {
    connect(settings, transactional_id).map(|_| ())
}

fn connect(settings: &Settings, transactional_id: &str) -> Result<ThreadedProducer<Reports>, CarryError> {
    let config = settings.transactional_producer(transactional_id);
    let created: Result<ThreadedProducer<Reports>, KafkaError> = config.create_with_context(Reports::default());
    let client = created.map_err(|error| CarryError::Client(Failure::of(&error)))?;
    client.context().logging.watch(client.client(), &config);
    let deadline = Deadline::after(INITIALISE_WAIT_MAX);
    loop {
        match client.init_transactions(SLICE.min(deadline.left())) {
            Ok(()) => return Ok(client),
            Err(error) => {
                let failure = Failure::of(&error);
                if !failure.retriable || deadline.is_over() {
                    let what = "take the transactional id";
                    return Err(CarryError::Transaction { what, failure });
                }
            }
        }
    }
}

fn failed(what: &'static str, error: &KafkaError) -> CarryError {
    let failure = Failure::of(error);
    CarryError::Transaction { what, failure }
}

/// Keeps the first record that was not written.
#[derive(Default)]
struct Reports {
    failure: Mutex<Option<String>>,
    logging: LoggingContext,
}

impl Reports {
    fn failure(&self) -> Option<String> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ClientContext for Reports {
    fn error(&self, error: KafkaError, reason: &str) {
        self.logging.error(error, reason);
    }
}

impl ProducerContext for Reports {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result {
            self.failure
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get_or_insert_with(|| error.to_string());
        }
    }
}
