//! References to an airport or an airplane that is not registered; a retired airplane is not registered any more.
//!
//! When the registration of a retired airplane is given to another one, the rotations that were assigned before the first one retired
//! were meant for that one. They are reported until they are assigned again.

use super::{Violations, report};
use crate::check::Check;
use crate::keys::{self, Key};
use crate::nodes::{Airplane, Rotation};
use domain::{Instant, LegId, RotationId};

/// Which end of a leg refers to the airport. The byte stands in keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Departure,
    Arrival,
}

/// Stands in keys in place of an [`End`].
pub(crate) const AIRPLANE: u8 = b'P';

impl End {
    pub(crate) fn byte(self) -> u8 {
        match self {
            Self::Departure => b'D',
            Self::Arrival => b'A',
        }
    }
}

/// An airport at one end of a leg is not registered.
pub(crate) fn report_airport(rotation: &RotationId, departure: Instant, leg: &LegId, end: End, into: &mut Violations) {
    report(airport_key(rotation, departure, leg, end), true, into);
}

pub(crate) fn airport_key(rotation: &RotationId, departure: Instant, leg: &LegId, end: End) -> Key {
    keys::violations_of(Check::UnknownReference, rotation)
        .byte(end.byte())
        .instant(departure)
        .id(leg.as_str())
}

pub(crate) fn examine_airplane(id: &RotationId, rotation: &Rotation, airplane: Option<&Airplane>, into: &mut Violations) {
    let is_registered = airplane.is_some_and(|airplane| !airplane.is_retired() && !rotation.means_former(airplane));
    if rotation.airplane.is_some() && !is_registered {
        report(airplane_key(id), true, into);
    }
}

pub(crate) fn airplane_key(id: &RotationId) -> Key {
    keys::violations_of(Check::UnknownReference, id).byte(AIRPLANE)
}
