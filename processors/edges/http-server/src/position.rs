//! Positions as text: `0:12,1:7` says that partition 0 is held up to sequence 12 and partition 1 up to 7.

use crate::problem::Problem;
use crate::request::Request;
use std::collections::BTreeMap;
use std::fmt;
use warp::http::HeaderName;

/// The position that an answer was made at.
pub const X_POSITION: HeaderName = HeaderName::from_static("x-position");
/// The least position that an answer may be made at.
pub const X_MIN_POSITION: HeaderName = HeaderName::from_static("x-min-position");

/// More partitions than any topic of this system has; longer text is refused before it is read.
const PARTITIONS_MAX: usize = 1024;

/// Which events a view holds: of each partition all up to a sequence. Sequences begin with 1; 0 means none yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Position {
    sequences: BTreeMap<u32, u64>,
}

/// What a position should have looked like.
const EXPECTED: &str = "partition:sequence pairs such as 0:12,1:7, each partition once";

impl Position {
    pub fn new(sequences: impl IntoIterator<Item = (u32, u64)>) -> Self {
        Self {
            sequences: sequences.into_iter().collect(),
        }
    }

    /// Reads `0:12,1:7`; `None` when it is anything else. Blanks around a pair are allowed, a repeated partition is not.
    pub fn parse(text: &str) -> Option<Self> {
        let mut sequences = BTreeMap::new();
        for pair in text.split(',') {
            let (partition, sequence) = pair.trim().split_once(':')?;
            let fresh = sequences.insert(digits(partition)?.try_into().ok()?, digits(sequence)?).is_none();
            if !fresh || sequences.len() > PARTITIONS_MAX {
                return None;
            }
        }
        Some(Self { sequences })
    }

    /// Reads what a client has given.
    ///
    /// # Errors
    /// Says what a position looks like.
    pub fn read(text: &str) -> Result<Self, &'static str> {
        Self::parse(text).ok_or(EXPECTED)
    }

    /// The least position that the header `X-Min-Position` of a request asks for. Several lines are one list, as they are to a proxy.
    ///
    /// # Errors
    /// A problem for the client when the header is no position.
    pub fn minimum(request: &Request<'_>) -> Result<Option<Self>, Problem> {
        let bad = |given: &str| Problem::bad_parameter("X-Min-Position", given, EXPECTED);
        match request.list(&X_MIN_POSITION, EXPECTED)? {
            None => Ok(None),
            Some(text) => Self::parse(&text).map(Some).ok_or_else(|| bad(&text)),
        }
    }

    /// The sequence of `partition`; `None` when the position says nothing about it.
    pub fn sequence(&self, partition: u32) -> Option<u64> {
        self.sequences.get(&partition).copied()
    }

    pub fn iter(&self) -> impl Iterator<Item = (u32, u64)> {
        self.sequences.iter().map(|(partition, sequence)| (*partition, *sequence))
    }

    /// Whether every event that `least` asks for is held here.
    pub fn has_reached(&self, least: &Self) -> bool {
        least
            .iter()
            .all(|(partition, sequence)| self.sequence(partition).is_some_and(|held| held >= sequence))
    }

    /// A partition that `self` names and `known` does not.
    pub fn unknown_partition(&self, known: &Self) -> Option<u32> {
        self.iter()
            .map(|(partition, _)| partition)
            .find(|partition| known.sequence(*partition).is_none())
    }

    /// Goes on with an event of a partition.
    pub fn reach(&mut self, partition: u32, sequence: u64) {
        self.sequences.insert(partition, sequence);
    }

    /// The least position that has reached both.
    pub fn and(mut self, other: &Self) -> Self {
        for (partition, sequence) in other.iter() {
            let held = self.sequences.entry(partition).or_default();
            *held = sequence.max(*held);
        }
        self
    }
}

/// Only digits: Rust's number parser would also take a sign.
fn digits(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (partition, sequence)) in self.iter().enumerate() {
            let separator = if index == 0 { "" } else { "," };
            write!(formatter, "{separator}{partition}:{sequence}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
