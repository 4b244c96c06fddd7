//! docs/new-domain.md is the library of tests/outside, file by file: the blocks of a file, one after the other, are the whole file. What the document's
//! commands do is seen by `tests/outside/run`.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

/// By file, its blocks as one text.
fn files_of_the_document() -> BTreeMap<String, String> {
    let document = fs::read_to_string(root().join("docs/new-domain.md")).unwrap();
    let (mut files, mut before, mut open) = (BTreeMap::<String, String>::new(), "", None::<String>);
    for line in document.lines() {
        match (line.strip_prefix("```"), &open) {
            (Some("rust" | "toml"), None) => {
                let file = before.strip_prefix('`').and_then(|rest| rest.strip_suffix("`:"));
                let file = file
                    .unwrap_or_else(|| panic!("no file is named before the block after {before:?}"))
                    .to_owned();
                // A blank line is between the parts of a file.
                files.entry(file.clone()).and_modify(|text| text.push('\n')).or_default();
                open = Some(file);
            }
            (Some(_), _) => {
                open = if open.is_some() || line == "```" {
                    None
                } else {
                    Some(String::new())
                }
            }
            (None, Some(file)) => {
                if let Some(text) = files.get_mut(file) {
                    text.push_str(line);
                    text.push('\n');
                }
            }
            (None, None) if !line.is_empty() => before = line,
            (None, None) => {}
        }
    }
    files
}

#[test]
fn the_files_of_the_document_are_those_of_the_library() {
    let library = root().join("tests/outside/library");
    let files = files_of_the_document();
    for (file, text) in &files {
        // In the document, Aerolog's checkout lies next to the new folder.
        let content = fs::read_to_string(library.join(file)).unwrap().replace("../../../", "../aerolog/");
        assert_eq!(*text, content, "{file} of docs/new-domain.md and of tests/outside/library differ");
    }
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    let expected = [
        "Cargo.toml",
        "src/bin/library-materializer.rs",
        "src/bin/library-processor.rs",
        "src/bin/library.rs",
        "src/lib.rs",
        "src/loans.rs",
        "src/tests.rs",
    ];
    assert_eq!(names, expected);
}

/// Lines that are neither blank nor comment.
fn lines(text: &str) -> usize {
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with("//") && !line.starts_with("# "))
        .count()
}

#[test]
fn the_document_says_how_long_the_library_is() {
    let files = files_of_the_document();
    let of = |begin: &str| -> usize {
        let files = files.iter().filter(|(file, _)| file.starts_with(begin));
        files.map(|(_, text)| lines(text)).sum()
    };
    let expected = format!(
        "The whole library has {} lines that are neither blank nor comment: the domain {}, the view {}, the tests {}; and as boilerplate\n\
         three programs with {} and the manifest with {},",
        of(""),
        of("src/lib.rs"),
        of("src/loans.rs"),
        of("src/tests.rs"),
        of("src/bin/"),
        of("Cargo.toml")
    );
    let document = fs::read_to_string(root().join("docs/new-domain.md")).unwrap();
    assert!(document.contains(&expected), "docs/new-domain.md does not say: {expected}");
}
