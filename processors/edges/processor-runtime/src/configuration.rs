//! The configuration; `default.toml` says what each key means.

use crate::program;
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
    pub instance_id: String,
    pub schema_registry_url: String,
    pub state_directory: PathBuf,
    pub operations_address: SocketAddr,
    pub topic_prefix: String,
    /// The number of partitions that the log must have; `None` where it is to say that itself.
    #[serde(deserialize_with = "service::partitions_of_log")]
    pub partitions: Option<u32>,
    pub batch_records_max: usize,
    pub pace_ms: u64,
    pub cache_bytes: usize,
    pub warm_partitions_max: usize,
    pub leave_group_when_stopped: bool,
    pub rocksdb: Sizing,
    pub otlp: traces::Settings,
    pub kafka: BTreeMap<String, String>,
}

impl Configuration {
    /// The compiled-in defaults, then `file`, then the environment.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigurationError> {
        let mut configuration: Self = definition().load(file)?;
        if configuration.instance_id.is_empty() {
            configuration.instance_id = service::host_name().unwrap_or_else(|| program::NAME.to_owned());
        }
        Ok(configuration)
    }
}

fn definition() -> Definition {
    Definition::of_kafka_program(DEFAULTS)
}

#[cfg(test)]
mod tests;
