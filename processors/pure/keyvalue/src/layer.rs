//! A batch that is on its way into a reader: seen at once, wherever the writing stands.

use crate::overlay::merge;
use crate::{Mutation, Order, Read, ReadError, Visit};

/// A reader with a batch on top. Whether the batch has come to the reader below makes no difference.
pub struct Layer<'r, R> {
    below: &'r R,
    batch: &'r [Mutation],
}

impl<'r, R: Read> Layer<'r, R> {
    /// `batch` is in key order and has each key once, as [`Overlay::into_mutations`](crate::Overlay::into_mutations) gives it.
    pub fn new(below: &'r R, batch: &'r [Mutation]) -> Self {
        debug_assert!(batch.is_sorted_by(|before, after| change(before).0 < change(after).0));
        Self { below, batch }
    }

    /// Where the first key is that does not come before this one.
    fn index(&self, key: &[u8]) -> usize {
        self.batch.partition_point(|mutation| change(mutation).0 < key)
    }
}

fn change(mutation: &Mutation) -> (&[u8], Option<&[u8]>) {
    match mutation {
        Mutation::Put { key, value } => (key, Some(value)),
        Mutation::Delete { key } => (key, None),
        Mutation::DeleteRange { .. } => panic!("a layer holds point mutations only"),
    }
}

impl<R: Read> Read for Layer<'_, R> {
    fn get<T>(&self, key: &[u8], with: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, ReadError> {
        match self.batch.get(self.index(key)).map(change) {
            Some((found, value)) if found == key => Ok(value.map(with)),
            Some(_) | None => self.below.get(key, with),
        }
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
        if from >= to {
            return Ok(());
        }
        let range = self.batch[self.index(from)..self.index(to)].iter().map(change);
        match order {
            Order::Ascending => merge(self.below, from, to, order, range.peekable(), visit),
            Order::Descending => merge(self.below, from, to, order, range.rev().peekable(), visit),
        }
    }
}
