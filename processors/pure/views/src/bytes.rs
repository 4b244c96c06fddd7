//! Values in bytes: lengths and numbers as LEB128, text with its length, decoding that fails instead of panicking.

use keyvalue::ReadError;

pub(crate) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7F) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Small numbers of both signs stay short.
pub(crate) fn put_signed(out: &mut Vec<u8>, number: i64) {
    put_number(out, ((number << 1) ^ (number >> 63)).cast_unsigned());
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
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(corrupt("a number is too long"))
    }

    pub(crate) fn small(&mut self) -> Result<u32, ReadError> {
        u32::try_from(self.number()?).map_err(|_| corrupt("a number is too large"))
    }

    pub(crate) fn signed(&mut self) -> Result<i64, ReadError> {
        let number = self.number()?;
        Ok((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
    }

    pub(crate) fn text(&mut self) -> Result<&'b str, ReadError> {
        let length = usize::try_from(self.number()?).map_err(|_| corrupt("a text is too long"))?;
        std::str::from_utf8(self.take(length)?).map_err(|_| corrupt("a text is not UTF-8"))
    }

    pub(crate) fn flag(&mut self) -> Result<bool, ReadError> {
        Ok(self.take(1)?[0] != 0)
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'b [u8], ReadError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(|| corrupt("a value is cut short"))?;
        self.rest = rest;
        Ok(taken)
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

pub(crate) fn corrupt(what: &str) -> ReadError {
    ReadError::corrupt(format!("the view holds bytes that cannot be right: {what}"))
}

#[cfg(test)]
mod tests;
