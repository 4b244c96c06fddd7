//! A limit of open files that is too low for what a process may need.
#![allow(clippy::unwrap_used)]

use end_to_end::binary;
use std::process::Command;

/// What the program says under a limit of open files, and its status. It is stopped after two seconds, if it runs.
fn said_under(limit: u32, program: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("sh")
        .args([
            "-c",
            &format!("ulimit -n {limit} && exec timeout 2 \"$0\""),
            binary(program).to_str().unwrap(),
        ])
        .env("AEROLOG_STATE_DIRECTORY", folder.path())
        .env("AEROLOG_OPERATIONS_ADDRESS", "127.0.0.1:0")
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_process_that_may_not_open_enough_files_says_so_and_does_not_start() {
    for (program, needed) in [("materializer", 2112), ("command-processor", 1088)] {
        let (status, said) = said_under(512, program);
        assert_eq!(status, Some(1), "{program}: {said}");
        let expected = format!("needs up to {needed} open files, and the system allows it 512");
        assert!(said.contains(&expected), "{program}: {said}");
        // The advice, followed, is enough: it goes on, to its cluster or to the next problem.
        let (_, said) = said_under(needed, program);
        assert!(!said.contains("open files"), "{program}: {said}");
    }
}
