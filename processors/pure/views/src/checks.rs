//! The rules between facts: each check in a file, as a function of the facts alone. Only the incremental upkeep calls them; `recompute`
//! states the same rules a second time, independently.

pub(crate) mod designator;
pub(crate) mod pair;
pub(crate) mod reference;
pub(crate) mod seam;

use crate::keys::Key;
use std::collections::BTreeMap;

/// Violations by key, each with whether it counts and with its bytes.
pub(crate) type Violations = BTreeMap<Key, (bool, Vec<u8>)>;

/// Puts an entry that holds nothing but whether it counts.
pub(crate) fn report(key: Key, counted: bool, into: &mut Violations) {
    into.insert(key, (counted, entry(counted)));
}

/// The value of an entry.
pub(crate) fn entry(counted: bool) -> Vec<u8> {
    vec![u8::from(counted)]
}
