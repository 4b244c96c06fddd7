//! The configuration; `default.toml` says what each key means.

use bearer_tokens::Access;
use serde::Deserialize;
use service::{ConfigurationError, Definition};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

pub const DEFAULTS: &str = include_str!("default.toml");

/// The words without which commands of anyone are taken on loopback addresses only.
pub const OPEN_TO_ANYONE: &str = "anyone who reaches this address may change the schedule";

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    pub schema_registry_url: String,
    pub operations_address: SocketAddr,
    pub topic_prefix: String,
    /// The number of partitions that the log must have; `None` where it is to say that itself.
    #[serde(deserialize_with = "service::partitions_of_log")]
    pub partitions: Option<u32>,
    pub http: Http,
    pub commands: Commands,
    pub otlp: traces::Settings,
    pub kafka: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    pub address: SocketAddr,
    pub connections_max: usize,
    pub sign_in: String,
    pub open_to_anyone: String,
    pub origins: String,
    pub tls_directory: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commands {
    pub wait_ms: u64,
    pub waiting_max: usize,
    pub outcomes_kept_max: usize,
}

impl Configuration {
    /// The compiled-in defaults, then `file`, then the environment.
    ///
    /// # Errors
    /// When they do not fit, or would take commands of anyone without a setting that allows it.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigurationError> {
        definition().load(file).and_then(Self::checked)
    }

    fn checked(self) -> Result<Self, ConfigurationError> {
        let Http {
            address,
            sign_in,
            open_to_anyone,
            ..
        } = &self.http;
        let access = Access {
            address: *address,
            sign_in,
            open_to_anyone,
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
