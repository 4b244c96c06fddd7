//! An airplane on the ground between two legs: how long it is there, and how long it needs.

use crate::nodes::Airport;
use domain::{AircraftType, AirportCode, Instant};

const MINUTE_MS: i64 = 60_000;

/// The time between the arrival of a leg and the departure of the next, and how much of it is required.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroundTime {
    /// Negative where the next leg departs before the arrival.
    pub real_ms: i64,
    /// The minimum ground time of the airport for the airplane's type; `None` where the legs do not meet at an airport that is registered.
    pub required_ms: Option<i64>,
}

impl GroundTime {
    /// `at` is where the first of the legs arrives, `airport` the same if it is registered.
    pub(crate) fn between(
        (at, arrival): (AirportCode, Instant),
        (origin, departure): (AirportCode, Instant),
        airport: Option<&Airport>,
        aircraft_type: Option<&AircraftType>,
    ) -> Self {
        let airport = airport.filter(|_| at == origin);
        Self {
            real_ms: departure.0 - arrival.0,
            required_ms: airport.map(|airport| i64::from(airport.minimum_minutes(aircraft_type)) * MINUTE_MS),
        }
    }

    /// How much of a delay this ground time absorbs. A ground time that is too short already absorbs nothing: the schedule departs all the same.
    pub fn slack_ms(&self) -> i64 {
        (self.real_ms - self.required_ms.unwrap_or(0)).max(0)
    }
}
