//! What a process does on SIGTERM and Ctrl-C, seen from outside: this test's own binary is the process.
#![allow(clippy::unwrap_used)]

use service::{FINISH_WAIT_MAX, Shutdown, clock};
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

const FINISHES: &str = "finishes";
const HANGS: &str = "hangs";
const MANNER: &str = "SIGNALS_TEST_MANNER";

/// The process under test. It does nothing when the suite runs it without a manner.
#[test]
fn the_process_under_test_waits_for_its_signal() {
    let Ok(manner) = std::env::var(MANNER) else {
        return;
    };
    let shutdown = Shutdown::on_signals().unwrap();
    eprintln!("waiting");
    shutdown.wait();
    assert!(shutdown.is_requested());
    eprintln!("stopping");
    if manner == HANGS {
        clock::rest(FINISH_WAIT_MAX * 10);
    }
    std::process::exit(0);
}

struct Process {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStderr>>,
    _out: Option<ChildStdout>,
}

fn start(manner: &str) -> Process {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_process_under_test_waits_for_its_signal", "--nocapture"])
        .env(MANNER, manner)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let _out = child.stdout.take();
    let mut process = Process { child, lines, _out };
    process.says("waiting");
    process
}

impl Process {
    fn says(&mut self, expected: &str) {
        let said = self.lines.by_ref().map_while(Result::ok).find(|line| line.contains(expected));
        assert!(said.is_some(), "it ended without saying {expected}");
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    #[track_caller]
    fn ends_with(mut self, status: i32, at_most: Duration) {
        let began = clock::monotonic();
        let ended = self.child.wait().unwrap();
        assert_eq!(ended.code(), Some(status), "{ended}");
        assert!(began.elapsed() < at_most, "after {:?}", began.elapsed());
    }
}

#[test]
fn a_process_that_finishes_ends_with_status_0_on_either_signal() {
    for name in ["TERM", "INT"] {
        let process = start(FINISHES);
        process.signal(name);
        process.ends_with(0, FINISH_WAIT_MAX);
    }
}

#[test]
fn a_second_ctrl_c_ends_a_process_that_hangs_at_once() {
    let mut process = start(HANGS);
    process.signal("INT");
    process.says("stopping");
    process.signal("INT");
    process.ends_with(130, FINISH_WAIT_MAX);
}

#[test]
fn a_process_that_hangs_is_ended_after_its_time_with_status_1() {
    let process = start(HANGS);
    process.signal("TERM");
    process.ends_with(1, FINISH_WAIT_MAX * 2);
}
