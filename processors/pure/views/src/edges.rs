//! The values of edges: what a question needs of the node at the other end, so that a range of edges answers it alone.

use crate::bytes::{Bytes, corrupt, instant, put_signed, put_text};
use crate::nodes::{Leg, Rotation, put_designator, put_mode, read_airport, read_designator, read_mode};
use domain::rotation::Mode;
use domain::{AirportCode, FlightDesignator, Instant, Registration, RotationId};
use keyvalue::ReadError;

/// A leg as the edges to it describe it: those from its airports, and the index of all legs by departure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegSummary {
    pub designator: FlightDesignator,
    pub origin: AirportCode,
    pub destination: AirportCode,
    pub departure: Instant,
    pub arrival: Instant,
    /// Of its rotation.
    pub mode: Mode,
    /// Of its rotation.
    pub airplane: Option<Registration>,
}

/// The instant that stands in the key of an edge to a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyInstant {
    Departure(Instant),
    Arrival(Instant),
}

impl LegSummary {
    pub(crate) fn new(leg: &Leg, rotation: &Rotation) -> Self {
        Self {
            designator: leg.designator,
            origin: leg.origin,
            destination: leg.destination,
            departure: leg.departure,
            arrival: leg.arrival,
            mode: rotation.mode,
            airplane: rotation.registration().cloned(),
        }
    }

    /// The same bytes stand at each edge to a leg.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(32);
        out.extend_from_slice(self.origin.as_str().as_bytes());
        out.extend_from_slice(self.destination.as_str().as_bytes());
        put_signed(&mut out, self.arrival.0 - self.departure.0);
        put_designator(self.designator, &mut out);
        put_mode(self.mode, &mut out);
        put_text(&mut out, self.airplane.as_ref().map_or("", Registration::as_str));
        out
    }

    /// The designator alone.
    pub(crate) fn designator_of(bytes: &[u8]) -> Result<FlightDesignator, ReadError> {
        let mut bytes = Bytes::new(bytes);
        let (_origin, _destination, _duration) = (read_airport(&mut bytes)?, read_airport(&mut bytes)?, bytes.signed()?);
        read_designator(&mut bytes)
    }

    pub(crate) fn from_bytes(at: KeyInstant, bytes: &[u8]) -> Result<Self, ReadError> {
        let mut bytes = Bytes::new(bytes);
        let (origin, destination) = (read_airport(&mut bytes)?, read_airport(&mut bytes)?);
        let (departure, arrival) = read_times(at, &mut bytes)?;
        Ok(Self {
            designator: read_designator(&mut bytes)?,
            origin,
            destination,
            departure,
            arrival,
            mode: read_mode(&mut bytes)?,
            airplane: match bytes.text()? {
                "" => None,
                text => Some(Registration::parse(text).map_err(|_| corrupt("a registration"))?),
            },
        })
    }
}

/// The part of a leg summary that a search for a way through the schedule looks at, read without the rest: a search reads thousands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hop {
    pub(crate) origin: AirportCode,
    pub(crate) destination: AirportCode,
    pub(crate) departure: Instant,
    pub(crate) arrival: Instant,
    pub(crate) mode: Mode,
}

impl Hop {
    pub(crate) fn from_bytes(at: KeyInstant, bytes: &[u8]) -> Result<Self, ReadError> {
        let mut bytes = Bytes::new(bytes);
        let (origin, destination) = (read_airport(&mut bytes)?, read_airport(&mut bytes)?);
        let (departure, arrival) = read_times(at, &mut bytes)?;
        // The designator.
        bytes.text()?;
        Ok(Self {
            origin,
            destination,
            departure,
            arrival,
            mode: read_mode(&mut bytes)?,
        })
    }
}

fn read_times(at: KeyInstant, bytes: &mut Bytes<'_>) -> Result<(Instant, Instant), ReadError> {
    match at {
        KeyInstant::Departure(departure) => Ok((departure, bytes.instant_after(departure)?)),
        KeyInstant::Arrival(arrival) => Ok((instant(arrival.0.saturating_sub(bytes.signed()?))?, arrival)),
    }
}

/// A rotation with legs, from its first departure to the arrival of its last leg, as its airplane flies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotationSpan {
    pub rotation: RotationId,
    pub first_departure: Instant,
    pub first_origin: AirportCode,
    pub last_arrival: Instant,
    pub last_destination: AirportCode,
}

impl RotationSpan {
    pub(crate) fn new(rotation: &RotationId, first: &Leg, last: &Leg) -> Self {
        Self {
            rotation: rotation.clone(),
            first_departure: first.departure,
            first_origin: first.origin,
            last_arrival: last.arrival,
            last_destination: last.destination,
        }
    }

    pub(crate) fn duration_ms(&self) -> i64 {
        self.last_arrival.0.saturating_sub(self.first_departure.0)
    }

    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.first_origin.as_str().as_bytes());
        out.extend_from_slice(self.last_destination.as_str().as_bytes());
        put_signed(out, self.last_arrival.0 - self.first_departure.0);
    }

    /// `rotation` and `first_departure` stand in the key.
    pub(crate) fn read(rotation: RotationId, first_departure: Instant, bytes: &mut Bytes<'_>) -> Result<Self, ReadError> {
        let (first_origin, last_destination) = (read_airport(bytes)?, read_airport(bytes)?);
        let last_arrival = bytes.instant_after(first_departure)?;
        Ok(Self {
            rotation,
            first_departure,
            first_origin,
            last_arrival,
            last_destination,
        })
    }
}
