//! The content of a store at a moment, which answers share until something is written.
//!
//! A snapshot with its iterators takes longer to create than most answers take to read. Between two writes every answer reads the same content, so
//! that one after the other can read it by the same iterators.

use crate::errors;
use crate::recent_points::RecentPoints;
use keyvalue::{Order, ReadError, Visit};
use rocksdb::{DB, DBRawIterator, ErrorKind, ReadOptions, SnapshotWithThreadMode};
use self_cell::self_cell;
use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Moments that are kept for the next answers: about as many as are read at the same time.
const KEPT_MAX: usize = 8;
/// Iterators that are kept of one moment. A scan within a scan has one of its own.
const ITERATORS_MAX: usize = 3;
/// Keys that were deleted or overwritten and that an iterator without bounds comes past in one step, before a bounded one takes its place.
const SKIPPED_MAX: u64 = 64;

self_cell! {
    /// The content at a moment, with the database that it is read from.
    pub(crate) struct Moment {
        owner: Arc<DB>,
        #[not_covariant]
        dependent: Content,
    }
}

/// What was stored at a moment.
pub(crate) struct Content<'d> {
    db: &'d DB,
    number: u64,
    /// Iterators that no scan uses now.
    idle: RefCell<Vec<DBRawIterator<'d>>>,
    recent: RefCell<RecentPoints>,
    of_points: ReadOptions,
    /// Dropped after what reads by it.
    snapshot: SnapshotWithThreadMode<'d, DB>,
}

impl Moment {
    fn now(db: &Arc<DB>) -> Self {
        Self::new(Arc::clone(db), |db| {
            let snapshot = db.snapshot();
            let mut of_points = ReadOptions::default();
            of_points.set_snapshot(&snapshot);
            Content {
                db,
                number: snapshot.sequence_number(),
                idle: RefCell::default(),
                recent: RefCell::default(),
                of_points,
                snapshot,
            }
        })
    }

    /// Another number for every other content of the store, while it is open.
    pub(crate) fn number(&self) -> u64 {
        self.with_dependent(|_, content| content.number)
    }

    pub(crate) fn get<T>(&self, key: &[u8], with: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, ReadError> {
        self.with_dependent(|_, content| content.get(key, with))
    }

    pub(crate) fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
        if from >= to {
            return Ok(());
        }
        self.with_dependent(|_, content| content.scan(from, to, order, visit))
    }
}

/// How a scan without bounds has ended.
enum Ended {
    /// It has visited what there is, or as much as was wanted.
    Done,
    /// The iterator has come past too many keys that are no longer there, after the last one that it has visited.
    Stuck,
}

impl<'d> Content<'d> {
    fn get<T>(&self, key: &[u8], with: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, ReadError> {
        let remembered = self.recent.borrow().get(key);
        if let Some(value) = remembered {
            return Ok(value.as_deref().map(with));
        }
        let found = self.db.get_pinned_opt(key, &self.of_points);
        let value = found.map_err(|error| errors::read_error(&error))?;
        self.recent.borrow_mut().put(key, value.as_deref());
        Ok(value.as_deref().map(with))
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
        let kept = self.idle.borrow_mut().pop();
        let mut iterator = kept.unwrap_or_else(|| self.unbounded());
        let mut last = Vec::new();
        match walk_within(&mut iterator, (from, to), order, &mut last, visit)? {
            Ended::Done => {
                let mut idle = self.idle.borrow_mut();
                if idle.len() < ITERATORS_MAX {
                    idle.push(iterator);
                }
                Ok(())
            }
            // What was deleted may lie beyond the range, where only a bounded iterator does not look.
            Ended::Stuck if last.is_empty() => walk_all(self.bounded(from, to), order, visit),
            Ended::Stuck => match order {
                Order::Ascending => {
                    last.push(0);
                    walk_all(self.bounded(&last, to), order, visit)
                }
                Order::Descending => walk_all(self.bounded(from, &last), order, visit),
            },
        }
    }

    /// An iterator that serves any range. It has no bounds: they would be those of one range.
    fn unbounded(&self) -> DBRawIterator<'d> {
        let mut options = ReadOptions::default();
        options.set_snapshot(&self.snapshot);
        options.set_max_skippable_internal_keys(SKIPPED_MAX);
        self.db.raw_iterator_opt(options)
    }

