//! One of our processes, with a state directory and ports of its own.

use crate::{Schedule, eventually, variable};
use serde_json::Value;
use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

pub struct Program {
    child: Child,
    log: PathBuf,
    operations: u16,
    http: u16,
}

impl Program {
    /// Starts a command processor; not yet ready when this returns.
    pub fn processor(schedule: &Schedule, state: &Path, instance_id: &str) -> Self {
        Self::start("command-processor", schedule, state, &[("AEROLOG_INSTANCE_ID", instance_id)])
    }

    /// Starts a materializer; not yet ready when this returns.
    pub fn materializer(schedule: &Schedule, state: &Path) -> Self {
        let http = free_port();
        let address = format!("127.0.0.1:{http}");
        let mut program = Self::start("materializer", schedule, state, &[("AEROLOG_HTTP__ADDRESS", &address)]);
        program.http = http;
        program
    }

    /// Starts a program with further variables.
    pub fn start(name: &str, schedule: &Schedule, state: &Path, variables: &[(&str, &str)]) -> Self {
        let operations = free_port();
        std::fs::create_dir_all(state).unwrap();
        let log = state.with_extension(format!("{operations}.log"));
        let mut command = Command::new(binary(name));
        command
            .env("AEROLOG_SCHEDULE", schedule.name())
            .env("AEROLOG_PARTITIONS", schedule.partitions().to_string())
            .env("AEROLOG_STATE_DIRECTORY", state)
            .env("AEROLOG_OPERATIONS_ADDRESS", format!("127.0.0.1:{operations}"))
            .env("KAFKA_BOOTSTRAP_SERVERS", variable("KAFKA_BOOTSTRAP_SERVERS"))
            .env("SCHEMA_REGISTRY_URL", variable("SCHEMA_REGISTRY_URL"))
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap());
        for (name, value) in variables {
            command.env(name, value);
        }
        Self {
            child: command.spawn().unwrap(),
            log,
            operations,
            http: 0,
        }
    }

    pub fn wait_until_ready(&mut self) {
        let url = format!("http://127.0.0.1:{}/health/ready", self.operations);
        eventually("the process is ready", || {
            assert!(self.child.try_wait().unwrap().is_none(), "it has ended:\n{}", self.log());
            reqwest::blocking::get(&url).is_ok_and(|answer| answer.status().is_success())
        });
    }

    /// The answer of the query service, as JSON.
    pub fn ask(&self, path: &str) -> Value {
        reqwest::blocking::get(format!("http://127.0.0.1:{}{path}", self.http))
            .unwrap()
            .json()
            .unwrap()
    }

    /// Where the query service answers to this path.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.http)
    }

    /// The value of a metric, or the sum over its labels.
    pub fn metric(&self, name: &str) -> f64 {
        let text = reqwest::blocking::get(format!("http://127.0.0.1:{}/metrics", self.operations))
            .unwrap()
            .text()
            .unwrap();
        let of_name = |line: &&str| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(' ') || rest.starts_with('{'))
        };
        text.lines()
            .filter(of_name)
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum()
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and the status that it ends with.
    pub fn stop(mut self) -> ExitStatus {
        let kill = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        self.wait()
    }

    /// The status that it ends with by itself.
    pub fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        eventually("the process ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Why it is not ready, in its own words.
    pub fn not_ready_because(&self) -> String {
        let answer = reqwest::blocking::get(format!("http://127.0.0.1:{}/health/ready", self.operations));
        answer.and_then(|answer| answer.text()).unwrap_or_default()
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already in most tests.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// Beside the test's own executable; `cargo test` builds binaries of other packages only when told to.
fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.ancestors().nth(2).unwrap().join(name);
    assert!(
        path.exists(),
        "{} is missing: run scripts/test, or `cargo build --release --workspace` first",
        path.display()
    );
    path
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
