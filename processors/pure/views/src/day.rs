//! The local day of a flight designator at an airport, on which it may name one flight only.

use crate::nodes::{Airport, Leg};
use domain::{AirportCode, FlightDesignator};
use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// Which legs should not meet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day {
    pub(crate) designator: FlightDesignator,
    pub(crate) airport: AirportCode,
    /// Days since 1970-01-01.
    pub(crate) date: i32,
}

impl Day {
    /// The day of a leg; `origin` is its departure airport, if registered.
    pub(crate) fn of(leg: &Leg, origin: Option<&Airport>) -> Self {
        Self {
            designator: leg.designator,
            airport: leg.origin,
            date: origin_date(leg, origin),
        }
    }
}

fn origin_date(leg: &Leg, origin: Option<&Airport>) -> i32 {
    let zone = origin
        .and_then(|airport| TimeZoneDatabase::bundled().get(airport.zone.as_str()).ok())
        .unwrap_or(TimeZone::UTC);
    // Departures lie between 1970 and 2200, which every zone can show.
    let departure = Timestamp::from_millisecond(leg.departure.0).unwrap_or(Timestamp::UNIX_EPOCH);
    let since = zone
        .to_datetime(departure)
        .date()
        .since(date(1970, 1, 1))
        .map(|span| span.get_days());
    since.unwrap_or(0)
}
