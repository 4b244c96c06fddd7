//! The broker and the registry of this run, as `scripts/services` runs them.

use end_to_end::{signal, variable};
use std::path::{Path, PathBuf};
use std::process::Command;

/// One data directory of `scripts/services`.
#[derive(Debug, Clone)]
pub struct Services {
    data: PathBuf,
}

impl Services {
    /// Those that `scripts/test` or `scripts/faults` has started.
    pub fn of_environment() -> Self {
        Self::in_directory(Path::new(&variable("SERVICES_DATA")))
    }

    pub fn in_directory(data: &Path) -> Self {
        Self { data: data.to_owned() }
    }

    /// Runs `scripts/services` with these arguments, and waits for its end.
    pub fn run(&self, arguments: &[&str]) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/services");
        let output = Command::new(script)
            .args(arguments)
            .arg("--data")
            .arg(&self.data)
            // A script that is told of services starts none of its own.
            .env_remove("KAFKA_BOOTSTRAP_SERVERS")
            .env_remove("SCHEMA_REGISTRY_URL")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "scripts/services {arguments:?}: {said}");
    }

    /// Ends the broker in an orderly way.
    pub fn stop_kafka(&self) {
        self.run(&["stop-kafka"]);
    }

    /// Ends the broker as a crash would.
    pub fn kill_kafka(&self) {
        self.run(&["kill-kafka"]);
    }

    /// Starts it again, where it was, and waits until it answers.
    pub fn start_kafka(&self) {
        self.run(&["start-kafka"]);
    }

    /// Sends a signal to the broker.
    pub fn signal_kafka(&self, name: &str) {
        self.signal("kafka", name);
    }

    /// Sends a signal to one of the services.
    pub fn signal(&self, service: &str, name: &str) {
        let file = std::fs::read_to_string(self.data.join(format!("{service}.pid"))).unwrap();
        let pid = file.split_whitespace().next().unwrap();
        signal(pid.parse().unwrap(), name);
    }

    pub fn data(&self) -> &Path {
        &self.data
    }
}
