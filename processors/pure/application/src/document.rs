//! Answers as JSON documents.

use crate::{Page, Paging, Refusal};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// A document of one thing.
///
/// # Errors
/// Where it cannot be written as JSON, which is a bug.
pub fn document(content: &impl Serialize) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::with_capacity(1024);
    match serde_json::to_writer(&mut bytes, content) {
        Ok(()) => {
            bytes.push(b'\n');
            Ok(bytes)
        }
        Err(error) => Err(Refusal::Internal(format!("an answer could not be written as JSON: {error}"))),
    }
}

/// A document of one page of a list: the items under `name`, and the cursor of the next page.
///
/// # Errors
/// As those of [`document`].
pub fn list<'v, T, Shape: Serialize>(
    name: &'static str,
    page: &'v Page<T>,
    paging: &Paging,
    shape: impl Fn(&'v T) -> Shape,
) -> Result<Vec<u8>, Refusal> {
    struct Document<Shape> {
        name: &'static str,
        items: Vec<Shape>,
        next_cursor: Option<String>,
    }
    impl<Shape: Serialize> Serialize for Document<Shape> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(Some(2))?;
            map.serialize_entry(self.name, &self.items)?;
            map.serialize_entry("next_cursor", &self.next_cursor)?;
            map.end()
        }
    }
    document(&Document {
        name,
        items: page.items.iter().map(shape).collect(),
        next_cursor: paging.next(page),
    })
}
