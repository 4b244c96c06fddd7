//! Changes that are not written yet, laid over a reader: what a batch has done so far is seen by the rest of it.

use crate::{Mutation, Order, Read, ReadError, Visit};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::iter::Peekable;
use std::ops::{Bound, ControlFlow};

/// A reader with pending puts and deletes on top. Only point mutations: a batch that needs a range deletes its keys.
pub struct Overlay<'r, R> {
    below: &'r R,
    /// As they came: put in order when somebody reads. Most batches of a view that catches up are never read, and sorting them at the end
    /// is cheaper than keeping them sorted.
    fresh: RefCell<Vec<Change>>,
    /// What came before.
    pending: RefCell<BTreeMap<Vec<u8>, Option<Vec<u8>>>>,
}

/// A key and what becomes of it; `None` deletes it.
type Change = (Vec<u8>, Option<Vec<u8>>);

impl<'r, R: Read> Overlay<'r, R> {
    pub fn new(below: &'r R) -> Self {
        Self {
            below,
            fresh: RefCell::new(Vec::new()),
            pending: RefCell::new(BTreeMap::new()),
        }
    }

    /// # Panics
    /// On a range deletion, which an overlay does not hold.
    pub fn apply(&mut self, mutations: Vec<Mutation>) {
        let change = |mutation| match mutation {
            Mutation::Put { key, value } => (key, Some(value)),
            Mutation::Delete { key } => (key, None),
            Mutation::DeleteRange { .. } => panic!("an overlay holds point mutations only"),
        };
        self.fresh.get_mut().extend(mutations.into_iter().map(change));
    }

    /// Before anything is read. Within a read there is nothing left to do.
    fn put_in_order(&self) {
        if !self.fresh.borrow().is_empty() {
            self.pending.borrow_mut().extend(self.fresh.take());
        }
    }

    /// The pending changes in key order, each key once.
    pub fn into_mutations(self) -> Vec<Mutation> {
        let mutation = |(key, value)| match value {
            Some(value) => Mutation::Put { key, value },
            None => Mutation::Delete { key },
        };
        if self.pending.borrow().is_empty() {
            return sorted(self.fresh.into_inner()).into_iter().map(mutation).collect();
        }
        self.put_in_order();
        self.pending.into_inner().into_iter().map(mutation).collect()
    }
}

impl<R: Read> Read for Overlay<'_, R> {
    fn get<T>(&self, key: &[u8], with: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, ReadError> {
        self.put_in_order();
        match self.pending.borrow().get(key) {
            Some(pending) => Ok(pending.as_deref().map(with)),
            None => self.below.get(key, with),
        }
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
        if from >= to {
            return Ok(());
        }
        self.put_in_order();
        let pending = self.pending.borrow();
        let range = pending
            .range::<[u8], _>((Bound::Included(from), Bound::Excluded(to)))
            .map(|(key, value)| (key.as_slice(), value.as_deref()));
        match order {
            Order::Ascending => merge(self.below, from, to, order, range.peekable(), visit),
            Order::Descending => merge(self.below, from, to, order, range.rev().peekable(), visit),
        }
    }
}

/// The first bytes of a key as numbers, which are compared without looking elsewhere. Equal heads say nothing.
type Head = (u128, u128);

fn head(key: &[u8]) -> Head {
    let number = |from: usize| {
        let mut bytes = [0; 16];
        let part = key.get(from..).unwrap_or_default();
        let length = part.len().min(bytes.len());
        bytes[..length].copy_from_slice(&part[..length]);
        u128::from_be_bytes(bytes)
    };
    (number(0), number(16))
}

/// In key order, of each key the last change.
fn sorted(mut changes: Vec<Change>) -> Vec<Change> {
    let mut order: Vec<(Head, usize)> = changes.iter().enumerate().map(|(index, (key, _))| (head(key), index)).collect();
    // Stable, because of two changes of a key the later one counts, and because it is quick where long runs are in order already.
    order.sort_by(|(a, left), (b, right)| a.cmp(b).then_with(|| changes[*left].0.cmp(&changes[*right].0)));
    let mut sorted: Vec<Change> = Vec::with_capacity(changes.len());
    let mut head_before = None;
    for (head, index) in order {
        let change = std::mem::take(&mut changes[index]);
        match sorted.last_mut() {
            Some(last) if head_before == Some(head) && last.0 == change.0 => *last = change,
            _ => sorted.push(change),
        }
        head_before = Some(head);
    }
    sorted
}

type Pending<'p> = (&'p [u8], Option<&'p [u8]>);

/// Walks both sorted sides at once; where a key is on both, the pending side wins.
pub(crate) fn merge<'p, R: Read>(
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
        let flow = match pending.next_if(|(above, _)| *above == key) {
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
