//! A violated invariant: which one, where, and the records that show it.

use crate::{Place, Record};
use std::collections::BTreeMap;

/// The invariants that are checked here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    I1,
    I2,
    I3,
    I4,
    I5,
    I6,
    I7,
    I8,
    I9,
    I11,
    I13,
    I14,
}

impl Invariant {
    pub fn name(self) -> &'static str {
        match self {
            Self::I1 => "I1",
            Self::I2 => "I2",
            Self::I3 => "I3",
            Self::I4 => "I4",
            Self::I5 => "I5",
            Self::I6 => "I6",
            Self::I7 => "I7",
            Self::I8 => "I8",
            Self::I9 => "I9",
            Self::I11 => "I11",
            Self::I13 => "I13",
            Self::I14 => "I14",
        }
    }

    pub fn promise(self) -> &'static str {
        match self {
            Self::I1 => "no command is lost",
            Self::I2 => "no command is decided twice",
            Self::I3 => "versions and sequences have no gap, and an aggregate has one partition",
            Self::I4 => "nothing aborted is built upon",
            Self::I5 => "a transaction is whole",
            Self::I6 => "the committed offset never goes back and fits the outcomes",
            Self::I7 => "deciding the commands again gives the same",
            Self::I8 => "a state equals the one rebuilt from the log",
            Self::I9 => "a view equals a fold of the log",
            Self::I11 => "no transaction stays open",
            Self::I13 => "what is no command is one dead letter",
            Self::I14 => "a former owner's records are never committed after its successor's",
        }
    }
}

/// A record as a person is shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub place: Place,
    pub timestamp_ms: i64,
    pub key: String,
    pub content: String,
}

const CONTENT_CHARS_MAX: usize = 600;

impl Shown {
    /// `content` is what the record was read as.
    pub fn of(record: &Record, content: &dyn std::fmt::Debug) -> Self {
        let content = format!("{content:?}");
        let content = match content.char_indices().nth(CONTENT_CHARS_MAX) {
            Some((end, _)) => format!("{}…", &content[..end]),
            None => content,
        };
        Self {
            place: record.place,
            timestamp_ms: record.timestamp_ms,
            key: String::from_utf8_lossy(record.key.as_deref().unwrap_or_default()).into_owned(),
            content,
        }
    }

    /// A record that could not be read as anything.
    pub fn raw(record: &Record) -> Self {
        let value = record.value.as_deref().unwrap_or_default();
        let text: String = value.escape_ascii().take(CONTENT_CHARS_MAX).map(char::from).collect();
        Self {
            content: text,
            ..Self::of(record, &())
        }
    }
}

/// An invariant does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub invariant: Invariant,
    /// Of commands, events and outcomes.
    pub partition: Option<u32>,
    pub place: Option<Place>,
    /// A sentence.
    pub what: String,
    pub records: Vec<Shown>,
}

/// That many violations of one invariant in one partition are kept; the others are counted.
const KEPT_MAX: u64 = 20;

/// What was found so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) kept: Vec<Violation>,
    counted: BTreeMap<(Invariant, Option<u32>), u64>,
}

impl Findings {
    pub(crate) fn add(&mut self, violation: Violation) {
        let count = self.counted.entry((violation.invariant, violation.partition)).or_default();
        *count += 1;
        if *count <= KEPT_MAX {
            self.kept.push(violation);
        }
    }

    pub(crate) fn total(&self) -> u64 {
        self.counted.values().sum()
    }

    pub(crate) fn by_invariant(&self) -> BTreeMap<Invariant, u64> {
        let mut totals = BTreeMap::new();
        for ((invariant, _), count) in &self.counted {
            *totals.entry(*invariant).or_default() += count;
        }
        totals
    }
}

#[cfg(test)]
mod tests;
