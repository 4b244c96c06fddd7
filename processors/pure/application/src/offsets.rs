//! Where the events of a view are in the log: a sparse index from sequence to offset, so that an event can be fetched and a feed be resumed
//! without reading its partition from the beginning.
//!
//! Offsets are no content of the view: a log that was copied to another cluster has the same events at other offsets.

use crate::view::OFFSETS;
use keyvalue::{Mutation, Order, Read, ReadError};
use std::ops::ControlFlow;

/// One in so many events of a partition has an entry: the first, and every such number after it.
pub const STRIDE: u64 = 1024;

/// An event whose offset is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownOffset {
    pub sequence: u64,
    pub offset: i64,
}

/// The entry of an event, if it has one.
pub fn entry(partition: u32, sequence: u64, offset: i64) -> Option<Mutation> {
    (sequence % STRIDE == 1).then(|| Mutation::Put {
        key: key(partition, sequence),
        value: offset.to_be_bytes().to_vec(),
    })
}

/// The last event up to `sequence` whose offset is known: fewer than [`STRIDE`] events lie between the two. `None` where the view has no
/// event of the partition.
pub fn at_or_before(read: &impl Read, partition: u32, sequence: u64) -> Result<Option<KnownOffset>, ReadError> {
    let (from, mut to) = (key(partition, 0), key(partition, sequence));
    to.push(0);
    let mut found = Ok(None);
    read.scan(&from, &to, Order::Descending, &mut |key, value| {
        found = known(key, value).map(Some);
        ControlFlow::Break(())
    })?;
    found
}

fn key(partition: u32, sequence: u64) -> Vec<u8> {
    let mut key = vec![OFFSETS];
    key.extend_from_slice(&partition.to_be_bytes());
    key.extend_from_slice(&sequence.to_be_bytes());
    key
}

fn known(key: &[u8], value: &[u8]) -> Result<KnownOffset, ReadError> {
    let sequence = key
        .last_chunk()
        .ok_or_else(|| ReadError::corrupt("the key of an offset is cut short"))?;
    let offset = value.try_into().map_err(|_| ReadError::corrupt("an offset has not eight bytes"))?;
    Ok(KnownOffset {
        sequence: u64::from_be_bytes(*sequence),
        offset: i64::from_be_bytes(offset),
    })
}

#[cfg(test)]
mod tests;
