//! Values in bytes: lengths and numbers as LEB128, text with its length, decoding that fails instead of panicking.

use keyvalue::ReadError;
use keyvalue::bytes::{self, Malformed};

pub(crate) fn put_number(out: &mut Vec<u8>, number: u64) {
    bytes::put_number(number, out);
}

/// Small numbers of both signs stay short.
pub(crate) fn put_signed(out: &mut Vec<u8>, number: i64) {
    bytes::put_signed(number, out);
}

pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Reads what the functions above wrote.
pub(crate) struct Bytes<'b> {
    rest: &'b [u8],
}

impl<'b> Bytes<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn number(&mut self) -> Result<u64, ReadError> {
        bytes::take_number(&mut self.rest).map_err(malformed)
    }

    pub(crate) fn small(&mut self) -> Result<u32, ReadError> {
        u32::try_from(self.number()?).map_err(|_| corrupt("a number is too large"))
    }

    pub(crate) fn signed(&mut self) -> Result<i64, ReadError> {
        bytes::take_signed(&mut self.rest).map_err(malformed)
    }

    pub(crate) fn text(&mut self) -> Result<&'b str, ReadError> {
        let length = usize::try_from(self.number()?).map_err(|_| corrupt("a text is too long"))?;
        bytes::take_text(&mut self.rest, length).map_err(malformed)
    }

    pub(crate) fn flag(&mut self) -> Result<bool, ReadError> {
        Ok(self.take(1)?[0] != 0)
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'b [u8], ReadError> {
        bytes::take(&mut self.rest, count).map_err(malformed)
    }

    /// A text that ends with a zero, as in keys.
    pub(crate) fn terminated(&mut self) -> Result<&'b str, ReadError> {
        let end = self
            .rest
            .iter()
            .position(|byte| *byte == 0)
            .ok_or_else(|| corrupt("a key is cut short"))?;
        let text = std::str::from_utf8(&self.rest[..end]).map_err(|_| corrupt("a key is not UTF-8"))?;
        self.rest = &self.rest[end + 1..];
        Ok(text)
    }
}

fn malformed(malformed: Malformed) -> ReadError {
    corrupt(&format!("a value {malformed}"))
}

pub(crate) fn corrupt(what: &str) -> ReadError {
    ReadError::corrupt(format!("the view holds bytes that cannot be right: {what}"))
}

#[cfg(test)]
mod tests;
