//! Legs.

use crate::bytes::{Bytes, corrupt, put_signed, put_text};
use crate::day::DesignatorDay;
use crate::provenance::Provenance;
use domain::rotation;
use domain::{AirportCode, DESIGNATOR_BYTES_MAX, FlightDesignator, Instant, LegId};
use keyvalue::ReadError;

/// A leg of some rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    pub id: LegId,
    pub designator: FlightDesignator,
    pub origin: AirportCode,
    pub destination: AirportCode,
    pub departure: Instant,
    pub arrival: Instant,
    /// The local date of the departure, in days since 1970-01-01. Stored, so that no key is worked out twice by the time-zone database.
    pub origin_date: i32,
    /// The event that added it.
    pub provenance: Provenance,
    /// The event that last set departure and arrival.
    pub times_provenance: Provenance,
}

impl Leg {
    pub(crate) fn new(leg: &rotation::Leg, origin_date: i32, provenance: Provenance) -> Self {
        let rotation::Leg {
            id,
            designator,
            origin,
            destination,
            departure,
            arrival,
        } = leg.clone();
        Self {
            id,
            designator,
            origin,
            destination,
            departure,
            arrival,
            origin_date,
            provenance,
            times_provenance: provenance,
        }
    }

    /// The other end of the edge to its designator's day.
    pub fn day(&self) -> DesignatorDay {
        DesignatorDay {
            designator: self.designator,
            airport: self.origin,
            date: self.origin_date,
        }
    }

    /// Minutes on the ground until `next` departs; negative when it departs before the arrival.
    pub(crate) fn ground_minutes(&self, next: &Self) -> i64 {
        (next.departure.0 - self.arrival.0).div_euclid(60_000)
    }

    /// Without what is worked out, and without where it comes from.
    pub(crate) fn plan(&self) -> rotation::Leg {
        let Self {
            id,
            designator,
            origin,
            destination,
            departure,
            arrival,
            ..
        } = self.clone();
        rotation::Leg {
            id,
            designator,
            origin,
            destination,
            departure,
            arrival,
        }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(96);
        self.provenance.put(&mut out);
        put_signed(&mut out, self.origin_date.into());
        self.times_provenance.put_after(self.provenance, &mut out);
        put_leg(&self.plan(), &mut out);
        out
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, ReadError> {
        let mut bytes = Bytes::new(bytes);
        let provenance = Provenance::read(&mut bytes)?;
        let origin_date = bytes.date()?;
        let times_provenance = Provenance::read_after(provenance, &mut bytes)?;
        let leg = Self::new(&read_leg(&mut bytes)?, origin_date, provenance);
        Ok(Self { times_provenance, ..leg })
    }
}

pub(crate) fn put_leg(leg: &rotation::Leg, out: &mut Vec<u8>) {
    put_text(out, leg.id.as_str());
    put_designator(leg.designator, out);
    out.extend_from_slice(leg.origin.as_str().as_bytes());
    out.extend_from_slice(leg.destination.as_str().as_bytes());
    put_signed(out, leg.departure.0);
    put_signed(out, leg.arrival.0 - leg.departure.0);
}

pub(crate) fn read_leg(bytes: &mut Bytes<'_>) -> Result<rotation::Leg, ReadError> {
    let id = LegId::parse(bytes.text()?).map_err(|_| corrupt("a leg id"))?;
    let designator = read_designator(bytes)?;
    let (origin, destination) = (read_airport(bytes)?, read_airport(bytes)?);
    let departure = bytes.instant()?;
    let arrival = bytes.instant_after(departure)?;
    Ok(rotation::Leg {
        id,
        designator,
        origin,
        destination,
        departure,
        arrival,
    })
}

pub(crate) fn put_designator(designator: FlightDesignator, out: &mut Vec<u8>) {
    put_text(out, designator.encode(&mut [0; DESIGNATOR_BYTES_MAX]));
}

pub(crate) fn read_designator(bytes: &mut Bytes<'_>) -> Result<FlightDesignator, ReadError> {
    FlightDesignator::parse(bytes.text()?).map_err(|_| corrupt("a designator"))
}

pub(crate) fn read_airport(bytes: &mut Bytes<'_>) -> Result<AirportCode, ReadError> {
    let text = std::str::from_utf8(bytes.take(3)?).map_err(|_| corrupt("an airport code"))?;
    AirportCode::parse(text).map_err(|_| corrupt("an airport code"))
}
