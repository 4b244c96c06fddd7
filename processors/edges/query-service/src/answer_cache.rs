//! The answers that were made last, so that a question that is asked again at the same position is not worked out again.
//!
//! An answer is kept under its question, with the position that it was made at, and is given at no other: it is a function of both, and can never
//! be stale. Each event that is applied makes what is kept of no use, which then makes room for newer answers.

use crate::source::Stamp;
use bytes::Bytes;
use http_server::EntityTag;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Of the answers that are kept for one view, with what they are kept under.
const BYTES_MAX: usize = 16 << 20;
/// A larger answer would take the place of many.
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// What an entry takes beyond its bytes.
const ENTRY_BYTES: usize = 256;
/// A position is kept as numbers, too, which take so many times the bytes of its text.
const POSITION_FACTOR: usize = 4;

/// Two generations, each of half of the bytes: when the younger one is full, the older one makes room for it.
#[derive(Debug)]
pub(crate) struct AnswerCache {
    generations: Mutex<Generations>,
    generation_bytes_max: usize,
}

/// An answer, where it was made, and its version.
#[derive(Debug, Clone)]
pub(crate) struct KeptAnswer {
    pub(crate) stamp: Arc<Stamp>,
    pub(crate) tag: EntityTag,
    pub(crate) body: Bytes,
}

/// Under path and query.
type Generation = HashMap<Box<[u8]>, KeptAnswer>;

#[derive(Debug, Default)]
struct Generations {
    younger: Generation,
    /// Of the younger generation.
    bytes: usize,
    older: Generation,
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

    /// The answer to a question at a position, if it is kept.
    pub(crate) fn get(&self, question: &[u8], stamp: &Arc<Stamp>) -> Option<KeptAnswer> {
        self.with(|generations| {
            if let Some(kept) = generations.younger.get(question) {
                return is_of(kept, stamp).then(|| kept.clone());
            }
            let (question, kept) = generations.older.remove_entry(question)?;
            let found = is_of(&kept, stamp).then(|| kept.clone())?;
            self.keep(generations, question, kept);
            Some(found)
        })
    }

    /// Whether an answer of so many bytes would be kept.
    pub(crate) fn takes(bytes: usize) -> bool {
        bytes <= ANSWER_BYTES_MAX
    }

    pub(crate) fn put(&self, question: &[u8], kept: KeptAnswer) {
        if Self::takes(kept.body.len()) {
            self.with(|generations| self.keep(generations, question.into(), kept));
        }
    }

    fn keep(&self, generations: &mut Generations, question: Box<[u8]>, kept: KeptAnswer) {
        let bytes = entry_bytes(&question, &kept);
        if generations.bytes + bytes > self.generation_bytes_max {
            generations.older = std::mem::take(&mut generations.younger);
            generations.bytes = 0;
        }
        generations.bytes += bytes;
        let length = question.len();
        if let Some(before) = generations.younger.insert(question, kept) {
            generations.bytes -= length + value_bytes(&before);
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Generations) -> T) -> T {
        // A panic elsewhere leaves entries that are whole.
        work(&mut self.generations.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn is_of(kept: &KeptAnswer, stamp: &Arc<Stamp>) -> bool {
    Arc::ptr_eq(&kept.stamp, stamp) || kept.stamp.header_bytes() == stamp.header_bytes()
}

fn entry_bytes(question: &[u8], kept: &KeptAnswer) -> usize {
    question.len() + value_bytes(kept)
}

fn value_bytes(kept: &KeptAnswer) -> usize {
    kept.body.len() + kept.stamp.header_bytes().len() * POSITION_FACTOR + ENTRY_BYTES
}

#[cfg(test)]
mod tests;
