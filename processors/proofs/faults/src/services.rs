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
        let output = Command::new(script())
            .args(arguments)
            .arg("--data")
            .arg(&self.data)
            // A script that is given services starts none of its own.
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

    /// Starts it again under another address, with the same id and data.
    pub fn start_kafka_at(&self, port: u16) {
        self.run(&["start-kafka", "--kafka-port", &port.to_string()]);
    }

    /// Sends a signal to the broker.
    pub fn signal_kafka(&self, name: &str) {
        self.signal("kafka", name);
    }

    /// The broker runs, whatever was done to it.
    pub fn heal(&self) {
        let pid = self.pid("kafka");
        if Path::new(&format!("/proc/{pid}")).exists() {
            self.signal_kafka("CONT");
        }
        self.start_kafka();
    }

    /// Sends a signal to one of the services.
    pub fn signal(&self, service: &str, name: &str) {
        signal(self.pid(service).parse().unwrap(), name);
    }

    /// Nothing, if it was ended.
    fn pid(&self, service: &str) -> String {
        let file = std::fs::read_to_string(self.data.join(format!("{service}.pid"))).unwrap_or_default();
        file.split_whitespace().next().unwrap_or("none").to_owned()
    }

    /// The broker's address, once it was started.
    pub fn brokers(&self) -> String {
        self.exported("KAFKA_BOOTSTRAP_SERVERS")
    }

    /// The registry's address, once it was started.
    pub fn registry(&self) -> String {
        self.exported("SCHEMA_REGISTRY_URL")
    }

    fn exported(&self, name: &str) -> String {
        let environment = std::fs::read_to_string(self.data.join("env")).unwrap();
        let line = environment
            .lines()
            .find_map(|line| line.strip_prefix("export ")?.strip_prefix(name)?.strip_prefix('='));
        line.unwrap().to_owned()
    }

    pub fn data(&self) -> &Path {
        &self.data
    }
}

/// Runs one of Kafka's own tools; returns what it says.
pub fn kafka_tool(arguments: &[&str]) -> String {
    try_kafka_tool(arguments).unwrap_or_else(|said| panic!("{arguments:?}: {said}"))
}

/// The same where the tool may fail: what it says then.
pub fn try_kafka_tool(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(script()).arg("kafka-tool").args(arguments).output().unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    if output.status.success() { Ok(said) } else { Err(said) }
}

/// Three brokers and a controller, which end with this.
pub struct ThreeBrokers {
    services: Services,
    brokers: String,
}

impl ThreeBrokers {
    /// Starts them, with their data in this folder.
    pub fn start(data: &Path) -> Self {
        let services = Services::in_directory(data);
        let mut started = Self {
            services,
            brokers: String::new(),
        };
        started.services.run(&["start-cluster"]);
        started.brokers = std::fs::read_to_string(data.join("cluster.brokers")).unwrap().trim().to_owned();
        started
    }

    /// All three addresses.
    pub fn brokers(&self) -> &str {
        &self.brokers
    }

    pub fn kill(&self, node: u32) {
        self.services.run(&["kill-node", "--node", &node.to_string()]);
    }

    pub fn stop(&self, node: u32) {
        self.services.run(&["stop-node", "--node", &node.to_string()]);
    }

    /// Starts it again under another address, with the same id and data.
    pub fn start_at(&self, node: u32, port: u16) {
        let (node, port) = (node.to_string(), port.to_string());
        self.services.run(&["start-node", "--node", &node, "--kafka-port", &port]);
    }

    pub fn start_again(&self, node: u32) {
        self.services.run(&["start-node", "--node", &node.to_string()]);
    }
}

impl Drop for ThreeBrokers {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // A second panic would end the program: what is left is stopped by the script that started it.
            let _ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.services.run(&["stop"])));
        } else {
            self.services.run(&["stop"]);
        }
    }
}

/// The script that starts services. A build may be shared between checkouts: who runs this program says which of them is meant.
pub(crate) fn script() -> PathBuf {
    let named = std::env::var_os("SERVICES_SCRIPT").map(PathBuf::from);
    named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../scripts/services"))
}
