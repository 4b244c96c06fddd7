//! Two legs that follow one another in a rotation: continuity, overlap, ground time.
//!
//! Ground time is reported where both legs meet at one airport; an overlap there stays for less than no time and is reported by both
//! checks. A departure exactly at the arrival plus the minimum is legal. Minutes are whole: a minimum is kept by a minute that is begun
//! only if it is over.

use super::{Violations, report};
use crate::check::Check;
use crate::keys::{self, Key};
use crate::nodes::{Airport, Leg};
use domain::{AircraftType, AirportCode, Instant, LegId, RotationId};

/// Continuity and overlap, of which no other fact is needed.
pub(crate) fn examine(rotation: &RotationId, first: &Leg, second: &Leg, into: &mut Violations) {
    let mut found = |check| report(key(check, rotation, first.departure, &first.id), true, into);
    if second.departure < first.arrival {
        found(Check::Overlap);
    }
    if second.origin != first.destination {
        found(Check::RotationContinuity);
    }
}

/// The entry of a violation between a leg and the one that follows it.
pub(crate) fn key(check: Check, rotation: &RotationId, departure: Instant, leg: &LegId) -> Key {
    keys::violations_of(check, rotation).instant(departure).id(leg.as_str())
}

/// An airplane on the ground between two legs that meet at an airport. Stays stand in the view by airport, type and time, so that another
/// minimum touches only those that it makes too short, or no longer too short.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stay {
    pub(crate) airport: AirportCode,
    pub(crate) aircraft_type: Option<AircraftType>,
    pub(crate) minutes: i32,
    pub(crate) rotation: RotationId,
    /// Of the leg that arrives.
    pub(crate) departure: Instant,
    pub(crate) leg: LegId,
}

impl Stay {
    /// `None` where the legs do not meet.
    pub(crate) fn between(rotation: &RotationId, first: &Leg, second: &Leg, aircraft_type: Option<&AircraftType>) -> Option<Self> {
        (first.destination == second.origin).then(|| Self {
            airport: first.destination,
            aircraft_type: aircraft_type.cloned(),
            minutes: i32::try_from(first.ground_minutes(second)).unwrap_or(i32::MAX),
            rotation: rotation.clone(),
            departure: first.departure,
            leg: first.id.clone(),
        })
    }

    pub(crate) fn key(&self) -> Key {
        keys::stays(self.airport, self.aircraft_type.as_ref())
            .signed(self.minutes)
            .id(self.rotation.as_str())
            .instant(self.departure)
            .id(self.leg.as_str())
    }

    /// `airport` is the one of the stay, if it is registered.
    pub(crate) fn is_too_short(&self, airport: Option<&Airport>) -> bool {
        airport.is_some_and(|airport| i64::from(self.minutes) < i64::from(airport.minimum_minutes(self.aircraft_type.as_ref())))
    }

    pub(crate) fn report(&self, into: &mut Violations) {
        report(key(Check::GroundTime, &self.rotation, self.departure, &self.leg), true, into);
    }
}

/// The entry of a stay that is too short. `leg` is the end of the stay's own key, which has rotation, departure and leg in the same form: another
/// minimum writes 100,000 such entries in one event, and reads none of these ids.
pub(crate) fn too_short_key(leg: &[u8]) -> Key {
    let Key(mut key) = keys::violations(Check::GroundTime);
    key.extend_from_slice(leg);
    Key(key)
}
