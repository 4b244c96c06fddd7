//! Runs command lines on logs of their own.

use end_to_end::{Cluster, LogName, Program, binary, variable};
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// A log of the bank, with its topics.
pub(crate) struct Bank {
    cluster: Cluster,
    name: String,
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    /// The last line, which is JSON.
    pub(crate) fn json(&self) -> Value {
        let line = self.out.lines().last().unwrap_or_else(|| panic!("{self:?}"));
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A program of this workspace on the log with this prefix.
pub(crate) fn run(program: &str, prefix: &str, arguments: &[&str], input: &[u8]) -> Run {
    piped(
        Command::new(binary(program)).args(arguments).env("AEROLOG_TOPIC_PREFIX", prefix),
        input,
    )
}

/// Writes to and reads from topics.
pub(crate) fn kcat(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let brokers = variable("KAFKA_BOOTSTRAP_SERVERS");
    let mut child = Command::new("kcat")
        .args(["-b", &brokers])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    output.stdout
}

/// A client with a transaction that stays open in the first partition of a topic.
pub(crate) struct OpenTransaction(Child);

impl OpenTransaction {
    /// With a record that is in the topic already.
    pub(crate) fn begin(topic: &str) -> Self {
        let brokers = variable("KAFKA_BOOTSTRAP_SERVERS");
        let mut child = Command::new("kcat")
            .args(["-P", "-b", &brokers, "-t", topic, "-p", "0"])
            .args([
                "-X",
                &format!("transactional.id={topic}-open"),
                "-X",
                "transaction.timeout.ms=300000",
            ])
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // More than kcat keeps to itself before it sends anything.
        let records = "a record of a transaction that is not over\n".repeat(3_000);
        child.stdin.as_mut().unwrap().write_all(records.as_bytes()).unwrap();
        let is_there = ["-C", "-t", topic, "-p", "0", "-o", "beginning", "-c", "1"];
        kcat(&[&is_there[..], &["-X", "isolation.level=read_uncommitted"]].concat(), b"");
        Self(child)
    }
}

impl Drop for OpenTransaction {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn piped(command: &mut Command, input: &[u8]) -> Run {
    let mut child = command
        .env_remove("AEROLOG_PARTITIONS")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that refuses its arguments reads nothing.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap().into()
}

impl Bank {
    /// Its topics are created by its command line.
    pub(crate) fn new(name: &str) -> Self {
        let bank = Self {
            cluster: Cluster::of_environment(),
            name: format!("bank-{name}-{}", std::process::id()),
        };
        let created = bank.run(&["topics", "apply", "--partitions", "2"]);
        assert!(created.status == 0 && created.out.matches("created ").count() == 5, "{created:?}");
        bank
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        run("bank", &self.name, arguments, b"")
    }

    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Run {
        run("bank", &self.name, arguments, input)
    }

    /// One of its programs, once it is ready.
    pub(crate) fn start(&self, program: &str, state: &Path) -> Program {
        let log = LogName {
            cluster: &self.cluster,
            name: &self.name,
            partitions: 2,
        };
        let mut program = Program::start_on(program, log, state, &[]);
        program.wait_until_ready();
        program
    }

    /// All values of a topic, as `kcat -f '%R%s'` writes them.
    pub(crate) fn values(&self, topic: &str) -> Vec<u8> {
        let topic = format!("{}.{topic}", self.name);
        kcat(&["-C", "-t", &topic, "-o", "beginning", "-e", "-q", "-f", "%R%s"], b"")
    }
}
