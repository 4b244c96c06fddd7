//! Two legs that follow one another in a rotation: continuity, overlap, ground time.
//!
//! Ground time is reported where both legs meet at one airport; an overlap there stays for less than no time and is reported by both
//! checks. A departure exactly at the arrival plus the minimum is legal.

use crate::Check;
use crate::nodes::{Airport, Leg};
use crate::violation::{Detail, Violation, Violations};
use domain::{AircraftType, RotationId};

/// `airport` is the one where the first leg arrives, if it is registered.
pub(crate) fn examine(
    rotation: &RotationId,
    first: &Leg,
    second: &Leg,
    airport: Option<&Airport>,
    aircraft_type: Option<&AircraftType>,
    into: &mut Violations,
) {
    let mut report = |check, detail| {
        let legs = vec![(rotation.clone(), first.clone()), (rotation.clone(), second.clone())];
        let violation = Violation {
            rotation: rotation.clone(),
            counted: true,
            legs,
            detail,
        };
        violation.insert(check, |key| key.instant(first.departure).id(first.id.as_str()), into);
    };
    if second.departure < first.arrival {
        report(Check::Overlap, Detail::Overlap);
    }
    if second.origin != first.destination {
        report(Check::RotationContinuity, Detail::Continuity);
    } else if let Some(airport) = airport {
        let minimum_minutes = airport.minimum_minutes(aircraft_type);
        if second.departure.0 < first.arrival.0 + i64::from(minimum_minutes) * 60_000 {
            let detail = Detail::GroundTime {
                ground_minutes: first.ground_minutes(second),
                minimum_minutes,
                airport: first.destination,
                airport_provenance: airport.ground_time_provenance,
            };
            report(Check::GroundTime, detail);
        }
    }
}