    fn bounded(&self, from: &[u8], to: &[u8]) -> DBRawIterator<'d> {
        let mut options = bounded(from, to);
        options.set_snapshot(&self.snapshot);
        self.db.raw_iterator_opt(options)
    }
}

/// Visits a range by an iterator without bounds. `last` becomes the key that was visited last.
fn walk_within(
    iterator: &mut DBRawIterator<'_>,
    (from, to): (&[u8], &[u8]),
    order: Order,
    last: &mut Vec<u8>,
    visit: Visit<'_>,
) -> Result<Ended, ReadError> {
    match order {
        Order::Ascending => iterator.seek(from),
        Order::Descending => {
            iterator.seek_for_prev(to);
            if iterator.key() == Some(to) {
                iterator.prev();
            }
        }
    }
    while let Some((key, value)) = iterator.item() {
        let is_within = match order {
            Order::Ascending => key < to,
            Order::Descending => key >= from,
        };
        if !is_within || visit(key, value).is_break() {
            return Ok(Ended::Done);
        }
        last.clear();
        last.extend_from_slice(key);
        match order {
            Order::Ascending => iterator.next(),
            Order::Descending => iterator.prev(),
        }
    }
    match iterator.status() {
        Ok(()) => Ok(Ended::Done),
        Err(error) if error.kind() == ErrorKind::Incomplete => Ok(Ended::Stuck),
        Err(error) => Err(errors::read_error(&error)),
    }
}

/// The moments that are not read now.
pub(crate) struct Moments {
    kept: Mutex<Vec<Moment>>,
    db: Arc<DB>,
}

impl Moments {
    pub(crate) fn new(db: &Arc<DB>) -> Self {
        Self {
            kept: Mutex::default(),
            db: Arc::clone(db),
        }
    }

    pub(crate) fn number_now(&self) -> u64 {
        self.db.latest_sequence_number()
    }

    /// The content of the store as it is now.
    pub(crate) fn now(&self) -> Moment {
        let number = self.number_now();
        let kept = self.kept().pop();
        match kept {
            // One that is put back in this very moment may be newer.
            Some(moment) if moment.number() >= number => moment,
            Some(_) => {
                self.forget();
                Moment::now(&self.db)
            }
            None => Moment::now(&self.db),
        }
    }

    /// Keeps a moment for the next answer, unless something was written meanwhile.
    pub(crate) fn keep(&self, moment: Moment) {
        let is_current = moment.number() == self.number_now();
        let mut kept = self.kept();
        if is_current && kept.len() < KEPT_MAX {
            kept.push(moment);
        }
    }

    /// Drops what is kept, with the files and the memory that belong to it.
    pub(crate) fn forget(&self) {
        let forgotten = std::mem::take(&mut *self.kept());
        // Dropped once others may go on.
        drop(forgotten);
    }

    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.kept().len()
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Moment>> {
        // Moments are added and taken in one piece: a panic elsewhere leaves whole ones.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Options of an iterator over a range.
pub(crate) fn bounded(from: &[u8], to: &[u8]) -> ReadOptions {
    let mut options = ReadOptions::default();
    options.set_iterate_lower_bound(from);
    options.set_iterate_upper_bound(to);
    options
}

/// Visits the whole range of an iterator with bounds.
pub(crate) fn walk_all(mut iterator: DBRawIterator<'_>, order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
    match order {
        Order::Ascending => iterator.seek_to_first(),
        Order::Descending => iterator.seek_to_last(),
    }
    while let Some((key, value)) = iterator.item() {
        if visit(key, value).is_break() {
            return Ok(());
        }
        match order {
            Order::Ascending => iterator.next(),
            Order::Descending => iterator.prev(),
        }
    }
    // An iterator that ends says only here whether it met its bound or a bad block.
    iterator.status().map_err(|error| errors::read_error(&error))
}
