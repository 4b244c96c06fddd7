//! The registry of keys of the whole database. A prefix byte that was used once is never used for anything else.
//!
//! | prefix | rest of the key | value |
//! |---|---|---|
//! | 00, 01 | | those of the process that keeps the view (`application`); not content |
//! | 10 | airport | node |
//! | 11 | airplane | node |
//! | 12 | rotation | node |
//! | 13 | rotation, leg | node: the departure, under which the leg stands in 20 |
//! | 14 | rotation | tombstone of a rotation |
//! | 15 | rotation, leg | tombstone of a leg |
//! | 16 | airplane, rotation | tombstone of the edge airplane → rotation |
//! | 17 | rotation, airplane | tombstone of the edge rotation → airplane, the same value |
//! | 20 | rotation, departure, leg | edge rotation → leg in order, with the leg itself; the keys around it are its edges to the leg before and after, and its origin date is the edge to its designator's day |
//! | 21 | airplane, first departure, rotation | edge airplane → rotation in order: mode, and from where and when to where and when; back by the rotation's node |
//! | 22 | airport, departure, rotation, leg | edge airport → departing leg: a leg summary; back by the leg |
//! | 23 | airport, arrival, rotation, leg | edge airport → arriving leg: a leg summary; back by the leg |
//! | 24 | designator, airport, origin date, departure, rotation, leg | node designator-day and its edges to legs; back by the leg |
//! | 25 | designator, airport, origin date | number of legs of the day, where there are several, and the first of them |
//! | 26 | airport, aircraft type, minutes, rotation, departure, leg | edge airport → stay after that leg, by ground time; back by the leg |
//! | 27 | departure, rotation, leg | every leg by departure: a leg summary |
//! | 28 | airplane | how long its longest rotation ever was, as a power of two: how far before an instant to look for what is under way then |
//! | 30 | check, rotation, subject | violation: whether it is counted; what it says is read from the facts |
//! | 40 | what | count |
//!
//! Ids end with a zero byte, which none contains. Numbers are big-endian with the sign turned, so that keys sort as values do.

use crate::bytes::{self, Bytes, corrupt};
use crate::check::Check;
use crate::day::DesignatorDay;
use crate::nodes::Leg;
use domain::{AircraftType, AirportCode, DESIGNATOR_BYTES_MAX, FlightDesignator, Instant, LegId, Registration, RotationId};
use keyvalue::{ReadError, prefix_end};

/// The first byte of a key. Every byte in use is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Prefix {
    Airport = 0x10,
    Airplane = 0x11,
    Rotation = 0x12,
    Leg = 0x13,
    RemovedRotation = 0x14,
    RemovedLeg = 0x15,
    FormerRotation = 0x16,
    FormerAirplane = 0x17,
    RotationLegs = 0x20,
    AirplaneRotations = 0x21,
    Departures = 0x22,
    Arrivals = 0x23,
    DesignatorDay = 0x24,
    DesignatorDayLegs = 0x25,
    Stays = 0x26,
    LegsByDeparture = 0x27,
    LongestRotation = 0x28,
    Violation = 0x30,
    Count = 0x40,
}

/// Rotations without legs come last among an airplane's.
pub(crate) const NO_DEPARTURE: Instant = Instant(i64::MAX);

/// How many bytes of a key an instant takes.
pub(crate) const INSTANT_BYTES: usize = 8;

/// A key that is being put together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(pub(crate) Vec<u8>);

impl Key {
    pub(crate) fn new(prefix: Prefix) -> Self {
        let mut bytes = Vec::with_capacity(64);
        bytes.push(prefix as u8);
        Self(bytes)
    }

    pub(crate) fn id(mut self, id: &str) -> Self {
        self.0.extend_from_slice(id.as_bytes());
        self.0.push(0);
        self
    }

    pub(crate) fn airport(mut self, code: AirportCode) -> Self {
        self.0.extend_from_slice(code.as_str().as_bytes());
        self
    }

    pub(crate) fn designator(self, designator: FlightDesignator) -> Self {
        self.id(designator.encode(&mut [0; DESIGNATOR_BYTES_MAX]))
    }

    pub(crate) fn instant(mut self, instant: Instant) -> Self {
        self.0.extend_from_slice(&(instant.0.cast_unsigned() ^ (1 << 63)).to_be_bytes());
        self
    }

