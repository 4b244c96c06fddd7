//! Topics created from the topology, compared with it, and told apart from others of the same name.

use crate::broker::fixture::{delete_topics, settings, settings_of_nobody, topology};
use std::time::Duration;
use stream::admin::{Admin, AdminError};
use topology::{Difference, Severity, Topology};

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
    assert_eq!(admin.check(&topology).unwrap().len(), 4, "all are missing");
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
    assert_eq!(admin.apply(&wanted).unwrap(), Vec::<String>::new());
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
    check_until(&topology, |found| found.len() == 4);
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
    let admin = Admin::new(&settings_of_nobody()).unwrap();
    let error = admin.check(&topology("nowhere", 1)).unwrap_err();
    assert!(matches!(error, AdminError::Unreachable(_)), "{error}");
    assert!(error.to_string().contains("is it running"), "{error}");
}
