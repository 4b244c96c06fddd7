//! Legs that depart from one airport under one designator on one day: there should be one.

use super::Violations;
use crate::bytes::{Bytes, put_number};
use crate::check::Check;
use crate::day::DesignatorDay;
use crate::keys::{self, Key};
use domain::RotationId;
use keyvalue::ReadError;
use std::collections::BTreeMap;

/// The part that one rotation has in a day with several legs: its entry in the index of violations. The legs themselves are read where the
/// violation is, so that one more leg changes the entries of no more than three rotations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DayShare {
    /// The first leg of the day is one of this rotation.
    pub(crate) counted: bool,
    pub(crate) legs: u64,
}

impl DayShare {
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut out = vec![u8::from(self.counted)];
        put_number(&mut out, self.legs);
        out
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, ReadError> {
        let mut bytes = Bytes::new(bytes);
        Ok(Self {
            counted: bytes.flag()?,
            legs: bytes.number()?,
        })
    }
}

/// Where the share of a rotation stands in the index.
pub(crate) fn key(day: &DesignatorDay, rotation: &RotationId) -> Key {
    keys::violations_of(Check::FlightDesignator, rotation).day(day)
}

pub(crate) fn report_share(day: &DesignatorDay, rotation: &RotationId, share: DayShare, into: &mut Violations) {
    into.insert(key(day, rotation), (share.counted, share.to_bytes()));
}

/// `rotations` are those of all legs of the day, one for each leg and that of the first leg first.
pub(crate) fn examine<'m>(day: &DesignatorDay, rotations: impl ExactSizeIterator<Item = &'m RotationId>, into: &mut Violations) {
    if rotations.len() < 2 {
        return;
    }
    let mut first = None;
    let mut shares: BTreeMap<&RotationId, u64> = BTreeMap::new();
    for rotation in rotations {
        first.get_or_insert(rotation);
        *shares.entry(rotation).or_default() += 1;
    }
    for (rotation, legs) in shares {
        let counted = first == Some(rotation);
        report_share(day, rotation, DayShare { counted, legs }, into);
    }
}
