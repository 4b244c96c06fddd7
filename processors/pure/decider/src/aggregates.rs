//! The aggregates in memory: a cache bounded by bytes, and those that the batch in hand has touched.
//!
//! What a batch has touched stays marked until its transaction ends. Committed, it is weighed again; aborted, it is dropped and read
//! again from the store, which never holds anything that was not committed.

use crate::cursor::COUNT_MAX;
use crate::{Domain, Representation, Represented, keys};
use keyvalue::{Order, Read, ReadError, prefix_end};
use lru::LruCache;
use rustc_hash::FxBuildHasher;
use std::ops::ControlFlow;

/// What an entry costs in addition to its state and its id: hash tables, links, allocations.
const ENTRY_BYTES: usize = 160;

pub(crate) struct Held<S> {
    pub(crate) state: S,
    pub(crate) version: u64,
    pub(crate) partition: u32,
    /// The state's size, as the domain says it.
    pub(crate) bytes: usize,
}

/// Why an aggregate could not be loaded.
pub(crate) enum NotLoaded {
    Read(ReadError),
    /// Its parts are there, and the domain does not take them.
    Refused(String),
}

impl From<ReadError> for NotLoaded {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

pub(crate) struct Aggregates<D: Domain> {
    cache: LruCache<Box<str>, Cached<D::State>, FxBuildHasher>,
    cache_bytes: usize,
    cache_bytes_max: usize,
    /// Those that the batch in hand has touched.
    touched: Vec<Box<str>>,
}

struct Cached<S> {
    held: Held<S>,
    /// As it was weighed when it was last kept.
    bytes: usize,
    is_touched: bool,
}

impl<D: Domain> Aggregates<D> {
    pub(crate) fn new(cache_bytes_max: usize) -> Self {
        Self {
            cache: LruCache::unbounded_with_hasher(FxBuildHasher),
            cache_bytes: 0,
            cache_bytes_max,
            touched: Vec::new(),
        }
    }

    /// The aggregate as the batch in hand has left it: from the cache, or from the store.
    pub(crate) fn touch(&mut self, read: &impl Read, partition: u32, id: &str) -> Result<&mut Held<D::State>, NotLoaded> {
        if !self.cache.contains(id) {
            let loaded = Cached {
                held: load::<D>(read, partition, id)?,
                bytes: 0,
                is_touched: false,
            };
            self.cache.push(id.into(), loaded);
        }
        let cached = self.cache.get_mut(id).expect("it was put there a line above");
        if !cached.is_touched {
            cached.is_touched = true;
            self.touched.push(id.into());
        }
        Ok(&mut cached.held)
    }

    pub(crate) fn keep_touched(&mut self) {
        for id in self.touched.drain(..) {
            if let Some(cached) = self.cache.peek_mut(&id) {
                let bytes = cached.held.bytes + id.len() + ENTRY_BYTES;
                self.cache_bytes = self.cache_bytes - cached.bytes + bytes;
                cached.bytes = bytes;
                cached.is_touched = false;
            }
        }
        while self.cache_bytes > self.cache_bytes_max
            && let Some((_, passive)) = self.cache.pop_lru()
        {
            self.cache_bytes -= passive.bytes;
        }
    }

    pub(crate) fn drop_touched(&mut self) {
        for id in std::mem::take(&mut self.touched) {
            self.drop(&id);
        }
    }

    fn drop(&mut self, id: &str) {
        if let Some(dropped) = self.cache.pop(id) {
            self.cache_bytes -= dropped.bytes;
        }
    }

    pub(crate) fn drop_partition(&mut self, partition: u32) {
        let of_partition = self.cache.iter().filter(|(_, cached)| cached.held.partition == partition);
        let ids: Vec<_> = of_partition.map(|(id, _)| id.clone()).collect();
        for id in ids {
            self.drop(&id);
        }
    }

    pub(crate) fn cache_bytes(&self) -> usize {
        self.cache_bytes
    }

    pub(crate) fn cache_len(&self) -> usize {
        self.cache.len()
    }
}

/// One prefix scan: the parts in key order, each with the version that wrote it.
fn load<D: Domain>(read: &impl Read, partition: u32, id: &str) -> Result<Held<D::State>, NotLoaded> {
    let prefix = keys::aggregate(partition, id);
    let mut version = 0;
    let mut is_cut = false;
    let mut bytes = Vec::new();
    let mut parts = Vec::new();
    let corrupt = |reason: &str| ReadError::corrupt(format!("aggregate {id} in partition {partition}: {reason}"));
    read.scan(&prefix, &prefix_end(&prefix), Order::Ascending, &mut |key, value| {
        let Some((value, written)) = value.split_last_chunk::<8>() else {
            is_cut = true;
            return ControlFlow::Break(());
        };
        version = version.max(u64::from_be_bytes(*written));
        if key.len() > prefix.len() {
            let from = bytes.len();
            bytes.extend_from_slice(&key[prefix.len()..]);
            let middle = bytes.len();
            bytes.extend_from_slice(value);
            parts.push((from, middle, bytes.len()));
        }
        ControlFlow::Continue(())
    })?;
    if is_cut {
        return Err(corrupt("a part has no version").into());
    }
    if version > COUNT_MAX {
        return Err(corrupt("a part has a version that no log comes to").into());
    }
    let state = if version == 0 {
        D::initial(id)
    } else {
        let mut parts = parts.iter().map(|&(from, middle, to)| (&bytes[from..middle], &bytes[middle..to]));
        Represented::<D>::load(id, &mut parts).map_err(NotLoaded::Refused)?
    };
    let bytes = Represented::<D>::size_bytes(&state);
    Ok(Held {
        state,
        version,
        partition,
        bytes,
    })
}
