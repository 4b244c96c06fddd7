//! Changes that are not written yet, laid over a reader: what a batch has done so far is seen by the rest of it.

use crate::{Mutation, Order, Read, ReadError, Visit};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::iter::Peekable;
use std::ops::{Bound, ControlFlow};

/// A reader with pending puts and deletes on top. Only point mutations: a batch that needs a range deletes its keys.
pub struct Overlay<'r, R> {
    below: &'r R,
    /// `None` marks a deleted key.
    pending: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl<'r, R: Read> Overlay<'r, R> {
    pub fn new(below: &'r R) -> Self {
        Self {
            below,
            pending: BTreeMap::new(),
        }
    }

    /// # Panics
    /// On a range deletion, which an overlay does not hold.
    pub fn apply(&mut self, mutations: Vec<Mutation>) {
        for mutation in mutations {
            match mutation {
                Mutation::Put { key, value } => self.pending.insert(key, Some(value)),
                Mutation::Delete { key } => self.pending.insert(key, None),
                Mutation::DeleteRange { .. } => panic!("an overlay holds point mutations only"),
            };
        }
    }

    /// The pending changes in key order, each key once.
    pub fn into_mutations(self) -> Vec<Mutation> {
        self.pending
            .into_iter()
            .map(|(key, value)| match value {
                Some(value) => Mutation::Put { key, value },
                None => Mutation::Delete { key },
            })
            .collect()
    }

    pub fn len(&self) -> usize {
        self.pending.len()
    }

    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }
}

impl<R: Read> Read for Overlay<'_, R> {
    fn get<T>(&self, key: &[u8], with: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, ReadError> {
        match self.pending.get(key) {
            Some(pending) => Ok(pending.as_deref().map(with)),
            None => self.below.get(key, with),
        }
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
        if from >= to {
            return Ok(());
        }
        let range = self.pending.range::<[u8], _>((Bound::Included(from), Bound::Excluded(to)));
        match order {
            Order::Ascending => merge(self.below, from, to, order, range.peekable(), visit),
            Order::Descending => merge(self.below, from, to, order, range.rev().peekable(), visit),
        }
    }
}

type Pending<'p> = (&'p Vec<u8>, &'p Option<Vec<u8>>);

/// Walks both sorted sides at once; where a key is on both, the pending side wins.
fn merge<'p, R: Read>(
    below: &R,
    from: &[u8],
    to: &[u8],
    order: Order,
    pending: Peekable<impl Iterator<Item = Pending<'p>>>,
    visit: Visit<'_>,
) -> Result<(), ReadError> {
    let mut pending = pending;
    let broken = Cell::new(false);
    let precedes = |a: &[u8], b: &[u8]| match order {
        Order::Ascending => a < b,
        Order::Descending => a > b,
    };
    below.scan(from, to, order, &mut |key, value| {
        while let Some((above, change)) = pending.next_if(|(above, _)| precedes(above, key)) {
            if let Some(new) = change
                && visit(above, new).is_break()
            {
                broken.set(true);
                return ControlFlow::Break(());
            }
        }
        let flow = match pending.next_if(|(above, _)| above.as_slice() == key) {
            Some((_, Some(new))) => visit(key, new),
            Some((_, None)) => ControlFlow::Continue(()),
            None => visit(key, value),
        };
        broken.set(flow.is_break());
        flow
    })?;
    if !broken.get() {
        for (above, change) in pending {
            if let Some(new) = change
                && visit(above, new).is_break()
            {
                break;
            }
        }
    }
    Ok(())
}
