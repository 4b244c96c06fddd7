//! The broker takes offsets from clients that are no member of the group; this crate does not send them. Needs a broker: see `scripts/test`.

use super::*;
use crate::Settings;
use crate::admin::Admin;
use rdkafka::ClientConfig;
use rdkafka::producer::BaseProducer;
use rdkafka::topic_partition_list::Offset;
use std::collections::BTreeMap;
use topology::Topology;

const WAIT_MAX: Duration = Duration::from_secs(20);

fn brokers() -> String {
    std::env::var("KAFKA_BOOTSTRAP_SERVERS").expect("KAFKA_BOOTSTRAP_SERVERS is not set: run this through scripts/test")
}

fn consumer(group: &str) -> BaseConsumer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers()).set("group.id", group);
    config.create().unwrap()
}

/// Sends an offset from a consumer that never joined, and returns what the group has committed then.
fn sent_without_a_member(group: &str, member_only: bool) -> (Option<Result<(), Failure>>, Offset) {
    let name = format!("no-member-{}", std::process::id());
    let topology = Topology::with_prefix(&name, Some(1)).unwrap();
    let settings = Settings::new(&BTreeMap::from([("bootstrap.servers".to_owned(), brokers())])).unwrap();
    Admin::new(&settings).unwrap().apply(&topology).unwrap();
    let topic = &topology.topics.commands.name;
    let producer: BaseProducer = settings.transactional_producer(group).create().unwrap();
    producer.init_transactions(WAIT_MAX).unwrap();
    producer.begin_transaction().unwrap();
    let mut offsets = TopicPartitionList::new();
    offsets.add_partition_offset(topic, 0, Offset::Offset(7)).unwrap();
    let consumer = consumer(group);
    let sent = Offsets::of(&consumer, offsets, member_only).map(|offsets| offsets.send(&producer, WAIT_MAX));
    match sent {
        Some(Ok(())) => producer.commit_transaction(WAIT_MAX).unwrap(),
        Some(Err(_)) | None => producer.abort_transaction(WAIT_MAX).unwrap(),
    }
    let mut asked = TopicPartitionList::new();
    asked.add_partition(topic, 0);
    let found = consumer.committed_offsets(asked, WAIT_MAX).unwrap();
    (sent, found.elements()[0].offset())
}

#[test]
fn offsets_are_not_sent_by_a_consumer_that_is_no_member_though_the_broker_would_take_them() {
    let group = format!("no-member-{}", std::process::id());
    let (sent, committed) = sent_without_a_member(&format!("{group}-guarded"), true);
    assert!(sent.is_none(), "{sent:?}");
    assert_eq!(committed, Offset::Invalid);
    let (sent, committed) = sent_without_a_member(&format!("{group}-open"), false);
    assert!(matches!(sent, Some(Ok(()))), "{sent:?}");
    assert_eq!(committed, Offset::Offset(7));
}

#[test]
fn a_membership_needs_a_generation_and_a_name() {
    let membership = |generation, member_id: &str| Membership {
        generation,
        member_id: member_id.to_owned(),
    };
    assert!(membership(1, "a").is_fenced());
    assert!(membership(0, "a").is_fenced());
    assert!(!membership(-1, "a").is_fenced());
    assert!(!membership(1, "").is_fenced());
}
