//! The examples of docs/http.md, run as they stand there.

use crate::gateway::fixture::Running;
use std::process::Command;

const PAGE: &str = include_str!("../../../../../docs/http.md");

/// What stands for anything within a line.
const ANYTHING: char = '…';

/// Commands with the lines that they are to print.
fn examples() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut examples: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut is_inside = false;
    for line in PAGE.lines() {
        match (line, is_inside) {
            ("```console", false) => is_inside = true,
            ("```", true) => is_inside = false,
            (line, true) => match line.strip_prefix("$ ") {
                Some(command) => examples.push((command, Vec::new())),
                None => examples.last_mut().unwrap().1.push(line),
            },
            (_, false) => {}
        }
    }
    examples
}

/// Whether a line is as the page has it.
fn is_like(found: &str, expected: &str) -> bool {
    let mut parts = expected.split(ANYTHING);
    let Some(mut rest) = found.strip_prefix(parts.next().unwrap()) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[test]
fn every_example_prints_what_the_page_says() {
    let running = Running::new("gateway-page");
    let (_processor, view, gateway) = (running.processor(), running.materializer(), running.gateway());
    let examples = examples();
    assert!(examples.len() >= 12, "{examples:?}");
    for (command, expected) in examples {
        let mut shell = Command::new("bash");
        shell
            .args(["-c", command])
            .env("GATEWAY", gateway.url(""))
            .env("QUERY", view.url(""));
        let output = shell.output().unwrap();
        let found = String::from_utf8(output.stdout).unwrap();
        let found: Vec<&str> = found.lines().collect();
        let is_as_expected = found.len() == expected.len() && found.iter().zip(&expected).all(|(found, expected)| is_like(found, expected));
        assert!(
            is_as_expected,
            "$ {command}\n{}\nwhere the page has\n{}",
            found.join("\n"),
            expected.join("\n")
        );
    }
}

#[test]
fn a_line_of_the_page_fits_what_it_stands_for_and_nothing_else() {
    for (found, expected) in [
        ("abc", "abc"),
        ("a1b2c", "a…b…c"),
        ("xyz", "…"),
        ("{\"a\":1,\"b\":2}", "{…\"b\":2}"),
    ] {
        assert!(is_like(found, expected), "{found} {expected}");
    }
    for (found, expected) in [("abcd", "abc"), ("a1b2", "a…b…c"), ("ac", "a…b…c"), ("{\"a\":1}", "{…\"b\":2}")] {
        assert!(!is_like(found, expected), "{found} {expected}");
    }
}
