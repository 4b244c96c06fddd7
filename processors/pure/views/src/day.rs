//! A flight's day: the local calendar date at the departure airport, and the UTC date until the airport is registered with its zone.

use domain::{AirportCode, FlightDesignator, Instant, ZoneName};
use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::{TimeZone, TimeZoneDatabase};

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

/// The date of a departure, in days since 1970-01-01.
pub(crate) fn origin_date(departure: Instant, zone: &TimeZone) -> i32 {
    // Departures lie between 1970 and 2200, which every zone can show.
    let departure = Timestamp::from_millisecond(departure.0).unwrap_or(Timestamp::UNIX_EPOCH);
    let since = zone.to_datetime(departure).date().since(date(1970, 1, 1));
    since.map_or(0, |span| span.get_days())
}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The dates of many departures in one zone, as [`origin_date`] gives them. The zone is asked once for each period of one offset from UTC: departures
/// are best asked about in the order of their time.
pub(crate) struct OriginDates {
    zone: TimeZone,
    offset_ms: i64,
    /// The offset holds from here, in milliseconds since 1970,
    from_ms: i64,
    /// to before here.
    until_ms: i64,
}

impl OriginDates {
    pub(crate) fn new(zone: TimeZone) -> Self {
        Self {
            zone,
            offset_ms: 0,
            from_ms: 0,
            until_ms: 0,
        }
    }

    pub(crate) fn of(&mut self, departure: Instant) -> i32 {
        if !(self.from_ms..self.until_ms).contains(&departure.0) {
            let Ok(timestamp) = Timestamp::from_millisecond(departure.0) else {
                return origin_date(departure, &self.zone);
            };
            let next = self.zone.following(timestamp).next();
            self.offset_ms = i64::from(self.zone.to_offset(timestamp).seconds()) * 1000;
            self.from_ms = departure.0;
            self.until_ms = next.map_or(Timestamp::MAX, |next| next.timestamp()).as_millisecond();
        }
        i32::try_from((departure.0 + self.offset_ms).div_euclid(DAY_MS)).unwrap_or(i32::MAX)
    }
}

#[cfg(test)]
mod tests;
