//! Where the crates of others come from, and whether their licences fit ours.

use serde_json::Value;

/// Licences whose code may be distributed within a program under Apache-2.0.
const ALLOWED: [&str; 11] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "ISC",
    "MIT",
    "NCSA",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];
const SOURCE: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Every crate of others, from the output of `cargo metadata`, whose source or licence is none of these; `None` if that is something else.
pub fn violations(metadata: &str) -> Option<Vec<String>> {
    let metadata: Value = serde_json::from_str(metadata).ok()?;
    let mut violations = Vec::new();
    for package in metadata["packages"].as_array()? {
        // Ours have no source.
        let Some(source) = package["source"].as_str() else {
            continue;
        };
        let name = format!("{} {}", package["name"].as_str()?, package["version"].as_str()?);
        if source != SOURCE {
            violations.push(format!("{name}: comes from {source}, not from crates.io"));
        }
        match package["license"].as_str() {
            None => violations.push(format!("{name}: names no licence")),
            Some(licence) if !fits(licence) => violations.push(format!("{name}: its licence is {licence}")),
            Some(_) => {}
        }
    }
    Some(violations)
}

/// Whether an SPDX expression can be met by licences that are allowed. AND binds more than OR; a slash is an old form of OR, and an exception only adds
/// permissions.
pub fn fits(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any(&mut rest) == Some(true) && rest.is_empty()
}

/// Terms joined by OR; `None` where it is no expression.
fn any(words: &mut &[&str]) -> Option<bool> {
    let mut met = all(words)?;
    while let [first, rest @ ..] = words
        && *first == "OR"
    {
        *words = rest;
        met |= all(words)?;
    }
    Some(met)
}

fn all(words: &mut &[&str]) -> Option<bool> {
    let mut met = one(words)?;
    while let [first, rest @ ..] = words
        && *first == "AND"
    {
        *words = rest;
        met &= one(words)?;
    }
    Some(met)
}

fn one(words: &mut &[&str]) -> Option<bool> {
    match words {
        ["(", rest @ ..] => {
            *words = rest;
            let met = any(words)?;
            *words = words.strip_prefix(&[")"])?;
            Some(met)
        }
        ["OR" | "AND" | "WITH" | ")", ..] | [] => None,
        [name, "WITH", _, rest @ ..] | [name, rest @ ..] => {
            *words = rest;
            Some(ALLOWED.contains(name))
        }
    }
}

#[cfg(test)]
mod tests;
