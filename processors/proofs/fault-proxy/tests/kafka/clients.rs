//! Clients that say to whom they are connected.

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::{ClientContext, DefaultClientContext};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use rdkafka::message::Message;
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use rdkafka::statistics::Statistics;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use uuid::Uuid;

pub(crate) const WAIT: Duration = Duration::from_secs(20);

pub(crate) fn brokers() -> String {
    std::env::var("KAFKA_BOOTSTRAP_SERVERS").expect("KAFKA_BOOTSTRAP_SERVERS is not set: run this through scripts/test")
}

pub(crate) fn unique(name: &str) -> String {
    format!("proxy-{name}-{}", Uuid::new_v4().simple())
}

/// A topic of this test with one partition, created past the proxy.
pub(crate) fn topic(name: &str) -> String {
    let topic = unique(name);
    let admin: AdminClient<DefaultClientContext> = config(&brokers(), "admin").create().unwrap();
    let wanted = NewTopic::new(&topic, 1, TopicReplication::Fixed(1));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let created = runtime.block_on(admin.create_topics([&wanted], &AdminOptions::new())).unwrap();
    assert!(created.iter().all(Result::is_ok), "{created:?}");
    topic
}

pub(crate) fn config(brokers: &str, client_id: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", brokers)
        .set("client.id", client_id)
        .set("statistics.interval.ms", "50")
        .set("reconnect.backoff.ms", "20")
        .set("linger.ms", "0");
    config
}

/// Keeps the last statistics, which name every broker that the client knows.
#[derive(Clone, Default)]
pub(crate) struct Watching(Arc<Mutex<Option<(Instant, Statistics)>>>);

impl ClientContext for Watching {
    fn stats(&self, statistics: Statistics) {
        *self.0.lock().unwrap() = Some((Instant::now(), statistics));
    }
}

impl ProducerContext for Watching {
    type DeliveryOpaque = ();

    fn delivery(&self, _: &DeliveryResult<'_>, (): ()) {}
}

impl ConsumerContext for Watching {}

impl Watching {
    /// Statistics that began after now.
    pub(crate) fn statistics(&self, poll: impl Fn()) -> Statistics {
        let now = Instant::now() + Duration::from_millis(60);
        while now.elapsed() < WAIT {
            poll();
            if let Some((at, statistics)) = &*self.0.lock().unwrap()
                && *at > now
            {
                return statistics.clone();
            }
        }
        panic!("no statistics");
    }
}

pub(crate) type Watched = ThreadedProducer<Watching>;

/// A transactional producer, initialised.
pub(crate) fn producer(brokers: &str, client_id: &str, transactional_id: &str) -> (Watched, Watching) {
    let watching = Watching::default();
    let producer: Watched = config(brokers, client_id)
        .set("transactional.id", transactional_id)
        .set("transaction.timeout.ms", "30000")
        .create_with_context(watching.clone())
        .unwrap();
    producer.init_transactions(WAIT).unwrap();
    (producer, watching)
}

/// A transaction with these records, which is open then.
pub(crate) fn begin(producer: &Watched, topic: &str, values: &[&str]) {
    producer.begin_transaction().unwrap();
    for value in values {
        let record = BaseRecord::<(), str>::to(topic).payload(value);
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(WAIT).unwrap();
}

pub(crate) fn consumer(brokers: &str, client_id: &str, group: &str) -> (BaseConsumer<Watching>, Watching) {
    let watching = Watching::default();
    let consumer = config(brokers, client_id)
        .set("group.id", group)
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .set("isolation.level", "read_committed")
        .create_with_context(watching.clone())
        .unwrap();
    (consumer, watching)
}

/// The next records; fewer when they do not come in time.
pub(crate) fn read(consumer: &BaseConsumer<Watching>, count: usize, patience: Duration) -> Vec<String> {
    let began = Instant::now();
    let mut values = Vec::new();
    while values.len() < count && began.elapsed() < patience {
        if let Some(Ok(message)) = consumer.poll(Duration::from_millis(20)) {
            values.push(String::from_utf8(message.payload().unwrap_or_default().to_vec()).unwrap());
        }
    }
    values
}
