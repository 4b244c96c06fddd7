//! Why a command was refused: a rule, a sentence, and the facts that show it. A rejection is a record, not an error.

use std::collections::BTreeMap;
use std::fmt::Display;

/// Names and values that show why.
pub type Fact = BTreeMap<&'static str, String>;

/// More facts than this are counted, not listed.
pub const FACTS_MAX: usize = 1000;

/// What every decision's own rejection becomes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{rule}: {message}")]
pub struct Rejection {
    /// In kebab-case; users may rely on it.
    pub rule: &'static str,
    pub message: String,
    pub facts: Vec<Fact>,
}

impl Rejection {
    /// One rule, said by `message`, shown by one fact; no fact where there is nothing to name.
    pub(crate) fn new<const N: usize>(rule: &'static str, message: impl Display, fact: [(&'static str, String); N]) -> Self {
        let facts = if N == 0 { Vec::new() } else { vec![Fact::from(fact)] };
        Self {
            rule,
            message: message.to_string(),
            facts,
        }
    }

    /// Many facts, up to [`FACTS_MAX`]; of the rest of `count` only the number.
    pub(crate) fn with_facts(rule: &'static str, message: impl Display, facts: impl Iterator<Item = Fact>, count: usize) -> Self {
        let mut facts: Vec<Fact> = facts.take(FACTS_MAX).collect();
        let more = count - facts.len();
        if more > 0 {
            facts.push(Fact::from([("more", more.to_string())]));
        }
        Self {
            rule,
            message: message.to_string(),
            facts,
        }
    }
}
