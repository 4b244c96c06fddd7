//! Topics created from the topology, compared with it, and distinguished from others of the same name.

use crate::broker::fixture::{WAIT, delete_topics, settings, settings_without_a_broker, topology};
use std::time::Duration;
use stream::admin::{Admin, AdminError};
use stream::facts::{FactsError, FactsReader, Role, say, settle};
use stream::writer::{Outgoing, Writer};
use topology::{Difference, Fact, Severity, Topology};

/// What was created is known to every broker a moment later.
fn check_until(topology: &Topology, is_fine: impl Fn(&[Difference]) -> bool) -> Vec<Difference> {
    let admin = Admin::new(&settings()).unwrap();
    let mut found = Vec::new();
    for _ in 0..50 {
        found = admin.check(topology).unwrap();
        if is_fine(&found) {
            return found;
        }
        std::thread::park_timeout(Duration::from_millis(100));
    }
    panic!("{found:?}");
}

#[test]
fn topics_are_created_once_and_are_then_as_wanted() {
    let topology = topology("created", 3);
    let admin = Admin::new(&settings()).unwrap();
    assert_eq!(admin.check(&topology).unwrap().len(), 5, "all are missing");
    let names: Vec<String> = topology.topics().map(|topic| topic.name.clone()).to_vec();
    assert_eq!(admin.apply(&topology).unwrap(), names);
    check_until(&topology, <[Difference]>::is_empty);
    assert_eq!(admin.apply(&topology).unwrap(), Vec::<String>::new());
}

#[test]
fn topics_of_another_shape_are_fatal_differences_and_are_not_changed() {
    let mut wanted = topology("shape", 3);
    let mut other = wanted.clone();
    other.partitions = 2;
    other.topics.outcomes.retention_ms = 1000;
    let admin = Admin::new(&settings()).unwrap();
    admin.apply(&other).unwrap();
    check_until(&other, <[Difference]>::is_empty);
    let refused = admin.apply(&wanted).unwrap_err().to_string();
    assert!(refused.contains("the log was begun with 2 partitions"), "{refused}");
    let found = admin.check(&wanted).unwrap();
    let what: Vec<&str> = found.iter().map(|difference| difference.what).collect();
    assert_eq!(
        what,
        [
            "the number of partitions",
            "the number of partitions",
            "the number of partitions",
            "retention.ms"
        ]
    );
    assert!(found.iter().all(|difference| difference.severity == Severity::Fatal), "{found:?}");
    wanted.partitions = 2;
    assert_eq!(admin.check(&wanted).unwrap().len(), 1, "the retention is still another");
}

#[test]
fn topics_that_were_deleted_and_created_again_are_others() {
    let topology = topology("again", 1);
    let admin = Admin::new(&settings()).unwrap();
    admin.apply(&topology).unwrap();
    check_until(&topology, <[Difference]>::is_empty);
    let before = admin.identity(&topology).unwrap();
    assert_eq!(admin.identity(&topology).unwrap(), before);
    delete_topics(&topology);
    check_until(&topology, |found| found.len() == 5);
    assert!(matches!(admin.identity(&topology), Err(AdminError::Missing(_))));
    admin.apply(&topology).unwrap();
    check_until(&topology, <[Difference]>::is_empty);
    let after = admin.identity(&topology).unwrap();
    assert_eq!((after.partitions, &after.cluster_id), (before.partitions, &before.cluster_id));
    for (earlier, later) in before.topics.iter().zip(&after.topics) {
        assert!(earlier.0 == later.0 && earlier.1 != later.1, "{earlier:?} {later:?}");
    }
}

#[test]
fn a_cluster_that_cannot_be_reached_is_said_to_be() {
    let admin = Admin::new(&settings_without_a_broker()).unwrap();
    let error = admin.check(&topology("nowhere", 1)).unwrap_err();
    assert!(matches!(error, AdminError::Unreachable(_)), "{error}");
    assert!(error.to_string().contains("is it running"), "{error}");
}

/// Topics that no process has begun, as another tool than ours creates them.
fn unbegun(name: &str, partitions: u32) -> Topology {
    let topology = topology(name, partitions);
    let admin = Admin::new(&settings()).unwrap();
    admin.create(&topology).unwrap();
    check_until(&topology, <[Difference]>::is_empty);
    topology
}

