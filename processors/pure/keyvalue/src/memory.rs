//! Ordered keys and values in memory: the store of the simulation and of the tests.

use crate::{Mutation, Order, Read, ReadError, Visit, Write, WriteError};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Bound;

/// A `BTreeMap` that is read and changed like a store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    entries: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Memory {
    pub fn apply(&mut self, mutations: &[Mutation]) {
        for mutation in mutations {
            match mutation {
                Mutation::Put { key, value } => {
                    self.entries.insert(key.clone(), value.clone());
                }
                Mutation::Delete { key } => {
                    self.entries.remove(key);
                }
                // As in RocksDB, a range that ends before it begins holds nothing.
                Mutation::DeleteRange { from, to } if from >= to => {}
                Mutation::DeleteRange { from, to } => {
                    let doomed: Vec<_> = self.entries.range(from.clone()..to.clone()).map(|(key, _)| key.clone()).collect();
                    for key in doomed {
                        self.entries.remove(&key);
                    }
                }
            }
        }
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&[u8], &[u8])> {
        self.entries.iter().map(|(key, value)| (key.as_slice(), value.as_slice()))
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl Read for Memory {
    fn get<T>(&self, key: &[u8], with: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, ReadError> {
        Ok(self.entries.get(key).map(|value| with(value)))
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
        if from >= to {
            return Ok(());
        }
        let range = self.entries.range::<[u8], _>((Bound::Included(from), Bound::Excluded(to)));
        let mut go = |(key, value): (&Vec<u8>, &Vec<u8>)| visit(key, value);
        let _ended_early = match order {
            Order::Ascending => range.into_iter().try_for_each(&mut go),
            Order::Descending => range.into_iter().rev().try_for_each(&mut go),
        };
        Ok(())
    }
}

/// Written to through a shared reference, as a store is.
impl Read for RefCell<Memory> {
    fn get<T>(&self, key: &[u8], with: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, ReadError> {
        self.borrow().get(key, with)
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
        self.borrow().scan(from, to, order, visit)
    }
}

impl Write for RefCell<Memory> {
    fn apply(&self, mutations: &[Mutation]) -> Result<(), WriteError> {
        self.borrow_mut().apply(mutations);
        Ok(())
    }
}
