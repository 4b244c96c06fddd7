//! Why a command was refused, within a bound: it is written to the log, and remembered for as long as the command's id.

use std::collections::BTreeMap;
use std::fmt::Display;

/// A rule in kebab-case, a sentence, and the facts that show it: one after the other, each with what is known of it by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    pub rule: String,
    pub message: String,
    pub facts: Vec<BTreeMap<String, String>>,
}

/// A rejection takes at most about this many bytes, in the log and among what is remembered, whatever the domain says.
pub const REJECTION_BYTES_MAX: usize = 32 << 10;
const RULE_BYTES_MAX: usize = 128;
const MESSAGE_BYTES_MAX: usize = 4 << 10;
const NAME_BYTES_MAX: usize = 128;
const VALUE_BYTES_MAX: usize = 1 << 10;
/// What a name and a value take in addition to their text: their lengths.
const ENTRY_BYTES: usize = 8;
/// For the fact that says how many are left out.
const MORE_BYTES: usize = 64;
/// Its name.
const MORE: &str = "more";

impl Rejection {
    /// Without facts.
    pub fn new(rule: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            rule: rule.into(),
            message: message.into(),
            facts: Vec::new(),
        }
    }

    /// With one more name and value in the last fact; the first of them begins it. Further facts are pushed to [`Self::facts`].
    #[must_use]
    pub fn fact(mut self, name: impl Into<String>, value: impl Display) -> Self {
        if self.facts.is_empty() {
            self.facts.push(BTreeMap::new());
        }
        if let Some(last) = self.facts.last_mut() {
            last.insert(name.into(), value.to_string());
        }
        self
    }

    /// Within [`REJECTION_BYTES_MAX`]. Text that is too long is cut, and says by how much; of facts that do not fit, the last one says
    /// how many there are, `more`.
    pub(crate) fn bounded(self) -> Self {
        let Self {
            mut rule,
            mut message,
            facts,
        } = self;
        cut(&mut rule, RULE_BYTES_MAX);
        cut(&mut message, MESSAGE_BYTES_MAX);
        let facts = bounded(facts, REJECTION_BYTES_MAX - rule.len() - message.len() - MORE_BYTES);
        Self { rule, message, facts }
    }
}

fn bounded(mut facts: Vec<BTreeMap<String, String>>, bytes_max: usize) -> Vec<BTreeMap<String, String>> {
    // The domain may have left some out itself, and say so with its last fact.
    let said = facts.pop_if(|last| more_of(last).is_some());
    let left_out_before = said.as_ref().and_then(more_of).unwrap_or(0);
    let (count, mut bytes) = (facts.len(), 0);
    let mut kept = Vec::new();
    for fact in facts {
        let fact = with_short_text(fact, bytes_max - bytes);
        bytes += size(&fact);
        if bytes > bytes_max {
            break;
        }
        kept.push(fact);
    }
    let more = left_out_before.saturating_add((count - kept.len()) as u64);
    if more > 0 {
        kept.push(BTreeMap::from([(MORE.to_owned(), more.to_string())]));
    }
    kept
}

/// No more names and values than can fit, each cut where it is long.
fn with_short_text(fact: BTreeMap<String, String>, bytes_max: usize) -> BTreeMap<String, String> {
    let mut bytes = 0;
    let mut short = BTreeMap::new();
    for (mut name, mut value) in fact {
        if bytes > bytes_max {
            break;
        }
        cut(&mut name, NAME_BYTES_MAX);
        cut(&mut value, VALUE_BYTES_MAX);
        bytes += name.len() + value.len() + ENTRY_BYTES;
        short.insert(name, value);
    }
    short
}

fn size(fact: &BTreeMap<String, String>) -> usize {
    let entries = fact.iter().map(|(name, value)| name.len() + value.len() + ENTRY_BYTES);
    entries.sum::<usize>() + ENTRY_BYTES
}

/// How many facts a fact says to be left out.
fn more_of(fact: &BTreeMap<String, String>) -> Option<u64> {
    let number = fact.get(MORE)?.parse().ok()?;
    (fact.len() == 1).then_some(number)
}

/// Cuts text between two characters; it ends with the number of bytes that are missing.
pub(crate) fn cut(text: &mut String, bytes_max: usize) {
    if text.len() <= bytes_max {
        return;
    }
    let room = "… (+ bytes)".len() + 20;
    let kept = text.floor_char_boundary(bytes_max.saturating_sub(room));
    let missing = text.len() - kept;
    text.truncate(kept);
    text.push_str(&format!("… (+{missing} bytes)"));
}

#[cfg(test)]
mod tests;
