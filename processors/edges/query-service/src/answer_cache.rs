//! The answers that were made last, so that a question that is asked again at the same position is not worked out again.
//!
//! An answer is kept under its version, which names view, question and position: it is a function of these, and can never be stale.
//! Each event that is applied makes what is kept of no use, which then makes room for newer answers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Of the answers that are kept for one view, with what they are kept under.
const BYTES_MAX: usize = 16 << 20;
/// A larger answer would take the place of many.
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// What an entry takes beyond its bytes.
const ENTRY_BYTES: usize = 128;

/// Two generations, each of half of the bytes: when the younger one is full, the older one makes room for it.
#[derive(Debug)]
pub(crate) struct AnswerCache {
    generations: Mutex<Generations>,
    generation_bytes_max: usize,
}

#[derive(Debug, Default)]
struct Generations {
    younger: HashMap<Vec<u8>, Arc<[u8]>>,
    /// Of the younger generation.
    bytes: usize,
    older: HashMap<Vec<u8>, Arc<[u8]>>,
}

impl Default for AnswerCache {
    fn default() -> Self {
        Self::bounded(BYTES_MAX)
    }
}

impl AnswerCache {
    fn bounded(bytes_max: usize) -> Self {
        Self {
            generations: Mutex::default(),
            generation_bytes_max: bytes_max / 2,
        }
    }

    /// The answer of a version, if it is kept.
    pub(crate) fn get(&self, version: &[u8]) -> Option<Vec<u8>> {
        let answer = self.with(|generations| {
            if let Some(answer) = generations.younger.get(version) {
                return Some(Arc::clone(answer));
            }
            let (version, answer) = generations.older.remove_entry(version)?;
            self.keep(generations, version, Arc::clone(&answer));
            Some(answer)
        });
        // Copied once others may go on.
        answer.map(|answer| answer.to_vec())
    }

    pub(crate) fn put(&self, version: Vec<u8>, answer: &[u8]) {
        if answer.len() <= ANSWER_BYTES_MAX {
            let answer = Arc::from(answer);
            self.with(|generations| self.keep(generations, version, answer));
        }
    }

    fn keep(&self, generations: &mut Generations, version: Vec<u8>, answer: Arc<[u8]>) {
        let bytes = version.len() + answer.len() + ENTRY_BYTES;
        if generations.bytes + bytes > self.generation_bytes_max {
            generations.older = std::mem::take(&mut generations.younger);
            generations.bytes = 0;
        }
        if generations.younger.insert(version, answer).is_none() {
            generations.bytes += bytes;
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Generations) -> T) -> T {
        // A panic elsewhere leaves entries that are whole.
        work(&mut self.generations.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests;
