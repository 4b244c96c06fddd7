//! What stands at the nodes, each with the event that last wrote it.

use crate::bytes::{Bytes, corrupt, put_number, put_signed, put_text};
use domain::rotation::Mode;
use domain::{AircraftType, AirportCode, DESIGNATOR_BYTES_MAX, FlightDesignator, Instant, LegId, Registration, ZoneName};
use keyvalue::ReadError;
use std::collections::BTreeMap;

/// The event that last wrote a fact: by it the command is found that wanted it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Provenance {
    pub partition: u32,
    pub sequence: u64,
}

/// An airport that is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Airport {
    pub name: String,
    pub zone: ZoneName,
    pub minimum_ground_time_minutes: u32,
    pub by_aircraft_type: BTreeMap<AircraftType, u32>,
    pub provenance: Provenance,
    /// The event that last set a minimum ground time.
    pub ground_time_provenance: Provenance,
}

/// An airplane that is registered, or was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Airplane {
    pub aircraft_type: AircraftType,
    /// When it retired, if it has.
    pub retired_at: Option<Instant>,
    /// When the airplane retired that had the registration before this one, if one had.
    pub former_until: Option<Instant>,
    pub provenance: Provenance,
}

/// A rotation without its legs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    pub mode: Mode,
    pub provenance: Provenance,
    /// And the event that assigned it.
    pub airplane: Option<(Registration, Provenance)>,
    /// When it was assigned; of a rotation without an airplane, the epoch.
    pub assigned_at: Instant,
}

/// When an airplane was assigned to a rotation that has none.
pub(crate) const NOT_ASSIGNED: Instant = Instant(0);

/// A leg of some rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    pub id: LegId,
    pub designator: FlightDesignator,
    pub origin: AirportCode,
    pub destination: AirportCode,
    pub departure: Instant,
    pub arrival: Instant,
    pub provenance: Provenance,
}

impl Airport {
    /// For an airplane of this type, in minutes.
    pub fn minimum_minutes(&self, aircraft_type: Option<&AircraftType>) -> u32 {
        let own = aircraft_type.and_then(|aircraft_type| self.by_aircraft_type.get(aircraft_type));
        own.copied().unwrap_or(self.minimum_ground_time_minutes)
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        self.provenance.put(&mut out);
        self.ground_time_provenance.put(&mut out);
        put_text(&mut out, &self.name);
        put_text(&mut out, self.zone.as_str());
        put_number(&mut out, self.minimum_ground_time_minutes.into());
        put_number(&mut out, self.by_aircraft_type.len() as u64);
        for (aircraft_type, minutes) in &self.by_aircraft_type {
            put_text(&mut out, aircraft_type.as_str());
            put_number(&mut out, (*minutes).into());
        }
        out
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, ReadError> {
        let mut bytes = Bytes::new(bytes);
        let provenance = Provenance::read(&mut bytes)?;
        let ground_time_provenance = Provenance::read(&mut bytes)?;
        let name = bytes.text()?.to_owned();
        let zone = ZoneName::parse(bytes.text()?).map_err(|_| corrupt("a time zone"))?;
        let minimum_ground_time_minutes = bytes.small()?;
        let mut by_aircraft_type = BTreeMap::new();
        for _ in 0..bytes.number()? {
            let aircraft_type = AircraftType::parse(bytes.text()?).map_err(|_| corrupt("an aircraft type"))?;
            by_aircraft_type.insert(aircraft_type, bytes.small()?);
        }
        Ok(Self {
            name,
            zone,
            minimum_ground_time_minutes,
            by_aircraft_type,
            provenance,
            ground_time_provenance,
        })
    }
}

impl Airplane {
    pub fn is_retired(&self) -> bool {
        self.retired_at.is_some()
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.provenance.put(&mut out);
        for instant in [self.retired_at, self.former_until] {
            out.push(u8::from(instant.is_some()));
            if let Some(instant) = instant {
                put_signed(&mut out, instant.0);
            }
        }
        put_text(&mut out, self.aircraft_type.as_str());
        out
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, ReadError> {
        let mut bytes = Bytes::new(bytes);
        let provenance = Provenance::read(&mut bytes)?;
        let mut instant = || Ok(if bytes.flag()? { Some(Instant(bytes.signed()?)) } else { None });
        let (retired_at, former_until) = (instant()?, instant()?);
        let aircraft_type = AircraftType::parse(bytes.text()?).map_err(|_| corrupt("an aircraft type"))?;
        Ok(Self {
            aircraft_type,
            retired_at,
            former_until,
            provenance,
        })
    }
}

impl Rotation {
    pub(crate) fn registration(&self) -> Option<&Registration> {
        self.airplane.as_ref().map(|(registration, _)| registration)
    }

