//! Configuration in layers: defaults that are compiled in, then a file, then the environment. A key that no program has is an error in each.
//!
//! - `default.toml` lists every key with its default and a comment; a key that is not in it does not exist.
//! - The file is TOML of the same shape.
//! - `AEROLOG_HTTP__PORT` sets `port` in the table `[http]`, `AEROLOG_STATE_DIRECTORY` the key `state_directory`: two underscores
//!   go down one table. The value is read as the type that the default has.
//! - An open table (`[kafka]`) takes any key and passes it on as text. Dots may be written as in `security.protocol = "SSL"`; in the
//!   environment an underscore stands for each: `AEROLOG_KAFKA__SECURITY_PROTOCOL`.
//! - A variable that is a key of another program of Aerolog and not of this one is ignored: programs may share an environment.
//! - The variables that Kubernetes injects for Services named `aerolog…` (`AEROLOG_PORT=tcp://…`) are not configuration.
//! - Where a key `k` is a text, `k_file` (`AEROLOG_…_FILE`) names a file that holds the value: the way for secrets.
//!
//! No error shows a value, because it might be a secret.

mod elsewhere;
mod layer;
mod renamed;
mod service_link;

use layer::Layer;
pub use renamed::check_variables;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use service_link::is_service_link;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The prefix of the variables that are configuration.
const PREFIX: &str = "AEROLOG_";

/// What can be configured, and where it may come from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Definition {
    /// The text of `default.toml`: every key with its default.
    pub defaults: &'static str,
    /// Tables that take any key, each value passed on as text.
    pub open_tables: &'static [&'static str],
    /// Variables of other names that set a key, such as `("KAFKA_BOOTSTRAP_SERVERS", "bootstrap_servers")`: above the file and below
    /// the `AEROLOG_` variable of that key. One that is set to nothing is not set.
    pub variables: &'static [(&'static str, &'static str)],
    /// Variables with the prefix `AEROLOG_` that mean something else.
    pub ignored: &'static [&'static str],
}

/// Variables that this project's telemetry, scripts and command line read.
const IGNORED_ALWAYS: [&str; 5] = [
    "AEROLOG_LOG",
    "AEROLOG_CACHE",
    "AEROLOG_QUERY_URL",
    "AEROLOG_KAFKA_SETTINGS",
    crate::failpoints::VARIABLE,
];

/// Why a process cannot start with what it was given. All of it is for a person to correct.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    #[error("{}: {error}", path.display())]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error("{origin}: not TOML: {message}")]
    Syntax { origin: String, message: String },
    #[error("{origin}: unknown key \"{key}\"; the known keys are {}", known.join(", "))]
    UnknownKey { origin: String, key: String, known: Vec<String> },
    #[error("{origin}: the key \"{key}\" is called \"{now}\" now, and its variable {PREFIX}{}", now.to_uppercase())]
    Renamed {
        origin: String,
        key: &'static str,
        now: &'static str,
    },
    #[error("{origin}: {key}: expected {expected}")]
    WrongType {
        origin: String,
        key: String,
        expected: &'static str,
    },
    #[error("{origin}: both {key} and {key}_file are given")]
    Twice { origin: String, key: String },
    #[error("the configuration does not fit: {0}")]
    Invalid(String),
}

/// Reads the key `partitions`: 0 says nothing, so that the log says how many it has.
///
/// # Errors
/// Where there is no such number.
pub fn partitions_of_log<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let partitions = u32::deserialize(deserializer)?;
    Ok((partitions > 0).then_some(partitions))
}

impl Definition {
    /// That of a program which talks to Kafka and the schema registry: `[kafka]` takes any setting of the client, and the addresses may stand
    /// in the variables that other tools read, too.
    pub const fn of_kafka_program(defaults: &'static str) -> Self {
        Self {
            defaults,
            open_tables: &["kafka"],
            variables: &[
                ("KAFKA_BOOTSTRAP_SERVERS", "kafka.bootstrap_servers"),
                ("SCHEMA_REGISTRY_URL", "schema_registry_url"),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "otlp.endpoint"),
            ],
            ignored: &[],
        }
    }

    /// Reads the layers: the compiled-in defaults, `file` if there is one, and the environment of this process.
    pub fn load<C: DeserializeOwned>(&self, file: Option<&Path>) -> Result<C, ConfigurationError> {
        self.load_with(
            file,
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        )
    }

    /// The same with a given environment.
    pub fn load_with<C: DeserializeOwned>(
        &self,
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<C, ConfigurationError> {
        let mut table = parse("default.toml", self.defaults)?;
        if let Some(path) = file {
            let text = std::fs::read_to_string(path).map_err(|error| ConfigurationError::Unreadable { path: path.into(), error })?;
            let origin = path.display().to_string();
            let given = parse(&origin, &text)?;
            Layer::new(&origin, &mut table, self.open_tables).merge(given)?;
        }
        self.merge_environment(&mut table, environment)?;
        read(table)
    }

    fn merge_environment(
        &self,
        table: &mut Table,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(), ConfigurationError> {
        let mut own = Vec::new();
        let mut others = Vec::new();
        for (name, value) in environment {
            if let Some((_, key)) = self.variables.iter().find(|(variable, _)| *variable == name) {
                if !value.is_empty() {
                    others.push((name, key.to_string(), value));
                }
            } else if let Some(rest) = name.strip_prefix(PREFIX)
                && !self.ignored.contains(&name.as_str())
                && !IGNORED_ALWAYS.contains(&name.as_str())
                && !is_service_link(&name, &value)
            {
                let key = rest.to_lowercase().replace("__", ".");
                own.push((name, key, value));
            }
        }
        // Sorted, so that of several mistakes the same one is reported each time.
        own.sort();
        for (name, key, value) in others.into_iter().chain(own) {
            match Layer::new(&name, table, self.open_tables).set(&key, value) {
                Err(ConfigurationError::UnknownKey { .. }) if elsewhere::is_known(&key) => {
                    tracing::debug!(variable = name, "not a key of this program, but of another one of Aerolog: ignored");
                }
                set => set?,
            }
        }
        Ok(())
    }
}

fn parse(origin: &str, text: &str) -> Result<Table, ConfigurationError> {
    text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        ConfigurationError::Syntax {
            origin: origin.to_owned(),
            message: format!("line {line}: {}", error.message()),
        }
    })
}

fn read<C: DeserializeOwned>(table: Table) -> Result<C, ConfigurationError> {
    let mut unused = Vec::new();
    let read = serde_ignored::deserialize(Value::Table(table), |path| unused.push(path.to_string()));
    let configuration =
        read.map_err(|error: toml::de::Error| ConfigurationError::Invalid(error.to_string().trim_end().replace('\n', " ")))?;
    assert!(
        unused.is_empty(),
        "default.toml has keys that the program does not read: {unused:?}"
    );
    Ok(configuration)
}

#[cfg(test)]
mod tests;
