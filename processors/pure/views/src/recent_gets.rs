//! A reader that remembers the nodes that it has looked up last: what one answer lists often refers to the same few.

use keyvalue::{Order, Read, ReadError, Visit};
use std::cell::RefCell;

/// One violation looks up three nodes and those of its neighbours are mostly the same: twice that, and some more.
const REMEMBERED_MAX: usize = 8;

/// For the time of one answer: what is written below meanwhile is not seen in what is remembered.
pub(crate) struct RecentGets<'r, R> {
    below: &'r R,
    gets: RefCell<Gets>,
}

#[derive(Default)]
struct Gets {
    /// Keys and what was found there; `None` where a key is absent.
    found: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// The place of the one that is replaced next.
    oldest: usize,
}

impl<'r, R: Read> RecentGets<'r, R> {
    pub(crate) fn new(below: &'r R) -> Self {
        Self {
            below,
            gets: RefCell::default(),
        }
    }
}

impl Gets {
    fn of(&self, key: &[u8]) -> Option<&Option<Vec<u8>>> {
        self.found.iter().find(|(remembered, _)| remembered == key).map(|(_, value)| value)
    }

    fn remember(&mut self, key: &[u8], value: Option<Vec<u8>>) {
        let entry = (key.to_vec(), value);
        if self.found.len() < REMEMBERED_MAX {
            self.found.push(entry);
        } else {
            self.found[self.oldest] = entry;
            self.oldest = (self.oldest + 1) % REMEMBERED_MAX;
        }
    }
}

impl<R: Read> Read for RecentGets<'_, R> {
    fn get<T>(&self, key: &[u8], with: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, ReadError> {
        if let Some(found) = self.gets.borrow().of(key) {
            return Ok(found.as_deref().map(with));
        }
        let value = self.below.get(key, <[u8]>::to_vec)?;
        let read = value.as_deref().map(with);
        self.gets.borrow_mut().remember(key, value);
        Ok(read)
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
        self.below.scan(from, to, order, visit)
    }
}

#[cfg(test)]
mod tests;
