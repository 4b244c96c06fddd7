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
    /// The greatest sequence that an outcome refers to. Less than `sequence` where outcomes are missing, more where events are.
    pub answered: u64,
    /// The timestamp of the last answered command, milliseconds since the epoch; 0 before the first one. It goes back where the
    /// broker's clock does.
    pub decided_at_ms: i64,
    /// The partition's clock, by which command ids are remembered: the timestamp of the first command, and from one command to the next
    /// as much more as their timestamps differ, but not less than 0 and not more than [`CLOCK_STEP_MS_MAX`].
    pub clock_ms: i64,
}

/// So much passes at most on a partition's clock between two commands. A broker's clock that jumps, however far and for however long,
/// takes no more than this from the time for which command ids are remembered; in exchange a longer silence counts as this much.
pub const CLOCK_STEP_MS_MAX: i64 = 60 * 60 * 1000;
/// Kafka's producer takes a timestamp of 0 for the wish to set the time itself.
const TIMESTAMP_MS_MIN: i64 = 1;

const BYTES: usize = 56;

/// No sequence, version or offset that a log comes to is greater: what is stored beyond it is damaged. So the next ones can be counted, and
/// written in the 63 bits that Avro has for them.
pub(crate) const COUNT_MAX: u64 = 1 << 62;

impl Cursor {
    /// The stored cursor of a partition; `None` where nothing was ever stored.
    pub fn load(read: &impl Read, partition: u32) -> Result<Option<Self>, ReadError> {
        match read.get(&keys::cursor(partition), Self::from_bytes)? {
            None => Ok(None),
            Some(Some(cursor)) => Ok(Some(cursor)),
            Some(None) => Err(ReadError::corrupt(format!(
                "the cursor of partition {partition} is not {BYTES} bytes of offsets, times and sequences"
            ))),
        }
    }

    pub fn mutation(&self, partition: u32) -> Mutation {
        Mutation::Put {
            key: keys::cursor(partition),
            value: self.to_bytes(),
        }
    }

    /// A command with this timestamp is answered. Only what is answered moves the clock: a state that is built from the log knows the
    /// times of outcomes, and nothing of dead letters and of what was forwarded.
    pub(crate) fn tick(&mut self, timestamp_ms: i64) {
        let timestamp_ms = timestamp_ms.max(TIMESTAMP_MS_MIN);
        self.clock_ms = if self.decided_at_ms == 0 {
            timestamp_ms
        } else {
            let passed_ms = timestamp_ms.saturating_sub(self.decided_at_ms);
            self.clock_ms.saturating_add(passed_ms.clamp(0, CLOCK_STEP_MS_MAX))
        };
        self.decided_at_ms = timestamp_ms;
    }

    fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(BYTES);
        for number in [
            self.next_command_offset,
            self.next_event_offset,
            self.next_outcome_offset,
            self.decided_at_ms,
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
        let cursor = Self {
            next_command_offset: number(0),
            next_event_offset: number(1),
            next_outcome_offset: number(2),
            decided_at_ms: number(3),
            clock_ms: number(4),
            sequence: number(5).cast_unsigned(),
            answered: number(6).cast_unsigned(),
        };
        let offsets = [cursor.next_command_offset, cursor.next_event_offset, cursor.next_outcome_offset];
        let mut counts = offsets.into_iter().map(i64::unsigned_abs).chain([cursor.sequence, cursor.answered]);
        counts.all(|count| count <= COUNT_MAX).then_some(cursor)
    }
}
