//! What can be configured; `default.toml` says what each key means.

use application::Application;
use serde::Deserialize;
use service::{ConfigurationError, Definition};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

pub const DEFAULTS: &str = include_str!("default.toml");

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    pub schema_registry_url: String,
    pub state_directory: PathBuf,
    pub schedule: String,
    pub partitions: u32,
    pub operations_address: SocketAddr,
    pub http: Http,
    pub apply: Apply,
    pub rocksdb: RocksDb,
    pub kafka: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    pub address: SocketAddr,
    pub connections_max: usize,
    pub position_wait_ms_max: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Apply {
    pub events_max: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RocksDb {
    pub block_cache_bytes: usize,
    pub write_buffer_bytes: usize,
}

impl Configuration {
    /// The compiled-in defaults, then `file`, then the environment.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigurationError> {
        definition().load(file)
    }

    /// What the names of the topics begin with.
    pub fn name<A: Application>(&self) -> &str {
        if self.schedule.is_empty() { A::NAME } else { &self.schedule }
    }

    /// The number of partitions that the log must have; `None` where it is to say that itself.
    pub fn partitions(&self) -> Option<u32> {
        (self.partitions > 0).then_some(self.partitions)
    }
}

fn definition() -> Definition {
    Definition::of_kafka_program(DEFAULTS)
}

#[cfg(test)]
mod tests;
