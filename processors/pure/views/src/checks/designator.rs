//! Legs that depart from one airport under one designator on one day: there should be one.
//!
//! The day is the flight's origin date: the local calendar date at the departure airport, and the UTC date until the airport is
//! registered with its zone.

use crate::Check;
use crate::nodes::{Airport, Leg};
use crate::violation::{Detail, LEGS_MAX, Violation, Violations};
use domain::{AirportCode, FlightDesignator, RotationId};
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

/// `members` are all legs of the day, in order.
pub(crate) fn examine(day: &Day, members: &[(RotationId, Leg)], into: &mut Violations) {
    let Some((first, _)) = members.first() else { return };
    if members.len() < 2 {
        return;
    }
    for (rotation, _) in members {
        let violation = Violation {
            rotation: rotation.clone(),
            counted: rotation == first,
            legs: members.iter().take(LEGS_MAX).cloned().collect(),
            detail: Detail::Designator {
                designator: day.designator,
                airport: day.airport,
                origin_date_days: day.date,
                legs: members.len() as u64,
            },
        };
        let subject = |key: crate::keys::Key| key.designator(day.designator).airport(day.airport).date(day.date);
        violation.insert(Check::FlightDesignator, subject, into);
    }
}
