//! The broker takes offsets of any partition from any live member: it asks for the member, not for its partitions. Needs a broker: see
//! `scripts/test`.

use super::*;
use crate::admin::Admin;
use crate::processor::Restored;
use crate::processor::consumer::{GroupConsumer, Polled};
use crate::writer::{Outgoing as Written, Writer};
use bank_example::{Bank, Codec, Command};
use decider::{CommandEnvelope, Cursor, Limits, Machine, Tally};
use keyvalue::Memory;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::sync::Mutex;
use uuid::Uuid;

const WAIT: Duration = Duration::from_secs(30);
const PARTITIONS: u32 = 2;

#[derive(Default)]
struct Troubles(Mutex<Vec<TransientFault>>);

impl Observe for Troubles {
    fn committed(&self, _: &Tally, _: Duration, _: i64) {}
    fn dead_letter(&self, _: &'static str) {}
    fn trouble(&self, trouble: TransientFault) {
        self.0.lock().unwrap().push(trouble);
    }
    fn owned(&self, _: usize) {}
    fn restored(&self, _: Restored, _: Duration) {}
    fn cache(&self, _: usize, _: usize) {}
    fn held_up(&self, _: Option<&str>) {}
}

struct Bench {
    settings: Settings,
    topology: Topology,
    one: GroupConsumer,
    two: GroupConsumer,
    producer: TransactionalProducer,
}

/// Two members of one group, of which each owns one partition.
fn bench(guards: Guards) -> Bench {
    let brokers = std::env::var("KAFKA_BOOTSTRAP_SERVERS").expect("KAFKA_BOOTSTRAP_SERVERS is not set: run this through scripts/test");
    let settings = Settings::new(&BTreeMap::from([("bootstrap.servers".to_owned(), brokers)])).unwrap();
    let name = format!("owned-{}", Uuid::new_v4().simple());
    let topology = Topology::with_prefix(&name, Some(PARTITIONS)).unwrap();
    Admin::new(&settings).unwrap().apply(&topology).unwrap();
    let configuration = |instance: &str| Configuration {
        group: name.clone(),
        instance_id: instance.to_owned(),
        batch_records_max: 10,
        pace: Duration::ZERO,
        cache_bytes_max: 1 << 20,
        warm_partitions_max: 0,
        leaves_when_stopped: false,
        guards,
    };
    let member = |instance: &str| GroupConsumer::new(&settings, &configuration(instance), &topology).unwrap();
    let (one, two) = (member("one"), member("two"));
    let deadline = Deadline::after(WAIT);
    while owned_by(&one).len() != 1 || owned_by(&two).len() != 1 {
        assert!(!deadline.is_over(), "the group does not settle");
        assert!(matches!(one.poll(Duration::from_millis(50)), Polled::Nothing));
        assert!(matches!(two.poll(Duration::from_millis(50)), Polled::Nothing));
        one.take_changes();
        two.take_changes();
    }
    let mut producer = TransactionalProducer::new(&settings, &configuration("one"), &topology).unwrap();
    while !producer.prepare() {
        assert!(!deadline.is_over(), "the producer does not become ready");
    }
    Bench {
        settings,
        topology,
        one,
        two,
        producer,
    }
}

fn owned_by(member: &GroupConsumer) -> Vec<u32> {
    (0..PARTITIONS).filter(|partition| member.owns([*partition].iter())).collect()
}

impl Bench {
    /// A plain reader that has polled one command out of this partition.
    fn reader_of(&self, partition: u32) -> BaseConsumer {
        let keys = (0..).map(|number| format!("account/{number}"));
        let key = keys
            .into_iter()
            .find(|key| topology::partition_of(key.as_bytes(), PARTITIONS) == partition)
            .unwrap();
        let value = Codec::command(&CommandEnvelope {
            command_id: Uuid::new_v4(),
            aggregate_id: key.clone(),
            expected_version: None,
            issued_by: None,
            command: Command::Open { holder: "Ada".to_owned() },
        });
        let writer = Writer::new(&self.settings).unwrap();
        let topic = &self.topology.topics.commands.name;
        writer
            .send(&Written {
                topic,
                key: Some(key.as_bytes()),
                value: Some(&value),
                headers: &[],
                tag: 0,
                partition: None,
            })
            .unwrap();
        writer.flush(WAIT).unwrap();
        let reader: BaseConsumer = self.settings.reader().create().unwrap();
        let mut from = TopicPartitionList::new();
        from.add_partition_offset(topic, partition.cast_signed(), Offset::Beginning)
            .unwrap();
        reader.assign(&from).unwrap();
        reader
    }