    pub(crate) fn day(self, day: &DesignatorDay) -> Self {
        self.designator(day.designator).airport(day.airport).signed(day.date)
    }

    pub(crate) fn signed(mut self, number: i32) -> Self {
        self.0.extend_from_slice(&(number.cast_unsigned() ^ (1 << 31)).to_be_bytes());
        self
    }

    pub(crate) fn byte(mut self, byte: u8) -> Self {
        self.0.push(byte);
        self
    }

    pub(crate) fn range(self) -> (Vec<u8>, Vec<u8>) {
        let to = prefix_end(&self.0);
        (self.0, to)
    }
}

pub(crate) fn airport(code: AirportCode) -> Key {
    Key::new(Prefix::Airport).airport(code)
}

pub(crate) fn airplane(registration: &Registration) -> Key {
    Key::new(Prefix::Airplane).id(registration.as_str())
}

pub(crate) fn rotation(id: &RotationId) -> Key {
    Key::new(Prefix::Rotation).id(id.as_str())
}

pub(crate) fn leg(rotation: &RotationId, leg: &LegId) -> Key {
    Key::new(Prefix::Leg).id(rotation.as_str()).id(leg.as_str())
}

pub(crate) fn legs_of(rotation: &RotationId) -> Key {
    Key::new(Prefix::RotationLegs).id(rotation.as_str())
}

pub(crate) fn leg_in_order(rotation: &RotationId, departure: Instant, leg: &LegId) -> Key {
    legs_of(rotation).instant(departure).id(leg.as_str())
}

pub(crate) fn rotations_of(airplane: &Registration) -> Key {
    Key::new(Prefix::AirplaneRotations).id(airplane.as_str())
}

pub(crate) fn rotation_in_order(airplane: &Registration, first_departure: Instant, rotation: &RotationId) -> Key {
    rotations_of(airplane).instant(first_departure).id(rotation.as_str())
}

pub(crate) fn departures(airport: AirportCode) -> Key {
    Key::new(Prefix::Departures).airport(airport)
}

pub(crate) fn arrivals(airport: AirportCode) -> Key {
    Key::new(Prefix::Arrivals).airport(airport)
}

pub(crate) fn departure(leg: &Leg, rotation: &RotationId) -> Key {
    departures(leg.origin)
        .instant(leg.departure)
        .id(rotation.as_str())
        .id(leg.id.as_str())
}

pub(crate) fn arrival(leg: &Leg, rotation: &RotationId) -> Key {
    arrivals(leg.destination)
        .instant(leg.arrival)
        .id(rotation.as_str())
        .id(leg.id.as_str())
}

pub(crate) fn leg_by_departure(leg: &Leg, rotation: &RotationId) -> Key {
    Key::new(Prefix::LegsByDeparture)
        .instant(leg.departure)
        .id(rotation.as_str())
        .id(leg.id.as_str())
}

pub(crate) fn longest_rotation(airplane: &Registration) -> Key {
    Key::new(Prefix::LongestRotation).id(airplane.as_str())
}

pub(crate) fn removed_rotation(id: &RotationId) -> Key {
    Key::new(Prefix::RemovedRotation).id(id.as_str())
}

pub(crate) fn removed_legs(rotation: &RotationId) -> Key {
    Key::new(Prefix::RemovedLeg).id(rotation.as_str())
}

pub(crate) fn removed_leg(rotation: &RotationId, leg: &LegId) -> Key {
    removed_legs(rotation).id(leg.as_str())
}

pub(crate) fn former_rotations(airplane: &Registration) -> Key {
    Key::new(Prefix::FormerRotation).id(airplane.as_str())
}

pub(crate) fn former_airplanes(rotation: &RotationId) -> Key {
    Key::new(Prefix::FormerAirplane).id(rotation.as_str())
}

pub(crate) fn designator(designator: FlightDesignator) -> Key {
    Key::new(Prefix::DesignatorDay).designator(designator)
}

pub(crate) fn designator_day(day: &DesignatorDay) -> Key {
    Key::new(Prefix::DesignatorDay).day(day)
}

