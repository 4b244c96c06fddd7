//! Which command a position follows: what a position is believed by.
//!
//! An offset alone proves nothing. A topic that was deleted and created again begins at 0 under the same name, and a log that was restored
//! from an older copy goes on with other records. So every position is kept together with the command before it: the id of the topic
//! (KIP-516), the offset, and a fingerprint of the record. Outcomes carry the same in the header `command`, so that the log itself says how
//! far it was decided (docs/decisions/0019).

use std::fmt;
use xxhash_rust::xxh3::Xxh3;

/// The header of events and outcomes that names their command.
pub const COMMAND: &str = "command";

/// The header of an outcome that was lost and written again (docs/decisions/0027). In its partition it comes after those of later commands.
pub(crate) const REWRITTEN: &str = "rewritten";

/// The last command that was decided before a position: `TOPIC-ID/OFFSET/FINGERPRINT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// Id of the commands topic.
    pub topic_id: String,
    /// -1 where nothing of the topic was decided yet.
    pub offset: i64,
    /// [`fingerprint`] of the record; `None` where the position was not reached by deciding it.
    pub fingerprint: Option<u64>,
}

const NONE: &str = "-";

impl Decided {
    /// The position: the offset of the next command to decide.
    pub fn next(&self) -> i64 {
        self.offset + 1
    }

    /// From what [`fmt::Display`] writes. A topic's id may hold slashes.
    pub fn read(text: &str) -> Option<Self> {
        let (rest, fingerprint) = text.rsplit_once('/')?;
        let (topic_id, offset) = rest.rsplit_once('/')?;
        Some(Self {
            topic_id: topic_id.to_owned(),
            offset: offset.parse().ok()?,
            fingerprint: if fingerprint == NONE {
                None
            } else {
                Some(u64::from_str_radix(fingerprint, 16).ok()?)
            },
        })
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Self::read(std::str::from_utf8(bytes).ok()?)
    }
}

impl fmt::Display for Decided {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { topic_id, offset, .. } = self;
        match self.fingerprint {
            Some(fingerprint) => write!(formatter, "{topic_id}/{offset}/{fingerprint:016x}"),
            None => write!(formatter, "{topic_id}/{offset}/{NONE}"),
        }
    }
}

/// A hash of a command's record that never changes: it is kept in states, offsets and outcomes.
pub fn fingerprint(timestamp_ms: i64, key: Option<&[u8]>, value: Option<&[u8]>) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.update(&timestamp_ms.to_be_bytes());
    for bytes in [key, value] {
        let length = bytes.map_or(u64::MAX, |bytes| bytes.len() as u64);
        hasher.update(&length.to_be_bytes());
        hasher.update(bytes.unwrap_or_default());
    }
    hasher.digest()
}

#[cfg(test)]
mod tests;