fn settled(topology: &Topology, configured: Option<u32>, role: Role) -> Result<u32, FactsError> {
    let admin = Admin::new(&settings()).unwrap();
    settle(&settings(), &admin, topology, configured, role).map(|settled| settled.topology.partitions)
}

fn write_events(topology: &Topology, keys: &[&str], partitions: u32) {
    let writer = Writer::new(&settings()).unwrap();
    for key in keys {
        let record = Outgoing {
            topic: &topology.topics.events.name,
            key: Some(key.as_bytes()),
            value: Some(b"an event"),
            headers: &[],
            tag: 0,
            partition: Some(topology::partition_of(key.as_bytes(), partitions)),
        };
        writer.send(&record).unwrap();
    }
    writer.flush(WAIT).unwrap();
}

const KEYS: [&str; 6] = [
    "airport/HNL",
    "airport/KOA",
    "airport/LAX",
    "airport/OGG",
    "airport/LIH",
    "airport/ITO",
];

#[test]
fn an_empty_log_is_begun_by_the_first_processor_and_has_that_number_from_then_on() {
    let topology = unbegun("begins", 4);
    let view = settled(&topology, None, Role::View).unwrap_err();
    assert!(view.is_transient(), "a view waits: {view}");
    assert_eq!(settled(&topology, None, Role::Processor).unwrap(), 4);
    assert_eq!(settled(&topology, None, Role::View).unwrap(), 4);
    for other in [3, 5, 24] {
        let refused = settled(&topology, Some(other), Role::Processor).unwrap_err().to_string();
        assert!(refused.contains("the log was begun with 4 partitions"), "{refused}");
    }
}

#[test]
fn a_log_that_does_not_say_its_number_is_taken_where_every_key_agrees_and_refused_otherwise() {
    let topology = unbegun("adopts", 4);
    write_events(&topology, &KEYS, 3);
    let refused = settled(&topology, None, Role::Processor).unwrap_err();
    assert!(matches!(refused, FactsError::Disagrees { partitions: 4, .. }), "{refused}");
    assert_eq!(settled(&topology, Some(3), Role::Processor).unwrap(), 3);
    assert_eq!(settled(&topology, None, Role::Processor).unwrap(), 3);
}

#[test]
fn of_two_that_begin_a_log_at_once_the_first_one_counts() {
    let topology = unbegun("twice", 4);
    for partitions in [4, 3] {
        let begun = Fact::Begun {
            partitions,
            migrated_from: None,
        };
        say(&settings(), &topology, &begun).unwrap();
    }
    assert_eq!(settled(&topology, None, Role::Processor).unwrap(), 4);
    settled(&topology, Some(3), Role::Processor).unwrap_err();
}

#[test]
fn a_closed_log_is_read_and_not_decided() {
    let topology = unbegun("closed", 2);
    settled(&topology, None, Role::Processor).unwrap();
    let mut reader = FactsReader::new(&settings(), &topology).unwrap();
    assert_eq!(reader.read().unwrap().closed, None);
    say(&settings(), &topology, &Fact::Closed { to: "day".to_owned() }).unwrap();
    assert_eq!(reader.read().unwrap().closed.as_deref(), Some("day"), "a reader reads on");
    settled(&topology, None, Role::View).unwrap();
    let refused = settled(&topology, None, Role::Processor).unwrap_err().to_string();
    assert!(refused.contains("AEROLOG_TOPIC_PREFIX=day"), "{refused}");
}

#[test]
fn a_record_of_the_metadata_topic_that_is_not_understood_keeps_everything_from_starting() {
    let topology = unbegun("foreign", 2);
    let writer = Writer::new(&settings()).unwrap();
    writer
        .send(&Outgoing {
            topic: &topology.topics.metadata.name,
            key: None,
            value: Some(b"what is this"),
            headers: &[],
            tag: 0,
            partition: Some(0),
        })
        .unwrap();
    writer.flush(WAIT).unwrap();
    let refused = settled(&topology, None, Role::Processor).unwrap_err();
    assert!(matches!(refused, FactsError::NotUnderstood { offset: 0, .. }), "{refused}");
}
