//! The list is that of the programs.

use super::*;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

fn defaults(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            defaults(&path, found);
        } else if path.file_name().is_some_and(|name| name == "default.toml") {
            found.push(path);
        }
    }
}

fn keys(prefix: &str, table: &Table, found: &mut BTreeSet<String>) {
    for (name, value) in table {
        match value {
            Value::Table(inner) => keys(&format!("{prefix}{name}."), inner, found),
            _ => {
                found.insert(format!("{prefix}{name}"));
            }
        }
    }
}

#[test]
fn every_key_of_every_program_is_listed_and_no_other() {
    let (mut paths, mut found) = (Vec::new(), BTreeSet::new());
    defaults(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."), &mut paths);
    assert!(paths.len() >= 3, "{paths:?}");
    for path in paths {
        let mut table: Table = std::fs::read_to_string(&path).unwrap().parse().unwrap();
        table.remove("kafka");
        keys("", &table, &mut found);
    }
    assert_eq!(Vec::from_iter(found), KEYS);
}

#[test]
fn a_key_whose_value_is_in_a_file_is_known_with_it() {
    assert!(is_known("http.address") && is_known("http.address_file"));
    assert!(!is_known("http.adress") && !is_known("_file") && !is_known("kafka"));
}
