//! Which event a stored fact comes from.

use crate::bytes::{Bytes, corrupt, put_number, put_signed};
use domain::Instant;
use keyvalue::ReadError;

/// The event that last wrote a group of attributes, and the command that it was decided for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Provenance {
    pub partition: u32,
    pub sequence: u64,
    pub command_id: [u8; 16],
    pub decided_at: Instant,
}

impl Provenance {
    pub(crate) fn put(self, out: &mut Vec<u8>) {
        put_number(out, self.partition.into());
        put_number(out, self.sequence);
        out.extend_from_slice(&self.command_id);
        put_signed(out, self.decided_at.0);
    }

    pub(crate) fn read(bytes: &mut Bytes<'_>) -> Result<Self, ReadError> {
        Ok(Self {
            partition: bytes.small()?,
            sequence: bytes.number()?,
            command_id: bytes.take(16)?.try_into().map_err(|_| corrupt("a command id"))?,
            decided_at: Instant(bytes.signed()?),
        })
    }

    /// Writes one byte where it is the same event as `first`, which stands before it in the value: most facts are written once.
    pub(crate) fn put_after(self, first: Self, out: &mut Vec<u8>) {
        out.push(u8::from(self != first));
        if self != first {
            self.put(out);
        }
    }

    pub(crate) fn read_after(first: Self, bytes: &mut Bytes<'_>) -> Result<Self, ReadError> {
        if bytes.flag()? { Self::read(bytes) } else { Ok(first) }
    }

    pub(crate) fn put_optional(provenance: Option<Self>, out: &mut Vec<u8>) {
        out.push(u8::from(provenance.is_some()));
        if let Some(provenance) = provenance {
            provenance.put(out);
        }
    }

    pub(crate) fn read_optional(bytes: &mut Bytes<'_>) -> Result<Option<Self>, ReadError> {
        bytes.flag()?.then(|| Self::read(bytes)).transpose()
    }
}
