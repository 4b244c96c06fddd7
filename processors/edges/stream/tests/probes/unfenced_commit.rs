//! The broker takes transactional offsets from metadata that names no generation and no member, whichever member owns the partition.
//!
//! That is what librdkafka's metadata is before a consumer has joined. Two defences: never to send such metadata, which the processor
//! sees to, and a `group.instance.id`, by which the broker looks for the member after all.

use super::fixture::{Ended, Transactional, WAIT, brokers, ended_with, producer, settings, topic, unique};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerGroupMetadata};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::Producer;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::time::Duration;

const PARTITION: i32 = 0;
/// How far the owner has come.
const OWN: i64 = 40;
const STRANGE: i64 = 3;

struct Group {
    name: String,
    topic: String,
    producer: Transactional,
}

impl Group {
    fn new(name: &str) -> Self {
        Self {
            name: unique(name),
            topic: topic(name),
            producer: producer(&brokers(), &unique(name), &[]),
        }
    }

    /// A consumer with an instance id, as the processor's is.
    fn of_an_instance(&self, instance: &str) -> BaseConsumer {
        settings(&brokers(), &[]).group_consumer(&self.name, instance).create().unwrap()
    }

    fn without_an_instance(&self) -> BaseConsumer {
        let mut config: ClientConfig = settings(&brokers(), &[]).group_consumer(&self.name, "");
        config.remove("group.instance.id");
        config.create().unwrap()
    }

    /// Waits until each of the group's members owns as many partitions.
    fn settle(&self, members: &[(&BaseConsumer, usize)]) {
        for (member, _) in members {
            if member.subscription().unwrap().count() == 0 {
                member.subscribe(&[&self.topic]).unwrap();
            }
        }
        for _ in 0..400 {
            for (member, _) in members {
                // The topic is empty, and that it is read from nowhere is no matter here.
                let _nothing = member.poll(Duration::from_millis(20));
            }
            if members.iter().all(|(member, owned)| member.assignment().unwrap().count() == *owned) {
                return;
            }
        }
        panic!("the partitions were not assigned");
    }

    /// A transaction that commits an offset, or is aborted when the broker takes none.
    fn commit(&self, metadata: &ConsumerGroupMetadata, partition: i32, offset: i64) -> Ended {
        let mut offsets = TopicPartitionList::new();
        offsets
            .add_partition_offset(&self.topic, partition, Offset::Offset(offset))
            .unwrap();
        self.producer.begin_transaction().unwrap();
        let sent = ended_with(self.producer.send_offsets_to_transaction(&offsets, metadata, WAIT));
        let end = match sent {
            Ended::Fine => self.producer.commit_transaction(WAIT),
            Ended::Abort(_) | Ended::Fatal(_) => self.producer.abort_transaction(WAIT),
        };
        end.unwrap();
        sent
    }

    fn committed(&self, partition: i32) -> Option<i64> {
        let observer: BaseConsumer = settings(&brokers(), &[]).group_inspector(&self.name).create().unwrap();
        let mut asked = TopicPartitionList::new();
        asked.add_partition(&self.topic, partition);
        observer.committed_offsets(asked, WAIT).unwrap().elements()[0].offset().to_raw()
    }

    /// The owner commits its offset, then another client another one.
    fn overwrite(&self, owner: &BaseConsumer, partition: i32, metadata: &ConsumerGroupMetadata) -> Ended {
        assert_eq!(self.commit(&owner.group_metadata().unwrap(), partition, OWN), Ended::Fine);
        assert_eq!(self.committed(partition), Some(OWN));
        self.commit(metadata, partition, STRANGE)
    }

    fn check_taken(&self, owner: &BaseConsumer, partition: i32, metadata: &ConsumerGroupMetadata) {
        assert_eq!(self.overwrite(owner, partition, metadata), Ended::Fine);
        assert_eq!(self.committed(partition), Some(STRANGE), "the owner's offset is gone");
    }

    fn check_refused(&self, owner: &BaseConsumer, metadata: &ConsumerGroupMetadata, why: RDKafkaErrorCode) {
        assert_eq!(self.overwrite(owner, PARTITION, metadata), Ended::Abort(why));
        assert_eq!(self.committed(PARTITION), Some(OWN), "the owner's offset stays");
    }
}

#[test]
fn offsets_of_one_who_never_joined_are_taken_unless_it_has_an_instance_id() {
    let group = Group::new("unfenced");
    let owner = group.of_an_instance("owner");
    group.settle(&[(&owner, 2)]);
    let stranger = group.without_an_instance().group_metadata().unwrap();
    group.check_taken(&owner, PARTITION, &stranger);
    let instance = group.of_an_instance("stranger").group_metadata().unwrap();
    group.check_refused(&owner, &instance, RDKafkaErrorCode::UnknownMemberId);
}

#[test]
fn metadata_from_before_the_join_is_no_fence_and_from_after_it_is_one() {
    let group = Group::new("cached");
    let member = group.without_an_instance();
    let early = member.group_metadata().unwrap();
    group.settle(&[(&member, 2)]);
    let joined = member.group_metadata().unwrap();
    member.unsubscribe();
    drop(member);
    let owner = group.of_an_instance("owner");
    group.settle(&[(&owner, 2)]);
    group.check_taken(&owner, PARTITION, &early);
    group.check_refused(&owner, &joined, RDKafkaErrorCode::UnknownMemberId);
}

#[test]
fn a_generation_that_is_over_is_refused() {
    let group = Group::new("generation");
    let owner = group.of_an_instance("owner");
    group.settle(&[(&owner, 2)]);
    let before = owner.group_metadata().unwrap();
    let second = group.of_an_instance("second");
    group.settle(&[(&owner, 1), (&second, 1)]);
    let partition = owner.assignment().unwrap().elements()[0].partition();
    assert_eq!(
        group.commit(&before, partition, STRANGE),
        Ended::Abort(RDKafkaErrorCode::IllegalGeneration)
    );
}

#[test]
fn a_member_may_commit_for_a_partition_that_another_owns() {
    let group = Group::new("neighbour");
    let (owner, neighbour) = (group.of_an_instance("owner"), group.of_an_instance("neighbour"));
    group.settle(&[(&owner, 2)]);
    group.settle(&[(&owner, 1), (&neighbour, 1)]);
    let owned = owner.assignment().unwrap().elements()[0].partition();
    assert_eq!(neighbour.assignment().unwrap().find_partition(&group.topic, owned), None);
    // The broker fences members, not partitions: who owns what is for the members to know.
    group.check_taken(&owner, owned, &neighbour.group_metadata().unwrap());
}
