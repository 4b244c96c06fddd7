//! The configuration; `default.toml` says what each key means.

use bearer_tokens::Access;
use query_service::AsOf;
use serde::Deserialize;
use service::{ConfigurationError, Definition};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use store::Sizing;

pub const DEFAULTS: &str = include_str!("default.toml");

/// The words without which questions of anyone are answered on loopback addresses only.
pub const OPEN_TO_ANYONE: &str = "anyone who reaches this address may read everything";

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    pub schema_registry_url: String,
    pub state_directory: PathBuf,
    pub topic_prefix: String,
    /// The number of partitions that the log must have; `None` where it is to say that itself.
    #[serde(deserialize_with = "service::partitions_of_log")]
    pub partitions: Option<u32>,
    /// Where the views stop; `None` where they follow the log. No key: it is an argument.
    #[serde(skip)]
    pub until: Option<AsOf>,
    pub operations_address: SocketAddr,
    pub http: Http,
    /// No key: a test applies smaller pieces.
    #[serde(skip)]
    pub apply: Apply,
    pub rocksdb: Sizing,
    pub otlp: traces::Settings,
    pub kafka: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    pub address: SocketAddr,
    pub connections_max: usize,
    /// How long a question may wait for the minimum position that it asks for. No key: a test has more patience.
    #[serde(skip, default = "position_wait_ms_max")]
    pub position_wait_ms_max: u64,
    pub sign_in: String,
    pub open_to_anyone: String,
    pub origins: String,
    pub tls_directory: String,
}

fn position_wait_ms_max() -> u64 {
    5000
}

#[derive(Debug, Clone)]
pub struct Apply {
    /// Events that are applied in one piece, at most. Larger pieces are faster to catch up with and take more memory.
    pub events_max: usize,
}

impl Default for Apply {
    fn default() -> Self {
        Self { events_max: 4096 }
    }
}

impl Configuration {
    /// The compiled-in defaults, then `file`, then the environment.
    ///
    /// # Errors
    /// When they do not fit, or would answer anyone without having been told to.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigurationError> {
        definition().load(file).and_then(Self::checked)
    }

    fn checked(self) -> Result<Self, ConfigurationError> {
        let access = Access {
            address: self.http.address,
            sign_in: &self.http.sign_in,
            open_to_anyone: &self.http.open_to_anyone,
            sentence: OPEN_TO_ANYONE,
        };
        let checked = access.check();
        checked.map_err(|error| ConfigurationError::Invalid(error.to_string()))?;
        Ok(self)
    }
}

fn definition() -> Definition {
    Definition::of_kafka_program(DEFAULTS)
}

#[cfg(test)]
mod tests;
