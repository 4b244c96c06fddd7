//! Avro's binary encoding of single values, and the frame that names the schema they were written with.
//!
//! Lengths and counts come from the bytes, so none is believed: nothing is allocated for more than is there.

use crate::problem::Problem;
use keyvalue::bytes::{self, Malformed, put_signed};

/// More items that take no bytes at all are an attack, not an array.
const ITEMS_WITHOUT_BYTES_MAX: usize = 10_000;

/// Splits a value in the Confluent wire format into its schema id and its body.
pub(crate) fn unframe(value: &[u8]) -> Result<(u32, &[u8]), Problem> {
    match value {
        [0, a, b, c, d, body @ ..] => Ok((u32::from_be_bytes([*a, *b, *c, *d]), body)),
        [0, ..] => Err(Problem::malformed(format!(
            "has {} bytes, too few for a schema id; an Avro value begins with byte 0 and four bytes of schema id",
            value.len()
        ))),
        [b'{', ..] => Err(Problem::malformed(
            "begins with '{' where Avro begins with byte 0; JSON needs the record header content-type: application/json",
        )),
        [first, ..] => Err(Problem::malformed(format!(
            "begins with byte {first} where an Avro value begins with byte 0 and four bytes of schema id"
        ))),
        [] => Err(Problem::malformed("is empty")),
    }
}

pub(crate) fn put_frame(schema_id: u32, out: &mut Vec<u8>) {
    out.push(0);
    out.extend_from_slice(&schema_id.to_be_bytes());
}

#[inline]
pub(crate) fn put_long(value: i64, out: &mut Vec<u8>) {
    put_signed(value, out);
}

/// A length, a count, or the number of a union's branch.
#[inline]
pub(crate) fn put_count(count: usize, out: &mut Vec<u8>) {
    put_long(count as i64, out);
}

#[inline]
pub(crate) fn put_text(text: &str, out: &mut Vec<u8>) {
    put_count(text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

/// One block with all the items, and the end of the array or map.
pub(crate) fn put_items<T>(items: impl ExactSizeIterator<Item = T>, out: &mut Vec<u8>, mut put: impl FnMut(T, &mut Vec<u8>)) {
    if items.len() > 0 {
        put_count(items.len(), out);
        for item in items {
            put(item, out);
        }
    }
    out.push(0);
}

/// Reads values one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    items_without_bytes: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            items_without_bytes: 0,
        }
    }

    /// # Errors
    /// When bytes are left over.
    pub(crate) fn end(&self) -> Result<(), Problem> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(Problem::malformed(format!("has {left} bytes too many"))),
        }
    }

    #[inline]
    pub(crate) fn long(&mut self) -> Result<i64, Problem> {
        bytes::take_signed(&mut self.rest).map_err(Problem::malformed)
    }

    pub(crate) fn int(&mut self) -> Result<i32, Problem> {
        let long = self.long()?;
        i32::try_from(long).map_err(|_| Problem::malformed(format!("has {long} where a number of 32 bits belongs")))
    }

    pub(crate) fn boolean(&mut self) -> Result<bool, Problem> {
        match self.take(1)? {
            [0] => Ok(false),
            [1] => Ok(true),
            other => Err(Problem::malformed(format!("has byte {} where a boolean is 0 or 1", other[0]))),
        }
    }

    #[inline]
    pub(crate) fn text(&mut self) -> Result<&'a str, Problem> {
        let length = self.count()?;
        bytes::take_text(&mut self.rest, length).map_err(Problem::malformed)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Problem> {
        let length = self.count()?;
        self.take(length)
    }

    /// The next `length` bytes.
    #[inline]
    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Problem> {
        bytes::take(&mut self.rest, length).map_err(Problem::malformed)
    }

    /// A length, a count, or the number of a union's branch.
    #[inline]
    pub(crate) fn count(&mut self) -> Result<usize, Problem> {
        let long = self.long()?;
        usize::try_from(long).map_err(|_| Problem::malformed(format!("has {long} where a length or a number of a branch belongs")))
    }

    /// Of a union of null and one type, with null first: is it the type?
    pub(crate) fn some(&mut self) -> Result<bool, Problem> {
        match self.long()? {
            0 => Ok(false),
            1 => Ok(true),
            branch => Err(no_branch(branch, 2)),
        }
    }

    /// Calls `read` for each item of an array or a map, with its index.
    pub(crate) fn items(&mut self, mut read: impl FnMut(&mut Self, usize) -> Result<(), Problem>) -> Result<(), Problem> {
        let mut index = 0;
        loop {
            let mut count = self.long()?;
            if count == 0 {
                return Ok(());
            }
            if count.is_negative() {
                // Its size in bytes follows, for readers that skip the block.
                self.long()?;
                count = count.checked_neg().ok_or(Malformed::EndsEarly).map_err(Problem::malformed)?;
            }
            for _ in 0..count {
                let before = self.rest.len();
                read(self, index).map_err(|problem| problem.at(index))?;
                index += 1;
                self.items_without_bytes += usize::from(before == self.rest.len());
                if self.items_without_bytes > ITEMS_WITHOUT_BYTES_MAX {
                    return Err(Problem::malformed(format!(
                        "has more than {ITEMS_WITHOUT_BYTES_MAX} items without bytes"
                    )));
                }
            }
        }
    }

    pub(crate) fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Result<T, Problem>) -> Result<Vec<T>, Problem> {
        let mut list = Vec::new();
        self.items(|reader, _| {
            list.push(read(reader)?);
            Ok(())
        })?;
        Ok(list)
    }
}

pub(crate) fn no_branch(branch: impl std::fmt::Display, branches: usize) -> Problem {
    Problem::malformed(format!("has branch {branch} of a union of {branches}"))
}

#[cfg(test)]
mod tests;
