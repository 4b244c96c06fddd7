//! References to an airport or an airplane that is not registered; a retired airplane is not registered any more.
//!
//! When the registration of a retired airplane is given to another one, the rotations that were assigned before the first one retired
//! were meant for that one. They are reported until somebody assigns them again.

use crate::check::Check;
use crate::nodes::{Airplane, Leg, Rotation};
use crate::violation::{Detail, Violation, Violations};
use domain::{AirportCode, RotationId};

/// Which end of a leg refers to the airport. The byte stands in keys.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    Departure = b'D' as isize,
    Arrival = b'A' as isize,
}

const AIRPLANE: u8 = b'P';

impl End {
    fn airport(self, leg: &Leg) -> AirportCode {
        match self {
            Self::Departure => leg.origin,
            Self::Arrival => leg.destination,
        }
    }
}

pub(crate) fn examine_airport(rotation: &RotationId, leg: &Leg, end: End, registered: bool, into: &mut Violations) {
    if !registered {
        let detail = Detail::UnknownAirport { airport: end.airport(leg) };
        let legs = vec![(rotation.clone(), leg.clone())];
        let violation = Violation {
            rotation: rotation.clone(),
            counted: true,
            legs,
            detail,
        };
        violation.insert(
            Check::UnknownReference,
            |key| key.byte(end as u8).instant(leg.departure).id(leg.id.as_str()),
            into,
        );
    }
}

pub(crate) fn examine_airplane(id: &RotationId, rotation: &Rotation, airplane: Option<&Airplane>, into: &mut Violations) {
    if let Some((registration, assigned)) = &rotation.airplane
        && airplane.is_none_or(|airplane| airplane.is_retired() || rotation.was_assigned_before(airplane.former_until))
    {
        let detail = Detail::UnknownAirplane {
            airplane: registration.clone(),
            retired: airplane.is_some(),
            assigned: *assigned,
        };
        let violation = Violation {
            rotation: id.clone(),
            counted: true,
            legs: Vec::new(),
            detail,
        };
        violation.insert(Check::UnknownReference, |key| key.byte(AIRPLANE), into);
    }
}
