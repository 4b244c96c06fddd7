//! docs/new-domain.md says what is so: its Rust stands in the files that it names, and its commands print what it shows.
// What cannot be set up ends the test.
#![allow(clippy::unwrap_used)]

use end_to_end::{binary, variable};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A fenced block, with the line of text before it.
struct Block {
    before: String,
    language: String,
    text: String,
}

fn blocks() -> Vec<Block> {
    let document = std::fs::read_to_string(examples().join("../../docs/new-domain.md")).unwrap();
    let (mut blocks, mut before, mut open) = (Vec::new(), String::new(), None::<Block>);
    for line in document.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                open = Some(Block {
                    before: before.clone(),
                    language: language.to_owned(),
                    text: String::new(),
                });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => block.text += &format!("{line}\n"),
            (None, None) if !line.is_empty() => before = line.to_owned(),
            (None, None) => {}
        }
    }
    blocks
}

fn of_language(language: &str) -> Vec<Block> {
    let found: Vec<Block> = blocks().into_iter().filter(|block| block.language == language).collect();
    assert!(!found.is_empty(), "there is no block of {language}");
    found
}

#[test]
fn the_rust_of_the_document_stands_in_the_files_that_it_names() {
    for Block { before, text, .. } in of_language("rust") {
        let file = before.strip_prefix('`').and_then(|rest| rest.strip_suffix("`:"));
        let file = file.unwrap_or_else(|| panic!("no file is named before {text}"));
        let content = std::fs::read_to_string(examples().join(file)).unwrap();
        assert!(content.contains(&text), "{file} does not have {text}");
    }
}

fn free_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port().to_string()
}

#[test]
fn the_commands_of_the_document_print_what_it_shows() {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("bank-by-document-{}", std::process::id());
    let mut script = String::from("set -euo pipefail\ntrap 'kill $(jobs -p); wait' EXIT\n");
    script.extend(of_language("sh").into_iter().map(|block| block.text));
    // Names and ports that no other test has.
    script = script.replace("bank.", &format!("{name}."));
    for port in ["9190", "9191", "9192"] {
        script = script.replace(port, &free_port());
    }
    let bin = binary("bank").parent().unwrap().to_owned();
    let path = format!("{}:{}", bin.display(), variable("PATH"));
    let ran = Command::new("setpriv")
        .args(["--pdeathsig", "KILL", "timeout", "120", "bash", "-c", &script])
        .current_dir(folder.path())
        .env("PATH", path)
        .env("AEROLOG_TOPIC_PREFIX", &name)
        .env("KAFKA_BOOTSTRAP_SERVERS", variable("KAFKA_BOOTSTRAP_SERVERS"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&ran.stdout);
    for Block { text, .. } in of_language("text") {
        assert!(printed.contains(&text), "{printed}\n{}", String::from_utf8_lossy(&ran.stderr));
    }
}
