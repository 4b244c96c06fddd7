//! Clients work through the proxy as without it, and all of their connections are the proxy's.

use super::clients::{WAIT, Watching, begin, brokers, consumer, producer, read, topic, unique};
use fault_proxy::{ApiKey, Proxy};
use rdkafka::consumer::Consumer;
use rdkafka::producer::Producer;
use rdkafka::statistics::Statistics;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::BTreeSet;
use std::time::Duration;

/// How many connections a client has open; every broker that it knows is one of the proxy's.
fn connections(statistics: &Statistics, proxy: &Proxy) -> u64 {
    let places: BTreeSet<String> = proxy.brokers().into_values().collect();
    // One whose address is not known yet has no name.
    for broker in statistics.brokers.values().filter(|broker| !broker.nodename.is_empty()) {
        assert!(places.contains(&broker.nodename), "{} is none of {places:?}", broker.nodename);
    }
    statistics.brokers.values().filter(|broker| broker.state == "UP").count() as u64
}

#[test]
fn transactions_groups_and_readers_work_through_it_and_no_connection_bypasses_it() {
    let proxy = Proxy::start(&brokers()).unwrap();
    let (topic, group) = (topic("stays"), unique("stays"));
    let (producer, produced) = producer(proxy.bootstrap(), "producer", &unique("stays"));
    let (consumer, consumed) = consumer(proxy.bootstrap(), "consumer", &group);
    begin(&producer, &topic, &["aborted"]);
    producer.abort_transaction(WAIT).unwrap();
    begin(&producer, &topic, &["a", "b"]);
    producer.commit_transaction(WAIT).unwrap();
    consumer.subscribe(&[&topic]).unwrap();
    assert_eq!(read(&consumer, 2, WAIT), ["a", "b"]);
    begin(&producer, &topic, &["c"]);
    let mut offsets = TopicPartitionList::new();
    offsets.add_partition_offset(&topic, 0, Offset::Offset(4)).unwrap();
    let metadata = consumer.group_metadata().unwrap();
    producer.send_offsets_to_transaction(&offsets, &metadata, WAIT).unwrap();
    producer.commit_transaction(WAIT).unwrap();
    assert_eq!(read(&consumer, 1, WAIT), ["c"]);
    let committed = consumer.committed(WAIT).unwrap();
    assert_eq!(committed.elements()[0].offset(), Offset::Offset(4));
    let of_producer = connections(&produced.statistics(|| producer.poll(Duration::from_millis(20))), &proxy);
    let of_consumer = connections(&consumed.statistics(|| drop(consumer.poll(Duration::from_millis(20)))), &proxy);
    assert!(of_producer >= 2 && of_consumer >= 2, "each has a broker and a coordinator");
    let open = of_producer + of_consumer;
    assert!(
        proxy.wait_until(WAIT, |counts| counts.connections_open == open),
        "{open} of clients"
    );
    let counts = proxy.counts();
    assert_eq!((counts.refused(), counts.unreachable), (0, 0), "{:?}", counts.last_refusal);
    for api in [
        ApiKey::API_VERSIONS,
        ApiKey::METADATA,
        ApiKey::FIND_COORDINATOR,
        ApiKey::INIT_PRODUCER_ID,
        ApiKey::PRODUCE,
        ApiKey::FETCH,
        ApiKey::JOIN_GROUP,
        ApiKey::TXN_OFFSET_COMMIT,
        ApiKey::END_TXN,
    ] {
        assert!(counts.of(api).seen > 0, "{api}");
    }
    assert_eq!(counts.of(ApiKey::END_TXN).answered, 3);
}

#[test]
fn with_the_proxy_all_of_a_clients_ways_to_the_broker_are_gone() {
    let proxy = Proxy::start(&brokers()).unwrap();
    let topic = topic("gone");
    let (producer, _) = producer(proxy.bootstrap(), "gone", &unique("gone"));
    let direct = consumer(&brokers(), "direct", &unique("gone")).0;
    let asked = |client: &rdkafka::client::Client<Watching>| client.fetch_metadata(Some(&topic), Duration::from_secs(2)).is_ok();
    assert!(asked(producer.client()));
    drop(proxy);
    assert!(!asked(producer.client()), "it has found another way");
    assert!(asked(direct.client()), "the broker is still there");
}
