//! Who depends on whom, as `cargo metadata` tells it.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Folders whose crates have no clock, randomness or I/O.
pub const PURE: [&str; 3] = ["processors/pure/", "schemas/", "topology/"];
/// What a pure crate never reaches, however many steps it takes. The Avro library links `rand` for the markers in container files, which are not used:
/// so that one is not to be named.
const NEVER_PURE: [&str; 5] = ["tokio", "rdkafka", "rocksdb", "warp", "reqwest"];

/// Folders of what people run. Only there an error need not have a type.
const PROGRAMS: [&str; 3] = ["processors/programs/", "processors/proofs/", "processors/examples/"];
const ERROR_OF_ANY_KIND: &str = "anyhow";

/// What only some of our crates may name in their `Cargo.toml`: foreign crate, crates of ours.
const NAMED_ONLY_BY: [(&str, &[&str]); 13] = [
    ("rand", &[]),
    ("rdkafka", &["stream"]),
    ("apache-avro", &["schemas"]),
    ("rocksdb", &["store"]),
    ("warp", &["http-server"]),
    ("hyper", &["http-server"]),
    ("hyper-util", &["http-server"]),
    ("tower-http", &["http-server"]),
    ("rustls", &["http-server"]),
    ("tokio-rustls", &["http-server"]),
    ("jsonwebtoken", &["bearer-tokens"]),
    ("libfuzzer-sys", &["fuzz"]),
    ("cap", &["fuzz"]),
];

/// What our crates may not reach, however many steps it takes: crates of ours, foreign crates.
const NEVER_REACHES: [(&[&str], &[&str]); 3] = [
    // A domain of one's own, and the programs that serve it, link neither Avro nor the airline.
    (
        &["bank-example", "bank-programs", "json-codec", "test-kit"],
        &["airline", "apache-avro", "domain", "schemas", "views"],
    ),
    (&["simulation", "test-kit"], &["rdkafka", "warp"]),
    (&["query-service"], &["rdkafka", "stream"]),
];

/// A package that was named more than once is one crate here, whatever its versions: more is reached, never less.
#[derive(Debug, Default)]
pub struct Workspace {
    members: BTreeSet<String>,
    /// By member: its folder below the root.
    places: BTreeMap<String, String>,
    /// Members in a folder of [`PURE`].
    pure: BTreeSet<String>,
    /// By member: what its `Cargo.toml` names, and whether only its tests may use it.
    named: BTreeMap<String, BTreeSet<(String, bool)>>,
    /// By crate: what it is linked with, without what only its tests use.
    linked: BTreeMap<String, BTreeSet<String>>,
}

impl Workspace {
    /// Reads the output of `cargo metadata --format-version 1`; `None` if it is something else.
    pub fn parse(metadata: &str) -> Option<Self> {
        let metadata: Value = serde_json::from_str(metadata).ok()?;
        let member_ids: BTreeSet<&str> = metadata["workspace_members"].as_array()?.iter().filter_map(Value::as_str).collect();
        let root = format!("{}/", metadata["workspace_root"].as_str()?);
        let mut workspace = Self::default();
        let mut names = BTreeMap::new();
        for package in metadata["packages"].as_array()? {
            let (id, name) = (package["id"].as_str()?, package["name"].as_str()?);
            names.insert(id, name);
            if member_ids.contains(id) {
                workspace.members.insert(name.to_owned());
                let place = package["manifest_path"].as_str()?.strip_prefix(&root)?;
                let folder = place.strip_suffix("/Cargo.toml")?;
                workspace.places.insert(name.to_owned(), folder.to_owned());
                if PURE.iter().any(|folder| place.starts_with(folder)) {
                    workspace.pure.insert(name.to_owned());
                }
                let named = workspace.named.entry(name.to_owned()).or_default();
                for dependency in package["dependencies"].as_array()? {
                    let tests_only = dependency["kind"].as_str() == Some("dev");
                    named.insert((dependency["name"].as_str()?.to_owned(), tests_only));
                }
            }
        }
        for node in metadata["resolve"]["nodes"].as_array()? {
            let linked = workspace.linked.entry((*names.get(node["id"].as_str()?)?).to_owned()).or_default();
            for dependency in node["deps"].as_array()? {
                let kinds = dependency["dep_kinds"].as_array()?;
                if kinds.iter().any(|kind| kind["kind"].is_null()) {
                    linked.insert((*names.get(dependency["pkg"].as_str()?)?).to_owned());
                }
            }
        }
        Some(workspace)
    }

