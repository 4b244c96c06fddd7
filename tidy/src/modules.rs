//! Which modules of a crate import each other: two siblings that do are one module in two files.

use std::collections::{BTreeMap, BTreeSet};

/// A path of modules below a crate's root.
type Module = Vec<String>;

/// The modules of one crate and what their files name of it.
#[derive(Debug, Default)]
pub struct Modules {
    named: BTreeMap<Module, BTreeSet<Module>>,
}

impl Modules {
    /// Adds a file, `path` being relative to the crate's `src`. Files with tests may import whatever they test.
    pub fn add(&mut self, path: &str, text: &str) {
        let Some(module) = module(path) else { return };
        let named = self.named.entry(module.clone()).or_default();
        let tokens = tokens(text);
        for start in 0..tokens.len() {
            paths_from(&tokens, start, &module, named);
        }
    }

    /// Every pair of sibling modules of the crate in `folder` in which each imports the other, one sentence each.
    pub fn violations(&self, folder: &str) -> Vec<String> {
        let edges = self.edges();
        let mut violations = Vec::new();
        for (from, to) in &edges {
            if from < to && edges.contains(&(to.clone(), from.clone())) {
                let (first, second) = (from.join("::"), to.join("::"));
                violations.push(format!(
                    "{folder}: `{first}` and `{second}` import each other: move what both need into a module of its own"
                ));
            }
        }
        violations
    }

    /// From module to module with the same parent: the first one, or something in it, names the second or something in it.
    fn edges(&self) -> BTreeSet<(Module, Module)> {
        let mut edges = BTreeSet::new();
        for (from, named) in &self.named {
            for path in named {
                let shared = from.iter().zip(path).take_while(|(ours, theirs)| ours == theirs).count();
                if let (Some(_), Some(_)) = (from.get(shared), path.get(shared)) {
                    let (from, to) = (from[..=shared].to_vec(), path[..=shared].to_vec());
                    if self.named.contains_key(&to) {
                        edges.insert((from, to));
                    }
                }
            }
        }
        edges
    }
}

/// The module that a file is; `None` for one with tests only.
fn module(path: &str) -> Option<Module> {
    let mut module: Module = path.strip_suffix(".rs")?.split('/').map(str::to_owned).collect();
    if module.iter().any(|part| part == "tests" || part == "bin") {
        return None;
    }
    if module == ["lib"] || module == ["main"] {
        module.clear();
    }
    Some(module)
}

/// The identifiers and signs of a source text, without comments and texts.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if first == '"' {
            text_length(rest)
        } else if first.is_alphabetic() || first == '_' {
            let end = rest.find(|sign: char| !sign.is_alphanumeric() && sign != '_').unwrap_or(rest.len());
            tokens.push(&rest[..end]);
            end
        } else if rest.starts_with("::") {
            tokens.push("::");
            2
        } else if rest.starts_with("'\"'") {
            3
        } else {
            if !first.is_whitespace() {
                tokens.push(&rest[..first.len_utf8()]);
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// How many bytes a text in quotes takes, with its quotes.
fn text_length(text: &str) -> usize {
    let mut escaped = false;
    for (index, sign) in text.char_indices().skip(1) {
        match sign {
            '"' if !escaped => return index + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// Adds the paths, from the crate's root, that start at the token `start` with `crate` or `super`.
fn paths_from(tokens: &[&str], start: usize, module: &[String], named: &mut BTreeSet<Module>) {
    let continues = start > 0 && tokens[start - 1] == "::";
    let mut base = match tokens[start] {
        "crate" if !continues => Vec::new(),
        "super" if !continues && !module.is_empty() => module[..module.len() - 1].to_vec(),
        _ => return,
    };
    let mut at = start + 1;
    while tokens.get(at) == Some(&"::") && tokens.get(at + 1) == Some(&"super") {
        base.pop();
        at += 2;
    }
    if tokens.get(at) == Some(&"::") {
        tree(tokens, at + 1, base, named);
    }
}

/// Adds the paths of a tree (`a`, `a::b`, `{a, b::c}`) that starts at the token `at`, and returns the token after it.
fn tree(tokens: &[&str], mut at: usize, mut base: Module, named: &mut BTreeSet<Module>) -> usize {
    loop {
        match tokens.get(at) {
            Some(&"{") => {
                at += 1;
                while tokens.get(at).is_some_and(|token| *token != "}") {
                    at = tree(tokens, at, base.clone(), named).max(at + 1);
                }
                return at + 1;
            }
            Some(name) if name.starts_with(|sign: char| sign.is_alphabetic() || sign == '_') => {
                base.push((*name).to_owned());
                at += 1;
            }
            _ => {
                named.insert(base);
                return at;
            }
        }
        if tokens.get(at) != Some(&"::") {
            named.insert(base);
            return at;
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests;
