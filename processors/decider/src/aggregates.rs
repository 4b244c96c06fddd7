//! The aggregates in memory: a cache bounded by bytes, and those that the batch in hand has touched.
//!
//! What a batch touches leaves the cache until its transaction ends. Committed, it goes back; aborted, it is dropped and read
//! again from the store, which never holds anything that was not committed.

use crate::{Domain, keys};
use keyvalue::{Order, Read, ReadError, prefix_end};
use lru::LruCache;
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::ops::ControlFlow;

/// What an entry costs beside its state and its id: hash tables, links, allocations.
const ENTRY_BYTES: usize = 160;

pub(crate) struct Held<S> {
    pub(crate) state: S,
    pub(crate) version: u64,
    pub(crate) partition: u32,
    /// The version in the store is older.
    pub(crate) changed: bool,
}

pub(crate) struct Aggregates<D: Domain> {
    touched: FxHashMap<Box<str>, Held<D::State>>,
    cache: LruCache<Box<str>, Cached<D::State>, FxBuildHasher>,
    cache_bytes: usize,
    cache_bytes_max: usize,
}

struct Cached<S> {
    held: Held<S>,
    bytes: usize,
}

impl<D: Domain> Aggregates<D> {
    pub(crate) fn new(cache_bytes_max: usize) -> Self {
        Self {
            touched: FxHashMap::default(),
            cache: LruCache::unbounded_with_hasher(FxBuildHasher),
            cache_bytes: 0,
            cache_bytes_max,
        }
    }

    /// The aggregate as the batch in hand has left it: from the batch, from the cache, or from the store.
    pub(crate) fn touch(&mut self, read: &impl Read, partition: u32, id: &str) -> Result<&mut Held<D::State>, ReadError> {
        if !self.touched.contains_key(id) {
            let (key, held) = match self.cache.pop_entry(id) {
                Some((key, cached)) => {
                    self.cache_bytes -= cached.bytes;
                    (key, cached.held)
                }
                None => (id.into(), load::<D>(read, partition, id)?),
            };
            self.touched.insert(key, held);
        }
        Ok(self.touched.get_mut(id).expect("it was put there a line above"))
    }

    /// Those touched whose version moved on.
    pub(crate) fn changed(&self) -> impl Iterator<Item = (&str, &Held<D::State>)> {
        self.touched.iter().filter(|(_, held)| held.changed).map(|(id, held)| (&**id, held))
    }

    pub(crate) fn keep_touched(&mut self) {
        for (id, mut held) in self.touched.drain() {
            held.changed = false;
            let bytes = D::size_bytes(&held.state) + id.len() + ENTRY_BYTES;
            self.cache_bytes += bytes;
            self.cache.push(id, Cached { held, bytes });
        }
        while self.cache_bytes > self.cache_bytes_max
            && let Some((_, passive)) = self.cache.pop_lru()
        {
            self.cache_bytes -= passive.bytes;
        }
    }

    pub(crate) fn drop_touched(&mut self) {
        self.touched.clear();
    }

    pub(crate) fn drop_partition(&mut self, partition: u32) {
        let of_partition = |held: &Held<D::State>| held.partition == partition;
        self.touched.retain(|_, held| !of_partition(held));
        let ids: Vec<_> = self
            .cache
            .iter()
            .filter(|(_, cached)| of_partition(&cached.held))
            .map(|(id, _)| id.clone())
            .collect();
        for id in ids {
            if let Some(cached) = self.cache.pop(&id) {
                self.cache_bytes -= cached.bytes;
            }
        }
    }

    pub(crate) fn cache_bytes(&self) -> usize {
        self.cache_bytes
    }

    pub(crate) fn cache_len(&self) -> usize {
        self.cache.len()
    }
}

/// One prefix scan: the version first, then the parts in key order.
fn load<D: Domain>(read: &impl Read, partition: u32, id: &str) -> Result<Held<D::State>, ReadError> {
    let prefix = keys::aggregate(partition, id);
    let mut version = None;
    let mut bytes = Vec::new();
    let mut parts = Vec::new();
    let corrupt = |reason: &str| ReadError::new(format!("aggregate {id} in partition {partition}: {reason}"));
    read.scan(&prefix, &prefix_end(&prefix), Order::Ascending, &mut |key, value| {
        if key.len() == prefix.len() {
            version = <[u8; 8]>::try_from(value).ok().map(u64::from_be_bytes);
        } else {
            let from = bytes.len();
            bytes.extend_from_slice(&key[prefix.len()..]);
            let middle = bytes.len();
            bytes.extend_from_slice(value);
            parts.push((from, middle, bytes.len()));
        }
        ControlFlow::Continue(())
    })?;
    let fresh = |state, version| Held {
        state,
        version,
        partition,
        changed: false,
    };
    match version {
        None if parts.is_empty() => Ok(fresh(D::initial(id), 0)),
        None => Err(corrupt("it has parts but no version")),
        Some(version) => {
            let mut parts = parts.iter().map(|&(from, middle, to)| (&bytes[from..middle], &bytes[middle..to]));
            let state = D::load(id, &mut parts).map_err(|reason| corrupt(&reason))?;
            Ok(fresh(state, version))
        }
    }
}