pub(crate) fn leg_of_day(day: &DesignatorDay, departure: Instant, rotation: &RotationId, leg: &LegId) -> Key {
    designator_day(day).instant(departure).id(rotation.as_str()).id(leg.as_str())
}

pub(crate) fn designator_day_legs(day: &DesignatorDay) -> Key {
    Key::new(Prefix::DesignatorDayLegs).day(day)
}

/// Of airplanes of one type, and of those whose type is not known, between two legs that meet at an airport.
pub(crate) fn stays(airport: AirportCode, aircraft_type: Option<&AircraftType>) -> Key {
    Key::new(Prefix::Stays)
        .airport(airport)
        .id(aircraft_type.map_or("", AircraftType::as_str))
}

pub(crate) fn violations(check: Check) -> Key {
    Key::new(Prefix::Violation).byte(check.number())
}

pub(crate) fn violations_of(check: Check, rotation: &RotationId) -> Key {
    violations(check).id(rotation.as_str())
}

pub(crate) fn count(what: u8) -> Key {
    Key::new(Prefix::Count).byte(what)
}

/// Reads keys as they were put together.
pub(crate) struct KeyReader<'k>(Bytes<'k>);

impl<'k> KeyReader<'k> {
    pub(crate) fn new(key: &'k [u8]) -> Result<Self, ReadError> {
        let mut bytes = Bytes::new(key);
        bytes.take(1)?;
        Ok(Self(bytes))
    }

    pub(crate) fn id(&mut self) -> Result<&'k str, ReadError> {
        self.0.terminated()
    }

    pub(crate) fn rotation(&mut self) -> Result<RotationId, ReadError> {
        RotationId::parse(self.id()?).map_err(|_| corrupt("a rotation id"))
    }

    pub(crate) fn leg(&mut self) -> Result<LegId, ReadError> {
        LegId::parse(self.id()?).map_err(|_| corrupt("a leg id"))
    }

    pub(crate) fn airplane(&mut self) -> Result<Registration, ReadError> {
        Registration::parse(self.id()?).map_err(|_| corrupt("a registration"))
    }

    pub(crate) fn airport(&mut self) -> Result<AirportCode, ReadError> {
        let text = std::str::from_utf8(self.0.take(3)?).map_err(|_| corrupt("an airport code"))?;
        AirportCode::parse(text).map_err(|_| corrupt("an airport code"))
    }

    pub(crate) fn aircraft_type(&mut self) -> Result<Option<AircraftType>, ReadError> {
        match self.id()? {
            "" => Ok(None),
            text => AircraftType::parse(text).map(Some).map_err(|_| corrupt("an aircraft type")),
        }
    }

    pub(crate) fn designator(&mut self) -> Result<FlightDesignator, ReadError> {
        FlightDesignator::parse(self.id()?).map_err(|_| corrupt("a designator"))
    }

    pub(crate) fn instant(&mut self) -> Result<Instant, ReadError> {
        bytes::instant(self.milliseconds()?)
    }

    /// Of a rotation in its airplane's order; `None` where it has no legs.
    pub(crate) fn first_departure(&mut self) -> Result<Option<Instant>, ReadError> {
        match Instant(self.milliseconds()?) {
            NO_DEPARTURE => Ok(None),
            Instant(milliseconds) => bytes::instant(milliseconds).map(Some),
        }
    }

    fn milliseconds(&mut self) -> Result<i64, ReadError> {
        let bytes = self.0.take(INSTANT_BYTES)?.try_into().map_err(|_| corrupt("an instant"))?;
        Ok((u64::from_be_bytes(bytes) ^ (1 << 63)).cast_signed())
    }

    pub(crate) fn day(&mut self) -> Result<DesignatorDay, ReadError> {
        Ok(DesignatorDay {
            designator: self.designator()?,
            airport: self.airport()?,
            date: bytes::date(self.signed()?.into())?,
        })
    }

    pub(crate) fn signed(&mut self) -> Result<i32, ReadError> {
        let bytes = self.0.take(4)?.try_into().map_err(|_| corrupt("a number"))?;
        Ok((u32::from_be_bytes(bytes) ^ (1 << 31)).cast_signed())
    }

    pub(crate) fn byte(&mut self) -> Result<u8, ReadError> {
        Ok(self.0.take(1)?[0])
    }
}

#[cfg(test)]
mod tests;
