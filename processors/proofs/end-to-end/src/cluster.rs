//! Where the broker and the registry are.

use crate::{eventually, variable};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use stream::Settings;
use stream::admin::Admin;
use topology::Topology;

/// A name that no other log of a test has: tests of one process run side by side and may ask for the same one.
pub(crate) fn unique_name(name: &str) -> String {
    static NAMES: AtomicU32 = AtomicU32::new(0);
    let number = NAMES.fetch_add(1, Ordering::Relaxed);
    format!("{name}-{}-{number}", std::process::id())
}

/// A broker (or several) and a registry that run already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// `host:port`, several of them with commas.
    pub brokers: String,
    pub registry: String,
}

impl Cluster {
    /// The one that `scripts/test` and `scripts/faults` start.
    pub fn of_environment() -> Self {
        Self {
            brokers: variable("KAFKA_BOOTSTRAP_SERVERS"),
            registry: variable("SCHEMA_REGISTRY_URL"),
        }
    }

    pub fn settings(&self) -> Settings {
        Settings::new(&BTreeMap::from([("bootstrap.servers".to_owned(), self.brokers.clone())])).unwrap()
    }

    /// Creates the topics of the log `name` where they are missing, and waits until the brokers know them.
    pub fn create_topics(&self, name: &str, partitions: u32) -> Topology {
        let topology = Topology::with_prefix(name, Some(partitions)).unwrap();
        let admin = Admin::new(&self.settings()).unwrap();
        admin.apply(&topology).unwrap();
        eventually("the topics are known", || admin.check(&topology).unwrap().is_empty());
        topology
    }
}
