//! Values that answers show by their text: instants, ids, designators.

use serde::{Serialize, Serializer};
use std::fmt::{self, Display, Write};

/// Anything by its text.
pub(crate) struct Text<T>(pub(crate) T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut short = ShortText::default();
        match write!(short, "{}", self.0) {
            Ok(()) => serializer.serialize_str(short.as_str()),
            Err(fmt::Error) => serializer.collect_str(&self.0),
        }
    }
}

/// Most texts are shorter.
const SHORT_BYTES_MAX: usize = 64;

/// A text that is put together before it is written: of each piece that is written alone the serializer works out again how to.
struct ShortText {
    bytes: [u8; SHORT_BYTES_MAX],
    length: usize,
}

impl Default for ShortText {
    fn default() -> Self {
        Self {
            bytes: [0; SHORT_BYTES_MAX],
            length: 0,
        }
    }
}

impl ShortText {
    fn as_str(&self) -> &str {
        // It is made of whole texts.
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl Write for ShortText {
    /// An error where it does not fit.
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        let end = self.length + piece.len();
        let place = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        place.copy_from_slice(piece.as_bytes());
        self.length = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
