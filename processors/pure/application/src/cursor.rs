//! Where the next page of a list begins, as opaque text: a mark of the list it belongs to, and the last key that was shown.

/// Text longer than this was not made here.
const TEXT_MAX: usize = 1024;
const VERSION: u8 = 1;
const HEAD_BYTES: usize = 9;

/// What a cursor should have been.
pub(crate) const EXPECTED: &str = "the next_cursor of an answer to the same question";

/// A list, by everything that decides what it holds and in which order: the route and its filters. Not the page size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ListMark(u64);

impl ListMark {
    pub(crate) fn new<'a>(template: &'a str, filters: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut hash = Fnv::default();
        hash.add(template);
        for (name, value) in filters {
            hash.add(name);
            hash.add(value);
        }
        Self(hash.0)
    }
}

/// The cursor of the page after `last_key`.
pub(crate) fn encode(list: ListMark, last_key: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(HEAD_BYTES + last_key.len());
    bytes.push(VERSION);
    bytes.extend_from_slice(&list.0.to_be_bytes());
    bytes.extend_from_slice(last_key);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The last key that was shown; `None` when the text is no cursor, or one of another list.
pub(crate) fn decode(list: ListMark, text: &str) -> Option<Vec<u8>> {
    if text.len() > TEXT_MAX || !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    let bytes: Vec<u8> = text.as_bytes().chunks(2).map(from_hex).collect::<Option<_>>()?;
    let (head, last_key) = bytes.split_at_checked(HEAD_BYTES)?;
    let belongs = head[0] == VERSION && head[1..] == list.0.to_be_bytes();
    belongs.then(|| last_key.to_vec())
}

fn from_hex(digits: &[u8]) -> Option<u8> {
    let value = |digit: u8| char::from(digit).to_digit(16);
    let byte = value(digits[0])? * 16 + value(digits[1])?;
    byte.try_into().ok()
}

/// FNV-1a: a cursor given out by one build has to be understood by the next, which the standard hasher does not promise.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, text: &str) {
        for byte in text.bytes().chain([0]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests;
