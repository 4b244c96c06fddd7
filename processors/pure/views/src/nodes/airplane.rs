//! Airplanes, by registration.

use crate::bytes::{Bytes, corrupt, put_text};
use crate::provenance::Provenance;
use domain::AircraftType;
use keyvalue::ReadError;

/// An airplane that is registered, or was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Airplane {
    pub aircraft_type: AircraftType,
    /// The registration of this airplane.
    pub provenance: Provenance,
    /// The event that last set the aircraft type.
    pub type_provenance: Provenance,
    /// The retirement, if it has retired.
    pub retired: Option<Provenance>,
    /// The airplane that had the registration before this one, if there was one.
    pub former: Option<FormerAirplane>,
}

/// What remains of a retired airplane whose registration was given to another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerAirplane {
    pub aircraft_type: AircraftType,
    pub retired: Provenance,
}

impl Airplane {
    pub fn is_retired(&self) -> bool {
        self.retired.is_some()
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(48);
        self.provenance.put(&mut out);
        put_text(&mut out, self.aircraft_type.as_str());
        self.type_provenance.put_after(self.provenance, &mut out);
        Provenance::put_optional(self.retired, &mut out);
        out.push(u8::from(self.former.is_some()));
        if let Some(former) = &self.former {
            put_text(&mut out, former.aircraft_type.as_str());
            former.retired.put(&mut out);
        }
        out
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, ReadError> {
        let mut bytes = Bytes::new(bytes);
        let provenance = Provenance::read(&mut bytes)?;
        Ok(Self {
            provenance,
            aircraft_type: read_type(&mut bytes)?,
            type_provenance: Provenance::read_after(provenance, &mut bytes)?,
            retired: Provenance::read_optional(&mut bytes)?,
            former: if bytes.flag()? {
                Some(FormerAirplane {
                    aircraft_type: read_type(&mut bytes)?,
                    retired: Provenance::read(&mut bytes)?,
                })
            } else {
                None
            },
        })
    }
}

fn read_type(bytes: &mut Bytes<'_>) -> Result<AircraftType, ReadError> {
    AircraftType::parse(bytes.text()?).map_err(|_| corrupt("an aircraft type"))
}
