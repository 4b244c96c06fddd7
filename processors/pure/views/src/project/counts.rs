//! How many of each there are, kept with every event.

use crate::bytes::corrupt;
use crate::check::Check;
use crate::keys::Key;
use keyvalue::{Read, ReadError};

/// What is counted. The numbers stand in keys; those of violations follow from their checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    Rotations,
    Legs,
    Airplanes,
    Airports,
    Violations(Check),
}

impl Counted {
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Rotations => 0,
            Self::Legs => 1,
            Self::Airplanes => 2,
            Self::Airports => 3,
            Self::Violations(check) => 16 + check.number(),
        }
    }
}

pub(crate) fn stored_count(read: &impl Read, key: &Key) -> Result<i64, ReadError> {
    match read.get(&key.0, |bytes| bytes.try_into().map(i64::from_be_bytes))? {
        None => Ok(0),
        Some(count) => count.map_err(|_| corrupt("a count")),
    }
}
