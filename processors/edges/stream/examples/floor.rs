//! The floor of every command processor on this client: consume, copy each record to two topics, send offsets, commit. No logic.
//!
//! `floor <brokers> <input topic> <first output> <second output> <partitions> <records per transaction> <records> [<pace>]` reads the
//! input from its beginning and prints one JSON object. A transaction waits for as many records as it may have; with a pace only
//! until so many milliseconds have passed since the one before began, as a command processor's does.
#![allow(clippy::print_stdout, clippy::unwrap_used, unsafe_code)]

#[path = "../src/clock.rs"]
#[allow(dead_code)]
mod clock;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::time::Duration;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [brokers, input, first, second, partitions, per_transaction, records, pace @ ..] = &arguments[..] else {
        panic!("usage: floor <brokers> <input> <first output> <second output> <partitions> <records per transaction> <records> [<pace>]");
    };
    let pace = pace
        .first()
        .map(|milliseconds| Duration::from_millis(milliseconds.parse().unwrap()));
    let (partitions, per_transaction, records): (i32, usize, usize) = (
        partitions.parse().unwrap(),
        per_transaction.parse().unwrap(),
        records.parse().unwrap(),
    );
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", format!("floor-{}", std::process::id()))
        .set("isolation.level", "read_committed")
        .set("enable.auto.commit", "false")
        .set("check.crcs", "true")
        .set("socket.nagle.disable", "true")
        .set("fetch.queue.backoff.ms", "10")
        .set("queued.min.messages", "20000")
        .set("queued.max.messages.kbytes", "16384")
        .create()
        .unwrap();
    let producer: Client = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("transactional.id", format!("floor-{}", std::process::id()))
        .set("socket.nagle.disable", "true")
        .set("compression.type", "lz4")
        .set("linger.ms", "5")
        .set("batch.num.messages", "20000")
        .set("queue.buffering.max.messages", "500000")
        .create()
        .unwrap();
    producer.init_transactions(Duration::from_secs(10)).unwrap();
    let mut assignment = TopicPartitionList::new();
    for partition in 0..partitions {
        assignment.add_partition_offset(input, partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&assignment).unwrap();

    let (began, cpu_began) = (clock::now(), cpu_seconds());
    let (mut copied, mut transactions, mut begun, mut ended) = (0, 0, began, began);
    while copied < records {
        let batch = gather(&consumer, per_transaction.min(records - copied), || match pace {
            Some(pace) => pace.saturating_sub(begun.elapsed()),
            None => Duration::from_millis(20),
        });
        // The coordinator is done with a transaction some milliseconds after it has said so, and refuses the next one until then; the
        // client would ask again after 100 ms.
        clock::rest(SETTLING.saturating_sub(ended.elapsed()));
        begun = clock::now();
        copy(&producer, &consumer, &batch, [input, first, second]);
        ended = clock::now();
        copied += batch.len();
        transactions += 1;
    }
    let (seconds, cpu) = (began.elapsed().as_secs_f64(), cpu_seconds() - cpu_began);
    println!("{{\"records\": {copied}, \"transactions\": {transactions}, \"seconds\": {seconds:.3}, \"cpu_seconds\": {cpu:.3}}}");
}

/// Waits for a record, then takes more while `patience` lasts.
fn gather(consumer: &BaseConsumer, records_max: usize, patience: impl Fn() -> Duration) -> Vec<BorrowedMessage<'_>> {
    let mut batch = Vec::with_capacity(records_max);
    while batch.len() < records_max {
        let wait = if batch.is_empty() { Duration::from_millis(500) } else { patience() };
        match consumer.poll(wait) {
            Some(message) => batch.push(message.unwrap()),
            None if batch.is_empty() => {}
            None => break,
        }
    }
    batch
}

const SETTLING: Duration = Duration::from_millis(4);

type Client = ThreadedProducer<DefaultProducerContext>;

/// One transaction.
fn copy(producer: &Client, consumer: &BaseConsumer, batch: &[BorrowedMessage<'_>], [input, first, second]: [&str; 3]) {
    producer.begin_transaction().unwrap();
    let mut offsets = BTreeMap::new();
    for message in batch {
        for topic in [first, second] {
            let mut record = BaseRecord::<[u8], [u8]>::to(topic).partition(message.partition());
            record.key = message.key();
            record.payload = message.payload();
            producer.send(record).map_err(|(error, _)| error).unwrap();
        }
        offsets.insert(message.partition(), message.offset() + 1);
    }
    let mut list = TopicPartitionList::new();
    for (partition, offset) in offsets {
        list.add_partition_offset(input, partition, Offset::Offset(offset)).unwrap();
    }
    producer
        .send_offsets_to_transaction(&list, &consumer.group_metadata().unwrap(), Duration::from_secs(10))
        .unwrap();
    // The crate's own flush polls in steps of 100 ms.
    // SAFETY: the handle is valid while the producer lives.
    unsafe { rdkafka::bindings::rd_kafka_flush(producer.client().native_ptr(), 10_000) };
    producer.commit_transaction(Duration::from_secs(10)).unwrap();
}

/// User and system time of this process so far, from /proc.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let ticks: f64 = fields[11..13].iter().map(|field| field.parse::<f64>().unwrap()).sum();
    ticks / 100.0
}
