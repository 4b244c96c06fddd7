//! Which dead letters are sent again, and in which order.

use super::letter::Letter;
use std::collections::{BTreeMap, BTreeSet};

/// Whether a dead letter is sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Disposition {
    Sent,
    /// The commands topic has it again already.
    SentBefore,
    /// It stays, and why.
    Stays(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) letter: Letter,
    pub(super) fate: Disposition,
}

impl Disposition {
    pub(super) fn result(&self, is_dry_run: bool) -> &'static str {
        match (self, is_dry_run) {
            (Self::Sent, true) => "would be redriven",
            (Self::Sent, false) => "redriven",
            (Self::SentBefore, _) => "redriven before",
            (Self::Stays(_), _) => "stays",
        }
    }

    pub(super) fn why(&self) -> Option<&str> {
        match self {
            Self::Stays(why) => Some(why),
            Self::Sent | Self::SentBefore => None,
        }
    }
}

/// The letters key by key, those of a key in the order in which they were found. After one that stays, the later ones of its key stay, too.
pub(super) fn plan(letters: Vec<Letter>, before: &BTreeSet<(u32, i64)>) -> Vec<Step> {
    let mut keys: BTreeMap<Option<Vec<u8>>, Vec<Letter>> = BTreeMap::new();
    for letter in letters {
        keys.entry(letter.key.clone()).or_default().push(letter);
    }
    let mut steps = Vec::new();
    for (key, mut letters) in keys {
        in_order(&mut letters);
        let mut held = None;
        for letter in letters {
            let fate = if before.contains(&letter.place) {
                Disposition::SentBefore
            } else if let Some(why) = letter.obstacle() {
                held = held.or(Some(letter.place));
                Disposition::Stays(why)
            } else if let (Some((partition, offset)), Some(_)) = (held, &key) {
                let (own_partition, own_offset) = letter.place;
                Disposition::Stays(format!(
                    "the letter {partition}/{offset} of the same key comes before it and stays; to send this one all the same, choose it alone: \
                     --letter {own_partition}/{own_offset}"
                ))
            } else {
                Disposition::Sent
            };
            steps.push(Step { letter, fate });
        }
    }
    steps
}

/// A processor writes the letters of a partition in the order of its commands. Where those of a key were found in several partitions, their
/// times tell.
fn in_order(letters: &mut [Letter]) {
    let mut partitions = letters.iter().map(|letter| letter.place.0);
    let first = partitions.next();
    if partitions.all(|partition| Some(partition) == first) {
        letters.sort_by_key(|letter| letter.place.1);
    } else {
        letters.sort_by_key(|letter| (letter.timestamp_ms, letter.place));
    }
}

#[cfg(test)]
mod tests;
