//! Transactional producers in front of a faulty network, and what a reader of committed records sees.

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use stream::Settings;
use stream::reader::Reader;
use uuid::Uuid;

pub(crate) const WAIT: Duration = Duration::from_secs(20);
pub(crate) const PARTITIONS: u32 = 2;

pub(crate) type Transactional = ThreadedProducer<DefaultProducerContext>;

pub(crate) fn brokers() -> String {
    std::env::var("KAFKA_BOOTSTRAP_SERVERS").expect("KAFKA_BOOTSTRAP_SERVERS is not set: run this through scripts/test")
}

pub(crate) fn settings(brokers: &str, more: &[(&str, &str)]) -> Settings {
    let table: BTreeMap<String, String> = [("bootstrap.servers", brokers), ("linger.ms", "0")]
        .iter()
        .chain(more)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Settings::new(&table).unwrap()
}

/// A name that no other test has, in no other run.
pub(crate) fn unique(name: &str) -> String {
    format!("probe-{name}-{}", Uuid::new_v4().simple())
}

/// A topic of this test, created.
pub(crate) fn topic(name: &str) -> String {
    let topic = unique(name);
    let admin: AdminClient<DefaultClientContext> = settings(&brokers(), &[]).admin().create().unwrap();
    let wanted = NewTopic::new(&topic, PARTITIONS as i32, TopicReplication::Fixed(1));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let created = runtime.block_on(admin.create_topics([&wanted], &AdminOptions::new())).unwrap();
    assert!(created.iter().all(Result::is_ok), "{created:?}");
    topic
}

/// A producer that has fenced the former owner of its transactional id.
pub(crate) fn producer(brokers: &str, transactional_id: &str, more: &[(&str, &str)]) -> Transactional {
    let settings = settings(brokers, more);
    let producer: Transactional = settings.transactional_producer(transactional_id).create().unwrap();
    producer.init_transactions(WAIT).unwrap();
    producer
}

/// Sends a record and waits for its report. That it failed shows at the end of the transaction.
pub(crate) fn write(producer: &Transactional, topic: &str, partition: i32, value: &str) {
    let record = BaseRecord::<(), str>::to(topic).partition(partition).payload(value);
    producer.send(record).map_err(|(error, _)| error).unwrap();
    producer.flush(WAIT).unwrap();
}

/// How a transaction ended, as its client reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Fine,
    /// The transaction has to be aborted.
    Abort(RDKafkaErrorCode),
    /// The producer is of no use any more.
    Fatal(RDKafkaErrorCode),
}

pub(crate) fn ended_with(result: Result<(), KafkaError>) -> Ended {
    match result {
        Ok(()) => Ended::Fine,
        Err(KafkaError::Transaction(error)) if error.is_fatal() => Ended::Fatal(error.code()),
        Err(KafkaError::Transaction(error)) => Ended::Abort(error.code()),
        Err(other) => panic!("{other}"),
    }
}

/// The values of all committed records, from the beginning to the end of the log.
pub(crate) fn committed_records(topic: &str) -> BTreeSet<String> {
    let mut reader = Reader::new(&settings(&brokers(), &[]), topic).unwrap();
    let from = (0..PARTITIONS).map(|partition| (partition, 0)).collect();
    reader.assign(&from, WAIT).unwrap();
    let (mut values, mut ended) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..200 {
        let polled = reader.poll(1000, Duration::from_millis(100), |record| {
            values.insert(String::from_utf8(record.value.unwrap_or_default().to_vec()).unwrap());
        });
        ended.extend(polled.unwrap().ended);
        if ended.len() == PARTITIONS as usize {
            return values;
        }
    }
    panic!("the end of {topic} was not reached: {ended:?}");
}

/// Lets time pass.
pub(crate) fn pause(duration: Duration) {
    let (_never, nothing) = std::sync::mpsc::channel::<()>();
    // Nothing is sent: it ends with its time.
    assert!(nothing.recv_timeout(duration).is_err());
}
