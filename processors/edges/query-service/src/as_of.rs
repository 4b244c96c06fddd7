//! A place in the past at which a view is frozen: a time, or a position of every partition.

use http_server::Position;
use jiff::Timestamp;
use std::fmt;

/// Up to where a view is built, and no further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AsOf {
    /// Every event that was decided up to then.
    Time(Timestamp),
    /// Every event up to a sequence of each partition.
    Position(Position),
}

/// What it should have been.
pub(crate) const EXPECTED: &str = "a time such as 2026-03-01T12:00:00Z, or a position such as 0:12,1:7";
/// A name of a directory has 255 bytes, and begins with the view.
const LABEL_MAX: usize = 100;

impl AsOf {
    /// # Errors
    /// Says what was expected.
    pub fn read(text: &str) -> Result<Self, &'static str> {
        let time = || text.parse().ok().map(Self::Time);
        Position::parse(text).map(Self::Position).or_else(time).ok_or(EXPECTED)
    }

    /// Whether an event of a partition comes after it.
    pub fn is_before(&self, partition: u32, sequence: u64, decided_at_ms: i64) -> bool {
        match self {
            Self::Time(time) => decided_at_ms > time.as_millisecond(),
            Self::Position(position) => sequence > position.sequence(partition).unwrap_or(0),
        }
    }

    /// The name of a view that is frozen here, by that of the view that follows the log. It is part of a path, and the name of a directory.
    pub fn edition(&self, following: &str) -> String {
        format!("{following}-until-{}", self.label())
    }

    /// Of a long position it is a hash.
    fn label(&self) -> String {
        let text = match self {
            Self::Time(_) => self.to_string().replace(':', ""),
            Self::Position(_) => self.to_string().replace(':', ".").replace(',', "_"),
        };
        if text.len() <= LABEL_MAX {
            return text;
        }
        format!("{:016x}", fnv(text.as_bytes()))
    }
}

/// FNV-1a: another build has to find the directory.
fn fnv(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

impl fmt::Display for AsOf {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(time) => write!(formatter, "{time:.3}"),
            Self::Position(position) => write!(formatter, "{position}"),
        }
    }
}

#[cfg(test)]
mod tests;
