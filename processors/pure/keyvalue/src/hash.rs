//! A hash of content: equal for two states that hold the same keys and values, however they were built.

use crate::{Order, Read, ReadError};
use std::ops::ControlFlow;
use xxhash_rust::xxh3::Xxh3;

/// Over every key and value in `from..to`, in key order, each with its length.
pub fn content_hash(read: &impl Read, from: &[u8], to: &[u8]) -> Result<u128, ReadError> {
    let mut hasher = Xxh3::new();
    read.scan(from, to, Order::Ascending, &mut |key, value| {
        for bytes in [key, value] {
            hasher.update(&(bytes.len() as u64).to_be_bytes());
            hasher.update(bytes);
        }
        ControlFlow::Continue(())
    })?;
    Ok(hasher.digest128())
}