    /// Lets the first member commit a command of a partition that the second one owns.
    fn commit_what_two_owns(&mut self, observe: &Troubles) -> (Result<Delivered, NotCommitted>, Option<i64>) {
        let partition = owned_by(&self.two)[0];
        let reader = self.reader_of(partition);
        let messages = [reader.poll(WAIT).unwrap().unwrap()];
        let (incoming, fetched): (Vec<_>, Vec<_>) = messages.iter().map(fetched).unzip();
        let mut machine = Machine::<Bank>::new(Limits {
            partitions: PARTITIONS,
            command_bytes_max: 1 << 20,
            batch_bytes_max: 1 << 20,
            cache_bytes_max: 1 << 20,
            remembered_ms: -1,
        });
        machine.open(partition, Cursor::default());
        let batch = machine
            .decide(&Memory::default(), &mut Codec::default(), &incoming, &BTreeMap::new())
            .unwrap();
        assert_eq!(batch.tally.accepted, 1);
        let moved = batch.next_command_offsets().map(|(partition, offset)| {
            let committed = Committed {
                offset,
                ..Committed::default()
            };
            (partition, committed)
        });
        let offsets = moved.collect();
        let around = Around {
            consumer: &self.one,
            observe,
            stop: &|_| false,
        };
        let result = self.producer.execute(&self.topology, &batch, &fetched, &offsets, &around);
        let committed = self.two.stable_offsets(&[partition], WAIT).unwrap();
        (result, committed.get(&partition).map(|committed| committed.offset))
    }
}

#[test]
fn offsets_of_a_partition_that_another_member_owns_are_not_sent() {
    let observe = Troubles::default();
    let (result, committed) = bench(Guards::default()).commit_what_two_owns(&observe);
    assert!(matches!(result, Err(NotCommitted::Aborted(_))), "{result:?}");
    assert_eq!(committed, None);
    let mut troubles = observe.0.into_inner().unwrap();
    // On a busy machine the end of the aborted transaction can be slow as well.
    troubles.retain(|trouble| *trouble != TransientFault::SlowEnd);
    assert_eq!(troubles, [TransientFault::NotOwned]);
}

#[test]
fn without_the_guard_a_live_member_commits_what_another_one_owns() {
    let guards = Guards {
        sends_owned_only: false,
        ..Guards::default()
    };
    let (result, committed) = bench(guards).commit_what_two_owns(&Troubles::default());
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(committed, Some(1));
}

#[test]
fn a_producer_that_is_not_ready_in_its_time_is_recreated() {
    let settings = Settings::new(&BTreeMap::from([("bootstrap.servers".to_owned(), "127.0.0.1:1".to_owned())])).unwrap();
    let topology = Topology::with_prefix("nowhere", Some(1)).unwrap();
    let configuration = Configuration {
        group: "nowhere".to_owned(),
        instance_id: "one".to_owned(),
        batch_records_max: 1,
        pace: Duration::ZERO,
        cache_bytes_max: 1,
        warm_partitions_max: 0,
        leaves_when_stopped: false,
        guards: Guards::default(),
    };
    let mut producer = TransactionalProducer::new(&settings, &configuration, &topology).unwrap();
    let first = Arc::as_ptr(producer.client.as_ref().unwrap());
    // One more than fit into the time: each takes a slice.
    let tries_max = PREPARE_WAIT_MAX.as_millis() / SLICE.as_millis() + 1;
    for _ in 0..tries_max {
        assert!(!producer.prepare());
    }
    assert!(
        producer.client.is_none_or(|client| Arc::as_ptr(&client) != first),
        "it is waited for still"
    );
}
