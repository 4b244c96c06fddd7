//! Which days of a designator have had legs so far: while a view is built from nothing, nearly every leg comes to a day without any, and the
//! store need not be searched for others.

use crate::day::DesignatorDay;
use crate::stored;
use keyvalue::{Read, ReadError};
use rustc_hash::FxHasher;
use std::hash::{Hash, Hasher};

/// Bits that are set for each day: with 10 bits of the filter for each, about one new day in 100 is taken for a known one.
const BITS_OF_ONE: u64 = 7;

/// A Bloom filter (B. H. Bloom, Communications of the ACM 13:7, 1970): it never calls a known day new. It may call a new one known, which
/// costs a search; the more it holds, the more often it does.
#[derive(Debug)]
pub(crate) struct KnownDays {
    words_max: usize,
    state: State,
}

#[derive(Debug)]
enum State {
    Unasked,
    Filter(Vec<u64>),
    /// The view had legs when the projector began: which days have some is not known.
    Unknown,
}

impl KnownDays {
    /// `bytes_max` is the size of the filter; it has one word at least.
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self {
            words_max: (bytes_max / size_of::<u64>()).max(1),
            state: State::Unasked,
        }
    }

    /// Whether the day certainly had no legs so far. From now on it may have some.
    pub(crate) fn is_new(&mut self, read: &impl Read, day: &DesignatorDay) -> Result<bool, ReadError> {
        if matches!(self.state, State::Unasked) {
            self.state = if stored::has_departures(read)? {
                State::Unknown
            } else {
                State::Filter(vec![0; self.words_max])
            };
        }
        Ok(self.insert(day))
    }

    /// The day has legs now. Whether it certainly had none before.
    pub(crate) fn insert(&mut self, day: &DesignatorDay) -> bool {
        match &mut self.state {
            State::Filter(words) => insert(words, day),
            State::Unasked | State::Unknown => false,
        }
    }
}

/// Whether at least one of its bits was not set before.
fn insert(words: &mut [u64], day: &DesignatorDay) -> bool {
    let mut hasher = FxHasher::default();
    (day.designator, day.airport, day.date).hash(&mut hasher);
    let hash = hasher.finish();
    // Two halves of one hash make all positions (Kirsch and Mitzenmacher, 2006). An odd step reaches every bit.
    let (first, step) = (hash >> 32, (hash & u64::from(u32::MAX)) | 1);
    let mut is_new = false;
    for index in 0..BITS_OF_ONE {
        let bit = (first + index * step) % (words.len() as u64 * u64::from(u64::BITS));
        let mask = 1 << (bit % u64::from(u64::BITS));
        if let Some(word) = usize::try_from(bit / u64::from(u64::BITS)).ok().and_then(|at| words.get_mut(at)) {
            is_new |= *word & mask == 0;
            *word |= mask;
        }
    }
    is_new
}

#[cfg(test)]
mod tests;
