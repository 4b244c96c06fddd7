//! A cache of the values that were used last, in bounded memory.

use rustc_hash::FxHashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

/// A map of two generations: when the younger one is full, what was not used since the last time is forgotten.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    younger: FxHashMap<K, V>,
    older: FxHashMap<K, V>,
    generation_max: usize,
}

impl<K: Clone + Eq + Hash, V> Recent<K, V> {
    /// Holds up to `entries_max` entries, and at least one.
    pub(crate) fn new(entries_max: usize) -> Self {
        Self {
            younger: FxHashMap::default(),
            older: FxHashMap::default(),
            generation_max: (entries_max / 2).max(1),
        }
    }

    /// What is known of `key`, or else what `read` says.
    pub(crate) fn get_or_read<E>(&mut self, key: &K, read: impl FnOnce() -> Result<V, E>) -> Result<&mut V, E> {
        self.make_room();
        match self.younger.entry(key.clone()) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(place) => {
                let value = match self.older.remove(key) {
                    Some(value) => value,
                    None => read()?,
                };
                Ok(place.insert(value))
            }
        }
    }

    /// What is known of `key`; asking for it does not keep it from being forgotten.
    pub(crate) fn known_mut(&mut self, key: &K) -> Option<&mut V> {
        self.younger.get_mut(key).or_else(|| self.older.get_mut(key))
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        self.make_room();
        self.older.remove(&key);
        self.younger.insert(key, value);
    }

    fn make_room(&mut self) {
        if self.younger.len() >= self.generation_max {
            self.older = std::mem::take(&mut self.younger);
        }
    }

    pub(crate) fn forget(&mut self, key: &K) {
        self.younger.remove(key);
        self.older.remove(key);
    }
}

#[cfg(test)]
mod tests;
