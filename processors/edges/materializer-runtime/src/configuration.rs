//! What can be configured; `default.toml` says what each key means.

use serde::Deserialize;
use service::{ConfigurationError, Definition};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use store::Sizing;

pub const DEFAULTS: &str = include_str!("default.toml");

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    pub schema_registry_url: String,
    pub state_directory: PathBuf,
    pub topic_prefix: String,
    /// The number of partitions that the log must have; `None` where it is to say that itself.
    #[serde(deserialize_with = "service::partitions_of_log")]
    pub partitions: Option<u32>,
    pub operations_address: SocketAddr,
    pub http: Http,
    pub apply: Apply,
    pub rocksdb: Sizing,
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

impl Configuration {
    /// The compiled-in defaults, then `file`, then the environment.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigurationError> {
        definition().load(file)
    }
}

fn definition() -> Definition {
    Definition::of_kafka_program(DEFAULTS)
}

#[cfg(test)]
mod tests;
