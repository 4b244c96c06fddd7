//! The rules for the files of a crate.

use crate::workspace::PURE;
use toml::{Table, Value};

const LINES_MAX: usize = 400;
/// A configuration with more keys than this is a sign that the program does not decide.
const CONFIGURATION_KEYS_MAX: usize = 15;
/// Crates as users of the workspace have them: what the workspace says about lints is not theirs.
const OUTSIDE: &str = "tests/outside/";
const PURE_LINT: &str = "#![deny(clippy::wildcard_enum_match_arm)]";
/// The files that may lift the ban on clocks: one for the programs, and one for the library that knows no program.
const CLOCKS: [&str; 2] = ["processors/edges/service/src/clock.rs", "processors/edges/stream/src/clock.rs"];

/// Every breach of the rules for the file at `path`, which is relative to the workspace and has forward slashes.
pub fn violations(path: &str, text: &str) -> Vec<String> {
    if path.ends_with(".rs") {
        rust_violations(path, text)
    } else if path.ends_with("/Cargo.toml") && !path.starts_with(OUTSIDE) {
        manifest_violations(path, text)
    } else if path.ends_with("/default.toml") {
        configuration_violations(path, text)
    } else {
        Vec::new()
    }
}

fn rust_violations(path: &str, text: &str) -> Vec<String> {
    let mut violations = Vec::new();
    if !text.starts_with("//! ") {
        violations.push(format!("{path}: the first line is not a `//!` sentence"));
    }
    let lines = text.lines().count();
    let tests = is_tests(path);
    if lines > LINES_MAX && !tests {
        violations.push(format!("{path}: {lines} lines, more than {LINES_MAX}: it does more than one thing"));
    }
    for (index, line) in text.lines().enumerate() {
        let line_number = index + 1;
        let line = line.trim_start();
        if line.starts_with("mod tests {") {
            violations.push(format!(
                "{path}:{line_number}: tests belong into a file of their own (`mod tests;`)"
            ));
        }
        if !tests
            && !CLOCKS.contains(&path)
            && line.starts_with("#")
            && line.contains("allow(")
            && line.contains("clippy::disallowed_methods")
        {
            violations.push(format!(
                "{path}:{line_number}: only {} may read the clock; call it, or take the time as an argument",
                CLOCKS.join(" and ")
            ));
        }
    }
    if path.ends_with("/src/lib.rs") && PURE.iter().any(|folder| path.starts_with(folder)) && !text.lines().any(|line| line == PURE_LINT) {
        violations.push(format!("{path}: a pure crate matches without wildcards: `{PURE_LINT}` is missing"));
    }
    violations
}

/// Whether a file holds tests only.
fn is_tests(path: &str) -> bool {
    path.split('/').any(|part| part == "tests" || part == "tests.rs") || path.contains("simulation/")
}

fn manifest_violations(path: &str, text: &str) -> Vec<String> {
    let manifest: Table = match text.parse() {
        Ok(manifest) => manifest,
        Err(_) => return vec![format!("{path}: not TOML")],
    };
    let inherits = manifest.get("lints").and_then(|lints| lints.get("workspace")) == Some(&Value::Boolean(true));
    if inherits {
        Vec::new()
    } else {
        vec![format!("{path}: `[lints] workspace = true` is missing")]
    }
}

fn configuration_violations(path: &str, text: &str) -> Vec<String> {
    let keys = match text.parse::<Table>() {
        Ok(table) => keys(&table),
        Err(_) => return vec![format!("{path}: not TOML")],
    };
    if keys > CONFIGURATION_KEYS_MAX {
        return vec![format!(
            "{path}: {keys} keys, more than {CONFIGURATION_KEYS_MAX}: make constants of some"
        )];
    }
    Vec::new()
}

fn keys(table: &Table) -> usize {
    let count = |value: &Value| value.as_table().map_or(1, keys);
    table.values().map(count).sum()
}

#[cfg(test)]
mod tests;
