//! Tombstones of removed nodes and edges: what each was, and the event that removed it. Ids are not used again, so a tombstone stays.
//!
//! A tombstone holds facts of its own aggregate only. What other aggregates say of it, such as the date at its airport, would depend on
//! the order in which the events of different partitions came.

use crate::bytes::Bytes;
use crate::nodes::{Leg, Rotation, put_leg, read_leg};
use crate::provenance::Provenance;
use domain::rotation;
use keyvalue::ReadError;

/// A leg that was removed, alone or with its rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedLeg {
    /// As it last was.
    pub leg: rotation::Leg,
    /// The event that added it.
    pub provenance: Provenance,
    /// The event that last set departure and arrival.
    pub times_provenance: Provenance,
    pub removed: Provenance,
}

/// A rotation that was removed with all its legs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedRotation {
    pub rotation: Rotation,
    pub removed: Provenance,
}

/// An airplane was assigned to a rotation, and no longer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormerAssignment {
    pub assigned: Provenance,
    /// The event that assigned another airplane or none, or removed the rotation.
    pub ended: Provenance,
}

impl RemovedLeg {
    pub(crate) fn new(leg: &Leg, removed: Provenance) -> Self {
        Self {
            leg: leg.plan(),
            provenance: leg.provenance,
            times_provenance: leg.times_provenance,
            removed,
        }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(128);
        self.removed.put(&mut out);
        self.provenance.put(&mut out);
        self.times_provenance.put_after(self.provenance, &mut out);
        put_leg(&self.leg, &mut out);
        out
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, ReadError> {
        let mut bytes = Bytes::new(bytes);
        let removed = Provenance::read(&mut bytes)?;
        let provenance = Provenance::read(&mut bytes)?;
        Ok(Self {
            removed,
            provenance,
            times_provenance: Provenance::read_after(provenance, &mut bytes)?,
            leg: read_leg(&mut bytes)?,
        })
    }
}

impl RemovedRotation {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(96);
        self.removed.put(&mut out);
        self.rotation.put(&mut out);
        out
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, ReadError> {
        let mut bytes = Bytes::new(bytes);
        Ok(Self {
            removed: Provenance::read(&mut bytes)?,
            rotation: Rotation::read(&mut bytes)?,
        })
    }
}

impl FormerAssignment {
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        self.ended.put(&mut out);
        self.assigned.put(&mut out);
        out
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, ReadError> {
        let mut bytes = Bytes::new(bytes);
        Ok(Self {
            ended: Provenance::read(&mut bytes)?,
            assigned: Provenance::read(&mut bytes)?,
        })
    }
}
