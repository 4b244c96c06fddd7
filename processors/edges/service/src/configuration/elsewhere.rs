//! The keys of every program of Aerolog: programs that share an environment are each configured by some of its variables.

/// As the `default.toml` of some program has them, sorted.
const KEYS: [&str; 23] = [
    "batch_records_max",
    "cache_bytes",
    "commands.outcomes_kept_max",
    "commands.wait_ms",
    "commands.waiting_max",
    "http.address",
    "http.connections_max",
    "http.open_to_anyone",
    "http.origins",
    "http.sign_in",
    "http.tls_directory",
    "instance_id",
    "leave_group_when_stopped",
    "operations_address",
    "otlp.endpoint",
    "pace_ms",
    "partitions",
    "rocksdb.block_cache_bytes",
    "rocksdb.write_buffer_bytes",
    "schema_registry_url",
    "state_directory",
    "topic_prefix",
    "warm_partitions_max",
];

/// Whether some program has this key, or the key whose value a file holds.
pub(super) fn is_known(key: &str) -> bool {
    KEYS.contains(&key) || key.strip_suffix("_file").is_some_and(|plain| KEYS.contains(&plain))
}

#[cfg(test)]
mod tests;
