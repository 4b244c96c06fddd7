//! Numbers and text in bytes: numbers as LEB128, in zigzag where they may be negative, as in Avro.
//!
//! Lengths come from the bytes, so none is believed: nothing is allocated for more than is there.

#[inline]
pub fn put_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Small numbers of both signs stay short.
#[inline]
pub fn put_signed(number: i64, out: &mut Vec<u8>) {
    put_number(((number << 1) ^ (number >> 63)).cast_unsigned(), out);
}

/// Why bytes are no such value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("ends before it should")]
    EndsEarly,
    #[error("has a number of more than 64 bits")]
    TooLong,
    #[error("has text that is not UTF-8: {0}")]
    NotText(std::str::Utf8Error),
}

/// Takes a number from the beginning of `bytes`.
///
/// # Errors
/// When `bytes` do not begin with one.
#[inline]
pub fn take_number(bytes: &mut &[u8]) -> Result<u64, Malformed> {
    let mut number = 0u64;
    for (index, byte) in bytes.iter().copied().take(10).enumerate() {
        if index == 9 && byte > 1 {
            break;
        }
        number |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            *bytes = &bytes[index + 1..];
            return Ok(number);
        }
    }
    Err(if bytes.len() < 10 {
        Malformed::EndsEarly
    } else {
        Malformed::TooLong
    })
}

/// Takes a number that may be negative.
///
/// # Errors
/// When `bytes` do not begin with one.
#[inline]
pub fn take_signed(bytes: &mut &[u8]) -> Result<i64, Malformed> {
    let number = take_number(bytes)?;
    Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
}

/// Takes so many bytes.
///
/// # Errors
/// When there are fewer.
#[inline]
pub fn take<'b>(bytes: &mut &'b [u8], length: usize) -> Result<&'b [u8], Malformed> {
    let (taken, rest) = bytes.split_at_checked(length).ok_or(Malformed::EndsEarly)?;
    *bytes = rest;
    Ok(taken)
}

/// Takes text of so many bytes.
///
/// # Errors
/// When there are fewer, or they are no text.
#[inline]
pub fn take_text<'b>(bytes: &mut &'b [u8], length: usize) -> Result<&'b str, Malformed> {
    std::str::from_utf8(take(bytes, length)?).map_err(Malformed::NotText)
}

#[cfg(test)]
mod tests;
