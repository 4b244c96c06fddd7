//! Values in bytes: lengths and numbers as LEB128, text with its length, decoding that fails instead of panicking.

use domain::{CalendarDate, Instant};
use jiff::Timestamp;
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

    pub(crate) fn instant(&mut self) -> Result<Instant, ReadError> {
        instant(self.signed()?)
    }

    /// What is stored as the milliseconds since another one.
    pub(crate) fn instant_after(&mut self, earlier: Instant) -> Result<Instant, ReadError> {
        instant(earlier.0.saturating_add(self.signed()?))
    }

    /// Days since 1970-01-01.
    pub(crate) fn date(&mut self) -> Result<i32, ReadError> {
        date(self.signed()?)
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

/// An instant that can be shown as a time of a year. The difference of two of them is a number, too.
pub(crate) fn instant(milliseconds: i64) -> Result<Instant, ReadError> {
    match Timestamp::from_millisecond(milliseconds) {
        Ok(_) => Ok(Instant(milliseconds)),
        Err(_) => Err(corrupt("an instant")),
    }
}

/// Days since 1970-01-01, of a date that can be shown.
pub(crate) fn date(days: i64) -> Result<i32, ReadError> {
    let days = i32::try_from(days).ok().filter(|days| CalendarDate::of_days(*days).is_some());
    days.ok_or_else(|| corrupt("a date"))
}

fn malformed(malformed: Malformed) -> ReadError {
    corrupt(&format!("a value {malformed}"))
}

pub(crate) fn corrupt(what: &str) -> ReadError {
    ReadError::corrupt(format!("the view holds bytes that cannot be right: {what}"))
}

#[cfg(test)]
mod tests;
