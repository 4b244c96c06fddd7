//! How far the state of one partition has come.

use crate::keys;
use keyvalue::{Mutation, Read, ReadError};

/// Everything before these offsets and up to this sequence is in the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cursor {
    pub next_command_offset: i64,
    pub next_event_offset: i64,
    pub next_outcome_offset: i64,
    pub sequence: u64,
    /// The greatest sequence that an outcome has told. Less than `sequence` where outcomes are missing, more where events are.
    pub answered: u64,
    /// The latest timestamp of a decided command, milliseconds since the epoch: the partition's clock, which never goes back.
    pub clock_ms: i64,
}

const BYTES: usize = 48;

impl Cursor {
    /// The stored cursor of a partition; `None` where nothing was ever stored.
    pub fn load(read: &impl Read, partition: u32) -> Result<Option<Self>, ReadError> {
        match read.get(&keys::cursor(partition), Self::from_bytes)? {
            None => Ok(None),
            Some(Some(cursor)) => Ok(Some(cursor)),
            Some(None) => Err(ReadError::corrupt(format!(
                "the cursor of partition {partition} is not {BYTES} bytes long"
            ))),
        }
    }

    pub fn mutation(&self, partition: u32) -> Mutation {
        Mutation::Put {
            key: keys::cursor(partition),
            value: self.to_bytes(),
        }
    }

    fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(BYTES);
        for number in [
            self.next_command_offset,
            self.next_event_offset,
            self.next_outcome_offset,
            self.clock_ms,
        ] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        for number in [self.sequence, self.answered] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; BYTES] = bytes.try_into().ok()?;
        let number = |index: usize| {
            let mut eight = [0; 8];
            eight.copy_from_slice(&bytes[index * 8..index * 8 + 8]);
            i64::from_be_bytes(eight)
        };
        Some(Self {
            next_command_offset: number(0),
            next_event_offset: number(1),
            next_outcome_offset: number(2),
            clock_ms: number(3),
            sequence: number(4).cast_unsigned(),
            answered: number(5).cast_unsigned(),
        })
    }
}
