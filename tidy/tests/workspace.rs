//! The rules, applied to this checkout.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tidy::modules::Modules;
use tidy::sources;
use tidy::workspace::Workspace;

const EDGES: &str = include_str!("../edges.txt");

fn root() -> PathBuf {
    Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap())
        .parent()
        .unwrap()
        .to_owned()
}

/// What this machine builds for: of crates for other platforms nothing need be here.
fn host() -> String {
    let version = Command::new(env!("CARGO")).arg("-vV").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.unwrap().to_owned()
}

fn metadata() -> String {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(["--filter-platform", &host()])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    String::from_utf8(metadata.stdout).unwrap()
}

fn workspace() -> Workspace {
    Workspace::parse(&metadata()).unwrap()
}

/// Every file of the checkout below `directory`, without what git and cargo keep.
fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            files(&path, found);
        } else if path.is_file() {
            found.push(path);
        }
    }
}

#[test]
fn crates_depend_on_each_other_as_the_checked_in_list_says() {
    let edges = workspace().edges();
    let added: Vec<&str> = edges.lines().filter(|edge| !EDGES.lines().any(|known| known == *edge)).collect();
    let gone: Vec<&str> = EDGES.lines().filter(|edge| !edges.lines().any(|known| known == *edge)).collect();
    assert!(
        added.is_empty() && gone.is_empty(),
        "tidy/edges.txt says otherwise. Not in it: {added:#?}. Only in it: {gone:#?}. A new edge is a decision: change the list with it."
    );
}

#[test]
fn no_crate_names_or_reaches_what_it_must_not() {
    let violations = workspace().violations();
    assert!(violations.is_empty(), "{violations:#?}");
}

#[test]
fn every_file_keeps_the_rules_for_files() {
    let root = root();
    let mut found = Vec::new();
    files(&root, &mut found);
    let mut violations = Vec::new();
    let mut checked = 0;
    for path in found {
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        if name.ends_with(".rs") || name.ends_with(".toml") {
            violations.extend(sources::violations(&name, &fs::read_to_string(&path).unwrap()));
            checked += 1;
        }
    }
    assert!(checked > 50, "only {checked} files were found");
    violations.sort();
    assert!(violations.is_empty(), "{violations:#?}");
}

#[test]
fn the_code_map_has_every_crate_and_what_it_depends_on() {
    let architecture = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let violations = tidy::code_map::violations(&architecture, workspace().places(), EDGES);
    assert!(violations.is_empty(), "{violations:#?}");
}

#[test]
fn no_two_decisions_have_one_number() {
    let mut found = Vec::new();
    files(&root().join("docs/decisions"), &mut found);
    assert!(found.len() > 20, "only {} decisions were found", found.len());
    let mut titles: BTreeMap<String, String> = BTreeMap::new();
    for path in found {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let number = name.split('-').next().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let title = if number == "0000" {
            "# NNNN: ".to_owned()
        } else {
            format!("# {number}: ")
        };
        assert!(text.starts_with(&title), "{name} does not begin with {title:?}");
        let former = titles.insert(number, name.clone());
        assert_eq!(former, None, "{name} has the same number");
    }
}

#[test]
fn no_two_sibling_modules_import_each_other() {
    let root = root();
    let mut found = Vec::new();
    files(&root, &mut found);
    let mut crates: BTreeMap<String, Modules> = BTreeMap::new();
    for path in found {
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        if let Some((folder, file)) = name.split_once("/src/") {
            let modules = crates.entry(folder.to_owned()).or_default();
            modules.add(file, &fs::read_to_string(&path).unwrap_or_default());
        }
    }
    assert!(crates.len() > 10, "only {} crates were found", crates.len());
    let violations: Vec<String> = crates.iter().flat_map(|(folder, modules)| modules.violations(folder)).collect();
    assert!(violations.is_empty(), "{violations:#?}");
}

#[test]
fn every_pure_crate_is_linted_by_the_rule_of_the_pure_folder() {
    let root = root();
    let rule = fs::read_to_string(root.join("processors/pure/clippy.toml")).unwrap();
    for folder in tidy::workspace::PURE {
        assert_eq!(fs::read_to_string(root.join(folder).join("clippy.toml")).unwrap(), rule, "{folder}");
    }
    let mut found = Vec::new();
    files(&root.join("processors/pure"), &mut found);
    let rules = found.iter().filter(|path| path.ends_with("clippy.toml")).count();
    assert_eq!(rules, 1, "a crate with a clippy.toml of its own escapes the rule of its folder");
}

/// Crates that could compile C, and do not in what is shipped: bzip2-sys is in the lock file for a feature of RocksDB's that is off, libfuzzer-sys is
/// for fuzzing, and the other two link the system's libraries.
const NOT_COMPILED: [&str; 4] = ["bzip2-sys", "libfuzzer-sys", "libz-sys", "openssl-sys"];
/// What build scripts compile C with.
const COMPILERS: [&str; 2] = ["cc", "cmake"];

#[test]
fn the_c_libraries_that_are_compiled_in_are_listed_with_their_versions() {
    let root = root();
    let lock: toml::Table = fs::read_to_string(root.join("Cargo.lock")).unwrap().parse().unwrap();
    let text = |package: &toml::Value, key: &str| package[key].as_str().unwrap().to_owned();
    let packages = lock["package"].as_array().unwrap();
    let compiles = |package: &toml::Value| {
        let dependencies = package.get("dependencies").and_then(toml::Value::as_array);
        let mut names = dependencies
            .into_iter()
            .flatten()
            .filter_map(|name| name.as_str()?.split(' ').next());
        names.any(|name| COMPILERS.contains(&name))
    };
    // The version of a crate that brings a library along has the library's after a plus sign.
    let brings = |package: &toml::Value| text(package, "name").ends_with("-sys") && text(package, "version").contains('+');
    let wanted: BTreeSet<String> = packages
        .iter()
        .filter(|package| compiles(package) || brings(package))
        .map(|package| (text(package, "name"), text(package, "version")))
        .filter(|(name, _)| !NOT_COMPILED.contains(&name.as_str()))
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    assert!(wanted.len() > 4, "only {wanted:?} were found");
    let security = fs::read_to_string(root.join("docs/security.md")).unwrap();
    let (_, table) = security.split_once("| library | version | by crate |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let listed: BTreeSet<String> = rows
        .map(|line| line.strip_suffix(" |").unwrap().rsplit_once("| ").unwrap().1.to_owned())
        .collect();
    assert_eq!(listed, wanted, "docs/security.md lists the C libraries");
}
