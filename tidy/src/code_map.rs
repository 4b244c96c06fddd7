//! The code map of ARCHITECTURE.md compared with the workspace: one row for each crate, and what it depends on.

use std::collections::BTreeMap;

/// Every difference between the rows of the map and the crates: `places` has each crate's folder, `edges` is the content of `edges.txt`.
pub fn violations(architecture: &str, places: &BTreeMap<String, String>, edges: &str) -> Vec<String> {
    let rows = rows(architecture);
    let mut violations = Vec::new();
    for (name, place) in places {
        let expected = dependencies(name, edges);
        let found: Vec<_> = rows.iter().filter(|(folder, _)| folder == place).collect();
        match found[..] {
            [] => violations.push(format!("ARCHITECTURE.md: the code map has no row for `{place}/`, which is {name}")),
            [(_, said)] if *said != expected => {
                violations.push(format!(
                    "ARCHITECTURE.md: `{place}/` depends on: {expected}; the code map says: {said}"
                ));
            }
            [_] => {}
            _ => violations.push(format!("ARCHITECTURE.md: the code map has more than one row for `{place}/`")),
        }
    }
    for (folder, said) in &rows {
        if !said.is_empty() && !places.values().any(|place| place == folder) {
            violations.push(format!(
                "ARCHITECTURE.md: the code map has a row for `{folder}/`, where no crate is"
            ));
        }
    }
    violations
}

/// Of each row: the folder and what stands in the last column.
fn rows(architecture: &str) -> Vec<(String, String)> {
    let map = architecture.split("## Code map").nth(1).unwrap_or_default();
    let map = map.split("\n## ").next().unwrap_or_default();
    let row = |line: &str| {
        let cells: Vec<&str> = line
            .trim()
            .strip_prefix('|')?
            .strip_suffix('|')?
            .split('|')
            .map(str::trim)
            .collect();
        let folder = cells.first()?.strip_prefix('`')?.strip_suffix("/`")?;
        Some((folder.to_owned(), (*cells.last()?).to_owned()))
    };
    map.lines().filter_map(row).collect()
}

/// What a crate names of ours, its tests aside, as the last column has it.
fn dependencies(name: &str, edges: &str) -> String {
    let named: Vec<String> = edges
        .lines()
        .filter_map(|edge| edge.split_once(" -> "))
        .filter(|(from, to)| *from == name && !to.ends_with(" (tests)"))
        .map(|(_, to)| format!("`{to}`"))
        .collect();
    named.join(", ")
}

#[cfg(test)]
mod tests;
