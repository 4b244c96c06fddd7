//! Airports.

use crate::bytes::{Bytes, corrupt, put_number, put_text};
use crate::provenance::Provenance;
use domain::{AircraftType, ZoneName};
use keyvalue::ReadError;
use std::collections::BTreeMap;

/// An airport that is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Airport {
    pub name: String,
    pub zone: ZoneName,
    /// For every aircraft type that has no minimum of its own.
    pub minimum_ground_time: MinimumGroundTime,
    pub by_aircraft_type: BTreeMap<AircraftType, MinimumGroundTime>,
    /// The registration.
    pub provenance: Provenance,
    /// The event that last set the name.
    pub name_provenance: Provenance,
    /// The event that last set the zone.
    pub zone_provenance: Provenance,
}

/// A minimum and the event that set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MinimumGroundTime {
    pub minutes: u32,
    pub provenance: Provenance,
}

impl Airport {
    /// The minimum for an airplane of this type.
    pub fn minimum_of(&self, aircraft_type: Option<&AircraftType>) -> MinimumGroundTime {
        let own = aircraft_type.and_then(|aircraft_type| self.by_aircraft_type.get(aircraft_type));
        own.copied().unwrap_or(self.minimum_ground_time)
    }

    /// For an airplane of this type, in minutes.
    pub fn minimum_minutes(&self, aircraft_type: Option<&AircraftType>) -> u32 {
        self.minimum_of(aircraft_type).minutes
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(96);
        self.provenance.put(&mut out);
        put_text(&mut out, &self.name);
        self.name_provenance.put_after(self.provenance, &mut out);
        put_text(&mut out, self.zone.as_str());
        self.zone_provenance.put_after(self.provenance, &mut out);
        self.minimum_ground_time.put_after(self.provenance, &mut out);
        put_number(&mut out, self.by_aircraft_type.len() as u64);
        for (aircraft_type, minimum) in &self.by_aircraft_type {
            put_text(&mut out, aircraft_type.as_str());
            minimum.put_after(self.provenance, &mut out);
        }
        out
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, ReadError> {
        let mut bytes = Bytes::new(bytes);
        let provenance = Provenance::read(&mut bytes)?;
        let name = bytes.text()?.to_owned();
        let name_provenance = Provenance::read_after(provenance, &mut bytes)?;
        let zone = ZoneName::parse(bytes.text()?).map_err(|_| corrupt("a time zone"))?;
        let zone_provenance = Provenance::read_after(provenance, &mut bytes)?;
        let minimum_ground_time = MinimumGroundTime::read_after(provenance, &mut bytes)?;
        let mut by_aircraft_type = BTreeMap::new();
        for _ in 0..bytes.number()? {
            let aircraft_type = AircraftType::parse(bytes.text()?).map_err(|_| corrupt("an aircraft type"))?;
            by_aircraft_type.insert(aircraft_type, MinimumGroundTime::read_after(provenance, &mut bytes)?);
        }
        Ok(Self {
            name,
            zone,
            minimum_ground_time,
            by_aircraft_type,
            provenance,
            name_provenance,
            zone_provenance,
        })
    }
}

impl MinimumGroundTime {
    fn put_after(self, first: Provenance, out: &mut Vec<u8>) {
        put_number(out, self.minutes.into());
        self.provenance.put_after(first, out);
    }

    fn read_after(first: Provenance, bytes: &mut Bytes<'_>) -> Result<Self, ReadError> {
        Ok(Self {
            minutes: bytes.small()?,
            provenance: Provenance::read_after(first, bytes)?,
        })
    }
}
