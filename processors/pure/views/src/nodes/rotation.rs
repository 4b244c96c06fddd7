//! Rotations, without their legs.

use super::Airplane;
use crate::bytes::{Bytes, corrupt, put_text};
use crate::provenance::Provenance;
use domain::rotation::Mode;
use domain::{AircraftType, Registration};
use keyvalue::ReadError;

/// A rotation without its legs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    pub mode: Mode,
    /// The event that created it.
    pub provenance: Provenance,
    /// The event that last set the mode.
    pub mode_provenance: Provenance,
    pub airplane: Option<Assignment>,
}

/// An airplane that is assigned to a rotation, and the event that assigned it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    pub registration: Registration,
    pub provenance: Provenance,
}

impl Rotation {
    pub fn registration(&self) -> Option<&Registration> {
        self.airplane.as_ref().map(|assignment| &assignment.registration)
    }

    /// Whether the airplane that now has the assigned registration is not the one that was assigned: that one had retired by then.
    pub fn means_former(&self, airplane: &Airplane) -> bool {
        let assigned = self.airplane.as_ref().map(|assignment| assignment.provenance.decided_at);
        let retired = airplane.former.as_ref().map(|former| former.retired.decided_at);
        assigned.zip(retired).is_some_and(|(assigned, retired)| assigned < retired)
    }

    /// The type of the airplane that is to fly it; `airplane` is the one that has the assigned registration.
    pub fn aircraft_type<'a>(&self, airplane: Option<&'a Airplane>) -> Option<&'a AircraftType> {
        let meant = airplane.filter(|airplane| !self.means_former(airplane));
        meant.map(|airplane| &airplane.aircraft_type)
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        self.put(&mut out);
        out
    }

    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        self.provenance.put(out);
        put_mode(self.mode, out);
        self.mode_provenance.put_after(self.provenance, out);
        match &self.airplane {
            Some(Assignment { registration, provenance }) => {
                put_text(out, registration.as_str());
                provenance.put(out);
            }
            None => put_text(out, ""),
        }
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, ReadError> {
        Self::read(&mut Bytes::new(bytes))
    }

    pub(crate) fn read(bytes: &mut Bytes<'_>) -> Result<Self, ReadError> {
        let provenance = Provenance::read(bytes)?;
        let mode = read_mode(bytes)?;
        let mode_provenance = Provenance::read_after(provenance, bytes)?;
        let airplane = match bytes.text()? {
            "" => None,
            text => Some(Assignment {
                registration: Registration::parse(text).map_err(|_| corrupt("a registration"))?,
                provenance: Provenance::read(bytes)?,
            }),
        };
        Ok(Self {
            mode,
            provenance,
            mode_provenance,
            airplane,
        })
    }
}

pub(crate) fn put_mode(mode: Mode, out: &mut Vec<u8>) {
    out.push(match mode {
        Mode::Draft => 0,
        Mode::Active => 1,
    });
}

pub(crate) fn read_mode(bytes: &mut Bytes<'_>) -> Result<Mode, ReadError> {
    Ok(if bytes.flag()? { Mode::Active } else { Mode::Draft })
}
