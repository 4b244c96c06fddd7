//! Legs that depart from one airport under one designator on one day: there should be one.
//!
//! The day is the flight's origin date: the local calendar date at the departure airport, and the UTC date until the airport is
//! registered with its zone.

use crate::bytes::{Bytes, put_number};
use crate::check::Check;
use crate::day::Day;
use crate::keys::{self, Key};
use crate::violation::Violations;
use domain::RotationId;
use keyvalue::ReadError;
use std::collections::BTreeMap;

/// What a rotation has of a day with several legs: its entry in the index of violations. The legs themselves are read where the
/// violation is, so that one leg more changes the entries of no more than three rotations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    /// The first leg of the day is one of this rotation.
    pub(crate) counted: bool,
    pub(crate) legs: u64,
}

impl Share {
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
pub(crate) fn key(day: &Day, rotation: &RotationId) -> Key {
    keys::violations_of(Check::FlightDesignator, rotation)
        .designator(day.designator)
        .airport(day.airport)
        .date(day.date)
}

pub(crate) fn report(day: &Day, rotation: &RotationId, share: Share, into: &mut Violations) {
    into.insert(key(day, rotation), (share.counted, share.to_bytes()));
}

/// `rotations` are those of all legs of the day, one for each leg and that of the first leg first.
pub(crate) fn examine<'m>(day: &Day, rotations: impl ExactSizeIterator<Item = &'m RotationId>, into: &mut Violations) {
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
        report(day, rotation, Share { counted, legs }, into);
    }
}
