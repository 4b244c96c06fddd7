//! Which events of the log are of one aggregate: an entry for each event, so that the history of anything can be fetched from the log without
//! reading a partition.
//!
//! Like [`offsets`](crate::offsets), the entries are no content of the view.

use crate::view::HISTORY;
use keyvalue::bytes::{put_number, put_signed, take_number, take_signed};
use keyvalue::{Mutation, Order, Read, ReadError};
use std::ops::ControlFlow;

/// Where an event is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventPlace {
    pub partition: u32,
    pub sequence: u64,
    pub offset: i64,
}

/// The entry of an event of an aggregate.
pub fn entry(aggregate_id: &str, place: EventPlace) -> Mutation {
    let mut value = Vec::with_capacity(8);
    put_number(place.partition.into(), &mut value);
    put_signed(place.offset, &mut value);
    Mutation::Put {
        key: key(aggregate_id, place.sequence),
        value,
    }
}

/// The events of an aggregate whose sequences are at least `from` and less than `before`, at most so many, newest first.
///
/// # Errors
/// When the view cannot be read.
pub fn newest(read: &impl Read, aggregate_id: &str, from: u64, before: u64, count_max: usize) -> Result<Vec<EventPlace>, ReadError> {
    let mut places = Vec::new();
    let mut failed = Ok(());
    if from >= before || count_max == 0 {
        return Ok(places);
    }
    read.scan(
        &key(aggregate_id, from),
        &key(aggregate_id, before),
        Order::Descending,
        &mut |key, value| {
            match place(key, value) {
                Ok(place) => places.push(place),
                Err(error) => {
                    failed = Err(error);
                    return ControlFlow::Break(());
                }
            }
            if places.len() < count_max {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        },
    )?;
    failed.map(|()| places)
}

/// Where the event of an aggregate with that sequence is; `None` where it has none.
///
/// # Errors
/// When the view cannot be read.
pub fn find(read: &impl Read, aggregate_id: &str, sequence: u64) -> Result<Option<EventPlace>, ReadError> {
    let key = key(aggregate_id, sequence);
    read.get(&key, |value| place(&key, value))?.transpose()
}

/// No id of an aggregate has a zero.
fn key(aggregate_id: &str, sequence: u64) -> Vec<u8> {
    let mut key = Vec::with_capacity(aggregate_id.len() + 10);
    key.push(HISTORY);
    key.extend_from_slice(aggregate_id.as_bytes());
    key.push(0);
    key.extend_from_slice(&sequence.to_be_bytes());
    key
}

fn place(key: &[u8], mut value: &[u8]) -> Result<EventPlace, ReadError> {
    let corrupt = || ReadError::corrupt("an entry of the history of an aggregate has an impossible length");
    let sequence = key.last_chunk().ok_or_else(corrupt)?;
    let partition = take_number(&mut value).ok().and_then(|partition| u32::try_from(partition).ok());
    Ok(EventPlace {
        partition: partition.ok_or_else(corrupt)?,
        sequence: u64::from_be_bytes(*sequence),
        offset: take_signed(&mut value).map_err(|_| corrupt())?,
    })
}

#[cfg(test)]
mod tests;
