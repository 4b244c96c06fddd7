//! What was found under the keys that were looked up last. Answers look up a few keys again and again: airports, mostly.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// Keys that are remembered. Each has one place, where it takes the place of another.
const PLACES: usize = 64;
/// A longer value is not copied.
const VALUE_BYTES_MAX: usize = 1 << 10;

/// For content that does not change.
#[derive(Debug, Default)]
pub(crate) struct RecentPoints {
    /// None until the first key is remembered.
    places: Vec<Option<Point>>,
}

#[derive(Debug)]
struct Point {
    key: Box<[u8]>,
    value: Value,
}

/// The value of a key; `None` where the key is absent.
pub(crate) type Value = Option<Arc<[u8]>>;

impl RecentPoints {
    /// What was found under a key, where that is remembered.
    pub(crate) fn get(&self, key: &[u8]) -> Option<Value> {
        let point = self.places.get(place(key))?.as_ref()?;
        (*point.key == *key).then(|| point.value.clone())
    }

    pub(crate) fn put(&mut self, key: &[u8], value: Option<&[u8]>) {
        if value.is_some_and(|value| value.len() > VALUE_BYTES_MAX) {
            return;
        }
        if self.places.is_empty() {
            self.places.resize_with(PLACES, || None);
        }
        self.places[place(key)] = Some(Point {
            key: key.into(),
            value: value.map(Arc::from),
        });
    }
}

fn place(key: &[u8]) -> usize {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    (hasher.finish() % PLACES as u64) as usize
}

#[cfg(test)]
mod tests;
