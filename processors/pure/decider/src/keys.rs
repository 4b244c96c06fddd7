//! The registry of keys in a command processor's state. A prefix byte that was used once is never used for anything else.
//!
//! | prefix | rest | value |
//! |---|---|---|
//! | 1 | | what the state was built on (cluster, topics), text |
//! | 2 | partition | cursor |
//! | 3 | partition, aggregate id, 0 | version of the aggregate, u64, where no part has a greater one |
//! | 3 | partition, aggregate id, 0, part | the domain's bytes, and the version of the aggregate that wrote them, u64 |
//! | 4 | partition, period, command id, aggregate id | what was answered |
//! | 5 | | the number of this layout, one byte, the length of a period in milliseconds, and the version of the domain's states, u32, where that is above 1 |
//! | 6 | partition | the last command that was decided, with its topic, as text; read where it fits the cursor |
//!
//! Numbers are big-endian, so that keys sort as numbers do.

use keyvalue::prefix_end;
use uuid::Uuid;

const IDENTITY: u8 = 1;
const CURSOR: u8 = 2;
const AGGREGATE: u8 = 3;
const REMEMBERED: u8 = 4;

const LAYOUT: u8 = 5;
const DECIDED: u8 = 6;

/// What is written above. In the first layout versions were not in the parts, and there was no number; up to the second one, command
/// ids were not of their aggregates.
pub const LAYOUT_NUMBER: u8 = 3;

/// Ends an aggregate id inside a key; ids hold no control characters.
const END_OF_ID: u8 = 0;

pub fn identity() -> Vec<u8> {
    vec![IDENTITY]
}

pub fn layout() -> Vec<u8> {
    vec![LAYOUT]
}

/// The value at [`layout`]. A state with another one is built again from the log: entries of periods of another length are not found.
pub fn layout_value(period_ms: i64, state_version: u32) -> Vec<u8> {
    let mut value = vec![LAYOUT_NUMBER];
    value.extend_from_slice(&period_ms.to_be_bytes());
    // Version 1 is not written: directories from before there were versions have these bytes.
    if state_version > 1 {
        value.extend_from_slice(&state_version.to_be_bytes());
    }
    value
}

pub fn cursor(partition: u32) -> Vec<u8> {
    in_partition(CURSOR, partition, 0)
}

/// The key of the last command that was decided. It is not among [`partition_ranges`]: no log of events and outcomes alone gives it.
pub fn decided(partition: u32) -> Vec<u8> {
    in_partition(DECIDED, partition, 0)
}

/// The key of the aggregate's version, where it stands alone, and the prefix of its parts.
pub fn aggregate(partition: u32, aggregate_id: &str) -> Vec<u8> {
    let mut key = in_partition(AGGREGATE, partition, aggregate_id.len() + 1);
    key.extend_from_slice(aggregate_id.as_bytes());
    key.push(END_OF_ID);
    key
}

pub fn remembered(partition: u32, period: u32, aggregate_id: &str, command_id: Uuid) -> Vec<u8> {
    let mut key = in_partition(REMEMBERED, partition, 20 + aggregate_id.len());
    key.extend_from_slice(&period.to_be_bytes());
    key.extend_from_slice(command_id.as_bytes());
    key.extend_from_slice(aggregate_id.as_bytes());
    key
}

/// The least key of a period.
pub fn remembered_period(partition: u32, period: u32) -> Vec<u8> {
    let mut key = in_partition(REMEMBERED, partition, 4);
    key.extend_from_slice(&period.to_be_bytes());
    key
}

/// Ranges `from..to` that hold all that is known of a partition: its cursor, its aggregates, its remembered commands.
pub fn partition_ranges(partition: u32) -> [(Vec<u8>, Vec<u8>); 3] {
    [CURSOR, AGGREGATE, REMEMBERED].map(|prefix| {
        let from = in_partition(prefix, partition, 0);
        let to = prefix_end(&from);
        (from, to)
    })
}

/// The range `from..to` of a partition's aggregates.
pub fn aggregates_range(partition: u32) -> (Vec<u8>, Vec<u8>) {
    let from = in_partition(AGGREGATE, partition, 0);
    let to = prefix_end(&from);
    (from, to)
}

fn in_partition(prefix: u8, partition: u32, more: usize) -> Vec<u8> {
    let mut key = Vec::with_capacity(5 + more);
    key.push(prefix);
    key.extend_from_slice(&partition.to_be_bytes());
    key
}

#[cfg(test)]
mod tests;
