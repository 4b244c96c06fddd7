//! What the manifests in k8s/ configure a program with, for the tests of its configuration.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const MANIFESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../k8s");

/// The configuration file that the manifests mount for `program`.
pub fn configuration_file(program: &str) -> PathBuf {
    Path::new(MANIFESTS).join(format!("base/configuration/{program}.toml"))
}

/// Every variable `AEROLOG_…` that a manifest sets, each with a value of its kind: `…_FILE` names a file that there is, `…_MS` is a number.
pub fn variables() -> Vec<(String, String)> {
    let mut folders = vec![PathBuf::from(MANIFESTS)];
    let mut names = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(path).unwrap();
            let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
            names.extend(words.filter(|word| word.starts_with("AEROLOG_")).map(str::to_owned));
        }
    }
    let value = |name: &String| {
        if name.ends_with("_FILE") {
            concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")
        } else if name.ends_with("_MS") {
            "1"
        } else {
            "x"
        }
    };
    let variables: Vec<_> = names.iter().map(|name| (name.clone(), value(name).to_owned())).collect();
    assert!(variables.len() > 5, "{variables:?}");
    variables
}

/// No key of `file` repeats the value that it has in `defaults`, the text of the program's `default.toml`.
#[track_caller]
pub fn assert_no_default_is_repeated(file: &Path, defaults: &str) {
    let defaults: toml::Table = defaults.parse().unwrap();
    for (key, value) in std::fs::read_to_string(file).unwrap().parse::<toml::Table>().unwrap() {
        assert_ne!(defaults.get(&key), Some(&value), "{key} is the default already");
    }
}