    /// The rotation was given to an airplane that had retired by then: another one has its registration now.
    pub fn was_assigned_before(&self, former_until: Option<Instant>) -> bool {
        former_until.is_some_and(|until| self.assigned_at < until)
    }

    /// The type of the airplane that is to fly it; `airplane` is the one that has the assigned registration.
    pub(crate) fn aircraft_type<'a>(&self, airplane: Option<&'a Airplane>) -> Option<&'a AircraftType> {
        let of_now = airplane.filter(|airplane| !self.was_assigned_before(airplane.former_until));
        of_now.map(|airplane| &airplane.aircraft_type)
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.provenance.put(&mut out);
        out.push(match self.mode {
            Mode::Draft => 0,
            Mode::Active => 1,
        });
        if let Some((registration, provenance)) = &self.airplane {
            put_text(&mut out, registration.as_str());
            provenance.put(&mut out);
            put_signed(&mut out, self.assigned_at.0);
        } else {
            put_text(&mut out, "");
        }
        out
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, ReadError> {
        let mut bytes = Bytes::new(bytes);
        let provenance = Provenance::read(&mut bytes)?;
        let mode = if bytes.flag()? { Mode::Active } else { Mode::Draft };
        let (airplane, assigned_at) = match bytes.text()? {
            "" => (None, NOT_ASSIGNED),
            text => {
                let registration = Registration::parse(text).map_err(|_| corrupt("a registration"))?;
                (Some((registration, Provenance::read(&mut bytes)?)), Instant(bytes.signed()?))
            }
        };
        Ok(Self {
            mode,
            provenance,
            airplane,
            assigned_at,
        })
    }
}

impl Leg {
    pub(crate) fn new(leg: &domain::rotation::Leg, provenance: Provenance) -> Self {
        let domain::rotation::Leg {
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
            provenance,
        }
    }

    /// Minutes on the ground until `next` departs; negative when it departs before the arrival.
    pub(crate) fn ground_minutes(&self, next: &Self) -> i64 {
        (next.departure.0 - self.arrival.0).div_euclid(60_000)
    }

    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        self.provenance.put(out);
        put_text(out, self.id.as_str());
        put_text(out, self.designator.encode(&mut [0; DESIGNATOR_BYTES_MAX]));
        out.extend_from_slice(self.origin.as_str().as_bytes());
        out.extend_from_slice(self.destination.as_str().as_bytes());
        put_signed(out, self.departure.0);
        put_signed(out, self.arrival.0 - self.departure.0);
    }

    pub(crate) fn read(bytes: &mut Bytes<'_>) -> Result<Self, ReadError> {
        let provenance = Provenance::read(bytes)?;
        let id = LegId::parse(bytes.text()?).map_err(|_| corrupt("a leg id"))?;
        let designator = FlightDesignator::parse(bytes.text()?).map_err(|_| corrupt("a designator"))?;
        let origin = read_airport(bytes)?;
        let destination = read_airport(bytes)?;
        let departure = bytes.signed()?;
        let arrival = departure.checked_add(bytes.signed()?).ok_or_else(|| corrupt("an arrival"))?;
        Ok(Self {
            id,
            designator,
            origin,
            destination,
            departure: Instant(departure),
            arrival: Instant(arrival),
            provenance,
        })
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        self.put(&mut out);
        out
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, ReadError> {
        Self::read(&mut Bytes::new(bytes))
    }
}

pub(crate) fn read_airport(bytes: &mut Bytes<'_>) -> Result<AirportCode, ReadError> {
    let text = std::str::from_utf8(bytes.take(3)?).map_err(|_| corrupt("an airport code"))?;
    AirportCode::parse(text).map_err(|_| corrupt("an airport code"))
}

impl Provenance {
    pub(crate) fn put(self, out: &mut Vec<u8>) {
        put_number(out, self.partition.into());
        put_number(out, self.sequence);
    }

    pub(crate) fn read(bytes: &mut Bytes<'_>) -> Result<Self, ReadError> {
        Ok(Self {
            partition: bytes.small()?,
            sequence: bytes.number()?,
        })
    }
}
