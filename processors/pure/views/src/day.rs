//! A flight's day: the local calendar date at the departure airport, and the UTC date until the airport is registered with its zone.

use domain::{AirportCode, FlightDesignator, Instant, ZoneName};
use jiff::civil::{Date, date};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Span, Timestamp};

/// The legs that depart from one airport under one designator on one day. There should be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DesignatorDay {
    pub designator: FlightDesignator,
    pub airport: AirportCode,
    /// Days since 1970-01-01.
    pub date: i32,
}

/// The zone of an airport, as the time-zone database has it; UTC where the airport is not registered.
pub(crate) fn zone_of(name: Option<&ZoneName>) -> TimeZone {
    name.and_then(|name| TimeZoneDatabase::bundled().get(name.as_str()).ok())
        .unwrap_or(TimeZone::UTC)
}

/// The date that lies so many days after the first of 1970; `None` beyond the year 9999.
pub fn calendar_date(days: i32) -> Option<Date> {
    let span = Span::new().try_days(days).ok()?;
    date(1970, 1, 1).checked_add(span).ok()
}

/// The date of a departure, in days since 1970-01-01.
pub(crate) fn origin_date(departure: Instant, zone: &TimeZone) -> i32 {
    // Departures lie between 1970 and 2200, which every zone can show.
    let departure = Timestamp::from_millisecond(departure.0).unwrap_or(Timestamp::UNIX_EPOCH);
    let since = zone.to_datetime(departure).date().since(date(1970, 1, 1));
    since.map_or(0, |span| span.get_days())
}
