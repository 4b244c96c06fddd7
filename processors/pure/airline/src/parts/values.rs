//! The values of parts: numbers and text of variable length, and the domain's values as text.

use domain::{Instant, InvalidValue};
use keyvalue::bytes::{self, put_signed};
use std::fmt::Display;

pub(super) fn put_count(count: usize, out: &mut Vec<u8>) {
    put_signed(count as i64, out);
}

/// The text that a value displays, after its length.
pub(super) fn put_text(value: impl Display, out: &mut Vec<u8>) {
    let text = value.to_string();
    put_count(text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

pub(super) fn put_optional(value: Option<&impl Display>, out: &mut Vec<u8>) {
    put_count(usize::from(value.is_some()), out);
    if let Some(value) = value {
        put_text(value, out);
    }
}

/// 31 bits are enough: no airplane stays on the ground for longer.
pub(super) fn put_minutes(minutes: u32, out: &mut Vec<u8>) {
    put_signed(i32::try_from(minutes).unwrap_or(i32::MAX).into(), out);
}

pub(super) fn put_instant(instant: Instant, out: &mut Vec<u8>) {
    put_signed(instant.0, out);
}

/// Reads the fields of a value one after the other. An error names the field.
pub(super) struct Fields<'v> {
    rest: &'v [u8],
}

impl<'v> Fields<'v> {
    pub(super) fn new(value: &'v [u8]) -> Self {
        Self { rest: value }
    }

    /// # Errors
    /// When bytes are left over.
    pub(super) fn end(&self) -> Result<(), String> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(format!("the value has {left} bytes too many")),
        }
    }

    pub(super) fn byte(&mut self, name: &str) -> Result<u8, String> {
        let byte = bytes::take(&mut self.rest, 1).map_err(|malformed| format!("{name} {malformed}"))?;
        Ok(byte[0])
    }

    fn number(&mut self, name: &str) -> Result<i64, String> {
        bytes::take_signed(&mut self.rest).map_err(|malformed| format!("{name} {malformed}"))
    }

    pub(super) fn count(&mut self, name: &str) -> Result<usize, String> {
        let number = self.number(name)?;
        usize::try_from(number).map_err(|_| format!("{name} has {number} where a count belongs"))
    }

    pub(super) fn is_some(&mut self, name: &str) -> Result<bool, String> {
        match self.number(name)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(format!("{name} has {other} where 0 or 1 belongs")),
        }
    }

    pub(super) fn text(&mut self, name: &str) -> Result<&'v str, String> {
        let length = self.count(name)?;
        bytes::take_text(&mut self.rest, length).map_err(|malformed| format!("{name} {malformed}"))
    }

    pub(super) fn parsed<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, InvalidValue>) -> Result<T, String> {
        parse(self.text(name)?).map_err(|invalid| format!("{name}: {invalid}"))
    }

    pub(super) fn optional<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, InvalidValue>) -> Result<Option<T>, String> {
        if self.is_some(name)? {
            self.parsed(name, parse).map(Some)
        } else {
            Ok(None)
        }
    }

    pub(super) fn minutes(&mut self, name: &str) -> Result<u32, String> {
        let number = self.number(name)?;
        let minutes = i32::try_from(number).ok().and_then(|minutes| u32::try_from(minutes).ok());
        minutes.ok_or_else(|| format!("{name} has {number} where minutes belong"))
    }

    /// Only instants that the calendar can name, so that differences between them fit in 64 bits.
    pub(super) fn instant(&mut self, name: &str) -> Result<Instant, String> {
        let ms = self.number(name)?;
        match jiff::Timestamp::from_millisecond(ms) {
            Ok(_) => Ok(Instant(ms)),
            Err(_) => Err(format!("{name}: {ms} ms since 1970 is outside of the calendar")),
        }
    }
}
