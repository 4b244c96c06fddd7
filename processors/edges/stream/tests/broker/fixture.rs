//! Topics of one test, and what a test does to them that no program does.

use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::time::Duration;
use stream::Settings;
use stream::admin::Admin;
use stream::reader::{ReadFailure, Reader};
use stream::writer::{Outgoing, Report, Writer};
use topology::Topology;

pub(crate) const WAIT: Duration = Duration::from_secs(20);

pub(crate) fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run this through scripts/test"))
}

pub(crate) fn settings() -> Settings {
    settings_with(&[])
}

pub(crate) fn settings_with(more: &[(&str, &str)]) -> Settings {
    settings_of(&variable("KAFKA_BOOTSTRAP_SERVERS"), more)
}

/// Of a cluster where nothing listens.
pub(crate) fn settings_without_a_broker() -> Settings {
    settings_of("127.0.0.1:1", &[])
}

pub(crate) fn settings_of(brokers: &str, more: &[(&str, &str)]) -> Settings {
    let table: BTreeMap<String, String> = [("bootstrap.servers", brokers)]
        .iter()
        .chain(more)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Settings::new(&table).unwrap()
}

/// A topology that no other test has; its topics are not there yet.
pub(crate) fn topology(name: &str, partitions: u32) -> Topology {
    Topology::with_prefix(&format!("stream-{name}-{}", std::process::id()), Some(partitions)).unwrap()
}

/// The commands topic of a topology of its own, created.
pub(crate) fn topic(name: &str, partitions: u32) -> String {
    let topology = topology(name, partitions);
    Admin::new(&settings()).unwrap().apply(&topology).unwrap();
    topology.topics.commands.name
}

/// Writes records with these keys, each with its key as its value, and returns their reports in the order of the keys.
pub(crate) fn write(topic: &str, partition: Option<u32>, keys: &[&str]) -> Vec<Report> {
    let writer = Writer::new(&settings()).unwrap();
    for (tag, key) in keys.iter().enumerate() {
        writer
            .send(&Outgoing {
                topic,
                key: Some(key.as_bytes()),
                value: Some(key.as_bytes()),
                headers: &[("type", key.as_bytes())],
                tag,
                partition,
            })
            .unwrap();
    }
    writer.flush(WAIT).unwrap();
    let mut reports = writer.reports(Duration::ZERO);
    reports.sort_by_key(|report| report.tag);
    reports
}

/// A transaction with one record for each value, ended or left open as `end` does.
pub(crate) fn transaction(topic: &str, values: &[&str], end: impl FnOnce(&BaseProducer)) -> BaseProducer {
    let producer: BaseProducer = settings().transactional_producer(topic).create().unwrap();
    producer.init_transactions(WAIT).unwrap();
    producer.begin_transaction().unwrap();
    for value in values {
        producer
            .send(BaseRecord::<(), str>::to(topic).partition(0).payload(value))
            .map_err(|(error, _)| error)
            .unwrap();
    }
    producer.flush(WAIT).unwrap();
    end(&producer);
    producer
}

/// Reads until `count` records have come or the patience is over.
pub(crate) fn read(reader: &mut Reader, count: usize) -> Result<Vec<(u32, i64, String)>, ReadFailure> {
    let mut found = Vec::new();
    for _ in 0..200 {
        reader.poll(1000, Duration::from_millis(50), |record| {
            let text = String::from_utf8(record.value.unwrap_or_default().to_vec()).unwrap();
            found.push((record.partition, record.offset, text));
        })?;
        if found.len() >= count {
            break;
        }
    }
    Ok(found)
}

fn on_runtime<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn admin_client() -> AdminClient<DefaultClientContext> {
    settings().admin().create().unwrap()
}

/// What retention does: records before `offset` are gone.
pub(crate) fn delete_records_before(topic: &str, partition: i32, offset: i64) {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, partition, Offset::Offset(offset)).unwrap();
    on_runtime(admin_client().delete_records(&list, &AdminOptions::new())).unwrap();
}

pub(crate) fn delete_topics(topology: &Topology) {
    let names = topology.topics().map(|topic| topic.name.as_str());
    for deleted in on_runtime(admin_client().delete_topics(&names, &AdminOptions::new())).unwrap() {
        deleted.unwrap();
    }
}
