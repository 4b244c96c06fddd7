//! The trace of a run, as lines for a person and as a hash for a machine.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

#[derive(Default)]
pub struct Trace {
    hasher: DefaultHasher,
    lines: Option<Vec<String>>,
    /// How often each thing happened.
    pub counts: BTreeMap<&'static str, u64>,
    /// Crashes by what would have come next.
    pub crashes: BTreeMap<&'static str, u64>,
}

impl Trace {
    /// Without lines, a trace is only hashed and counted.
    pub fn new(keep_lines: bool) -> Self {
        Self {
            lines: keep_lines.then(Vec::new),
            ..Self::default()
        }
    }

    /// Something that is to be counted, with what is special about it.
    pub fn happened(&mut self, what: &'static str, details: std::fmt::Arguments<'_>) {
        *self.counts.entry(what).or_default() += 1;
        let line = format!("{what} {details}");
        line.hash(&mut self.hasher);
        if let Some(lines) = &mut self.lines {
            lines.push(line);
        }
    }

    pub fn crashed(&mut self, before: &'static str, details: std::fmt::Arguments<'_>) {
        *self.crashes.entry(before).or_default() += 1;
        self.happened("crash", format_args!("before {before}: {details}"));
    }

    pub fn hash(&self) -> u64 {
        self.hasher.finish()
    }

    pub fn lines(&self) -> &[String] {
        self.lines.as_deref().unwrap_or_default()
    }
}
