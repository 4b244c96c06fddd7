//! Where the broker and the registry are.

use crate::variable;
use std::collections::BTreeMap;
use stream::Settings;

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
}
