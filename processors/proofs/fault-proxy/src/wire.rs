//! Kafka's primitive types, read from bytes and copied with changes.

use std::ops::Range;

/// Bytes that are not what Kafka's protocol says they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("byte {at} of {length} is not as Kafka's protocol has it")]
pub(crate) struct Malformed {
    at: usize,
    length: usize,
}

/// A place in bytes, from which fields are read one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Whether strings and arrays are compact and structures end with tagged fields (KIP-482).
    flexible: bool,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8], at: usize, flexible: bool) -> Self {
        Self { bytes, at, flexible }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// The same place, read as a version that is not flexible.
    pub(crate) fn plain(&self) -> Self {
        Self {
            flexible: false,
            ..self.clone()
        }
    }

    /// What was read since a place before.
    pub(crate) fn since(&self, start: usize) -> &'a [u8] {
        &self.bytes[start..self.at]
    }

    pub(crate) fn malformed(&self) -> Malformed {
        Malformed {
            at: self.at,
            length: self.bytes.len(),
        }
    }

    pub(crate) fn skip(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let end = self.at.checked_add(length).ok_or_else(|| self.malformed())?;
        let skipped = self.bytes.get(self.at..end).ok_or_else(|| self.malformed())?;
        self.at = end;
        Ok(skipped)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let malformed = self.malformed();
        self.skip(N)?.try_into().map_err(|_| malformed)
    }

    pub(crate) fn int8(&mut self) -> Result<i8, Malformed> {
        self.array().map(i8::from_be_bytes)
    }

    pub(crate) fn int16(&mut self) -> Result<i16, Malformed> {
        self.array().map(i16::from_be_bytes)
    }

    pub(crate) fn int32(&mut self) -> Result<i32, Malformed> {
        self.array().map(i32::from_be_bytes)
    }

    pub(crate) fn int64(&mut self) -> Result<i64, Malformed> {
        self.array().map(i64::from_be_bytes)
    }

    fn varint(&mut self) -> Result<usize, Malformed> {
        let mut value = 0u32;
        for shift in (0..35).step_by(7) {
            let [byte] = self.array()?;
            let bits = u32::from(byte & 0x7f);
            if shift == 28 && bits > 0x0f {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return usize::try_from(value).map_err(|_| self.malformed());
            }
        }
        Err(self.malformed())
    }

    /// A string with a length of two bytes, whatever the rest looks like; `None` for null.
    pub(crate) fn plain_string(&mut self) -> Result<Option<&'a str>, Malformed> {
        match self.int16()? {
            -1 => Ok(None),
            length => self.text(usize::try_from(length).map_err(|_| self.malformed())?),
        }
    }

    /// A string, compact or not; `None` for null.
    pub(crate) fn string(&mut self) -> Result<Option<&'a str>, Malformed> {
        if !self.flexible {
            return self.plain_string();
        }
        match self.varint()? {
            0 => Ok(None),
            length => self.text(length - 1),
        }
    }

    fn text(&mut self, length: usize) -> Result<Option<&'a str>, Malformed> {
        let malformed = self.malformed();
        std::str::from_utf8(self.skip(length)?).map(Some).map_err(|_| malformed)
    }

    /// The number of elements of an array; none for null.
    pub(crate) fn count(&mut self) -> Result<usize, Malformed> {
        if self.flexible {
            return Ok(self.varint()?.saturating_sub(1));
        }
        match self.int32()? {
            -1 => Ok(0),
            count => usize::try_from(count).map_err(|_| self.malformed()),
        }
    }

    /// What ends a structure of a flexible version; nothing for others.
    pub(crate) fn tagged_fields(&mut self) -> Result<(), Malformed> {
        if self.flexible {
            for _ in 0..self.varint()? {
                self.varint()?;
                let length = self.varint()?;
                self.skip(length)?;
            }
        }
        Ok(())
    }
}

/// A copy of bytes in which some ranges are replaced; all others are the same, byte for byte.
#[derive(Debug)]
pub(crate) struct Splice<'a> {
    bytes: &'a [u8],
    copied: usize,
    out: Vec<u8>,
}

impl<'a> Splice<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            copied: 0,
            out: Vec::with_capacity(bytes.len() + 64),
        }
    }

    /// Ranges come in order and lie within the bytes.
    pub(crate) fn replace(&mut self, range: Range<usize>, with: &[u8]) {
        self.out.extend_from_slice(&self.bytes[self.copied..range.start]);
        self.out.extend_from_slice(with);
        self.copied = range.end;
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.out.extend_from_slice(&self.bytes[self.copied..]);
        self.out
    }
}

pub(crate) fn put_string(out: &mut Vec<u8>, text: &str, flexible: bool) {
    if flexible {
        put_varint(out, text.len() + 1);
    } else {
        // A host's name has at most 253 letters.
        let length = i16::try_from(text.len()).unwrap_or(i16::MAX);
        out.extend_from_slice(&length.to_be_bytes());
    }
    out.extend_from_slice(text.as_bytes());
}

pub(crate) fn put_count(out: &mut Vec<u8>, count: usize, flexible: bool) {
    if flexible {
        put_varint(out, count + 1);
    } else {
        let count = i32::try_from(count).unwrap_or(i32::MAX);
        out.extend_from_slice(&count.to_be_bytes());
    }
}

fn put_varint(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests;
