//! What a process may have open, seen from outside: this test's own binary is the process, under limits of a shell.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use rustix::process::{Resource, getrlimit};
use service::open_files::allow;
use std::process::Command;

const NEEDED: &str = "OPEN_FILES_TEST_NEEDED";

/// The process under test. It does nothing when the suite runs it by itself.
#[test]
fn the_process_under_test_says_what_it_may_open() {
    let Ok(needed) = std::env::var(NEEDED) else {
        return;
    };
    match allow(needed.parse().unwrap()) {
        Ok(()) => println!("may open {}", getrlimit(Resource::Nofile).current.unwrap()),
        Err(error) => println!("error: {error}"),
    }
}

fn said(soft: u32, hard: u32, needed: u32) -> String {
    let program = std::env::current_exe().unwrap();
    let limits = format!("ulimit -Sn {soft} && ulimit -Hn {hard} && exec \"$0\" \"$@\"");
    let output = Command::new("sh")
        .args(["-c", &limits, program.to_str().unwrap()])
        .args(["--exact", "the_process_under_test_says_what_it_may_open", "--nocapture"])
        .env(NEEDED, needed.to_string())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_soft_limit_that_is_too_low_is_raised_to_the_hard_one() {
    assert!(said(64, 2_000, 1_000).contains("may open 2000"));
}

#[test]
fn a_limit_that_is_enough_stays() {
    assert!(said(1_500, 2_000, 1_000).contains("may open 1500"));
}

#[test]
fn a_hard_limit_that_is_too_low_is_an_error_that_says_how_to_raise_it() {
    let said = said(64, 900, 1_000);
    assert!(
        said.contains("needs up to 1000 open files") && said.contains("allows it 900") && said.contains("ulimit -Hn 1000"),
        "{said}"
    );
}