    /// The crates of this workspace.
    pub fn members(&self) -> &BTreeSet<String> {
        &self.members
    }

    /// By crate of this workspace: its folder below the root.
    pub fn places(&self) -> &BTreeMap<String, String> {
        &self.places
    }

    /// The edges between our own crates, one a line, sorted: the form of `edges.txt`.
    pub fn edges(&self) -> String {
        let mut lines = String::new();
        for (from, named) in &self.named {
            for (to, tests_only) in named.iter().filter(|(to, _)| self.members.contains(to)) {
                let note = if *tests_only { " (tests)" } else { "" };
                lines.push_str(&format!("{from} -> {to}{note}\n"));
            }
        }
        lines
    }

    /// Every breach of the rules above. Tests of a crate may name what the crate may not.
    pub fn violations(&self) -> Vec<String> {
        let mut violations = Vec::new();
        for (foreign, allowed) in NAMED_ONLY_BY {
            for (member, named) in &self.named {
                if named.contains(&(foreign.to_owned(), false)) && !allowed.contains(&member.as_str()) {
                    violations.push(format!("{member} names {foreign}; only {} may", allowed.join(" and ")));
                }
            }
        }
        for (member, place) in &self.places {
            let names_it = self.named[member].contains(&(ERROR_OF_ANY_KIND.to_owned(), false));
            if names_it && !PROGRAMS.iter().any(|folder| place.starts_with(folder)) {
                violations.push(format!(
                    "{member} names {ERROR_OF_ANY_KIND}; a library has errors of its own, by which its callers can decide"
                ));
            }
        }
        if self.pure.is_empty() {
            violations.push(format!("no crate lies in {}", PURE.join(", ")));
        }
        for member in &self.pure {
            violations.extend(self.reached(member, &NEVER_PURE));
        }
        for (members, forbidden) in NEVER_REACHES {
            for member in members {
                if !self.members.contains(*member) {
                    violations.push(format!("{member} is not in the workspace: take it out of the rules"));
                }
                violations.extend(self.reached(member, forbidden));
            }
        }
        violations
    }

    /// Which of these a member reaches, with a shortest way.
    fn reached(&self, member: &str, forbidden: &[&str]) -> Vec<String> {
        let reached = forbidden.iter().filter_map(|foreign| Some((foreign, self.path(member, foreign)?)));
        reached
            .map(|(foreign, path)| format!("{member} reaches {foreign}: {}", path.join(" -> ")))
            .collect()
    }

    /// A shortest way from one crate to another.
    fn path(&self, from: &str, to: &str) -> Option<Vec<String>> {
        let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
        let mut frontier = vec![from];
        while !frontier.is_empty() {
            let mut next = Vec::new();
            for name in frontier {
                for linked in self.linked.get(name).into_iter().flatten() {
                    if linked != from && !came_from.contains_key(linked.as_str()) {
                        came_from.insert(linked, name);
                        next.push(linked.as_str());
                    }
                }
            }
            frontier = next;
        }
        let mut path = vec![to.to_owned()];
        let mut at = to;
        while at != from {
            at = came_from.get(at)?;
            path.push(at.to_owned());
        }
        path.reverse();
        Some(path)
    }
}

#[cfg(test)]
mod tests;
