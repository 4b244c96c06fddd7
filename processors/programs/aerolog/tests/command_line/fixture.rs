//! Runs the program.

use end_to_end::{Program, Schedule};
use std::io::Write;
use std::process::{Command, Output, Stdio};

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
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

pub(crate) fn command(schedule: &str, partitions: u32, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aerolog"));
    command
        .args(arguments)
        .env("KAFKA_BOOTSTRAP_SERVERS", end_to_end::variable("KAFKA_BOOTSTRAP_SERVERS"))
        .env("SCHEMA_REGISTRY_URL", end_to_end::variable("SCHEMA_REGISTRY_URL"))
        .env("AEROLOG_TOPIC_PREFIX", schedule)
        .env("AEROLOG_PARTITIONS", partitions.to_string());
    command
}

pub(crate) fn run(schedule: &str, partitions: u32, arguments: &[&str]) -> Run {
    command(schedule, partitions, arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
        .into()
}

pub(crate) fn run_with_input(schedule: &str, partitions: u32, arguments: &[&str], input: &[u8]) -> Run {
    let mut child = command(schedule, partitions, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap().into()
}

/// With no word about the number of partitions.
pub(crate) fn run_without_partitions(schedule: &str, arguments: &[&str]) -> Run {
    let mut command = command(schedule, 1, arguments);
    command.env_remove("AEROLOG_PARTITIONS").stdin(Stdio::null());
    command.output().unwrap().into()
}

/// The program against a schedule of its own with a command processor.
pub(crate) struct Running {
    pub(crate) schedule: Schedule,
    _processor: Program,
    _state: tempfile::TempDir,
}

impl Running {
    pub(crate) fn new(name: &str) -> Self {
        let schedule = Schedule::new(name, 2);
        let state = tempfile::tempdir().unwrap();
        let mut processor = Program::processor(&schedule, &state.path().join("state"), "one");
        processor.wait_until_ready();
        Self {
            schedule,
            _processor: processor,
            _state: state,
        }
    }

    pub(crate) fn run(&self, line: &str) -> Run {
        run(self.schedule.name(), 2, &line.split(' ').collect::<Vec<_>>())
    }

    pub(crate) fn run_with_input(&self, line: &str, input: &[u8]) -> Run {
        run_with_input(self.schedule.name(), 2, &line.split(' ').collect::<Vec<_>>(), input)
    }
}
