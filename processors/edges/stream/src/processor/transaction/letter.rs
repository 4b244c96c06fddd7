//! A dead letter: what it says of a record that is no command, and as much of the record as always fits.
//!
//! The broker measures a record as it is stored, compressed; what comes out of it may be many times larger than any record of ours may be. So a
//! dead letter has a budget far below what its topic and the producer take, and says what it left out. The whole record stays in the commands
//! topic for that topic's retention.

use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// Key, value and headers together; a larger record is cut. The topic takes 2 MiB.
pub(super) const WHOLE_BYTES_MAX: usize = 1_536 << 10;
/// Of a record that is cut.
const KEY_BYTES_MAX: usize = 64 << 10;
const HEADERS_BYTES_MAX: usize = 256 << 10;
/// librdkafka reads no record of more than 100,000 headers.
const HEADERS_MAX: usize = 10_000;
/// What a header takes in addition to its name and its value: two lengths, with some to spare.
const HEADER_EXTRA_BYTES: usize = 8;
pub(super) const REASON_BYTES_MAX: usize = 1_024;

/// The record as it was found.
pub(super) struct Original<'r> {
    pub(super) topic: &'r str,
    /// Of that topic, milliseconds; negative where it is kept forever.
    pub(super) retention_ms: i64,
    pub(super) partition: u32,
    pub(super) offset: i64,
    pub(super) timestamp_ms: i64,
    pub(super) key: Option<&'r [u8]>,
    pub(super) value: Option<&'r [u8]>,
    /// Bytes of each header's name and value.
    pub(super) header_bytes: Vec<usize>,
    /// It has headers that no client of ours can parse.
    pub(super) are_headers_unreadable: bool,
}

/// What is written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Letter<'r> {
    pub(super) key: Option<&'r [u8]>,
    pub(super) value: Option<&'r [u8]>,
    /// So many of the record's headers, from the first.
    pub(super) headers: usize,
    /// Headers that follow on those.
    pub(super) says: Vec<(&'static str, String)>,
}

pub(super) fn letter<'r>(original: &Original<'r>, reason: &str) -> Letter<'r> {
    let length = |bytes: Option<&[u8]>| bytes.map_or(0, <[u8]>::len);
    let (key_bytes, value_bytes) = (length(original.key), length(original.value));
    let header_count = original.header_bytes.len();
    let header_bytes: usize = original.header_bytes.iter().map(|bytes| bytes + HEADER_EXTRA_BYTES).sum();
    let is_whole = key_bytes + value_bytes + header_bytes <= WHOLE_BYTES_MAX && header_count <= HEADERS_MAX;
    let (mut key, mut value, mut headers) = (original.key, original.value, header_count);
    if !is_whole {
        key = beginning(key, KEY_BYTES_MAX);
        let kept_header_bytes;
        (headers, kept_header_bytes) = fitting(&original.header_bytes);
        value = beginning(value, WHOLE_BYTES_MAX - length(key) - kept_header_bytes);
    }
    let mut cut = Vec::new();
    for (what, kept, all) in [("key", length(key), key_bytes), ("value", length(value), value_bytes)] {
        if kept < all {
            cut.push(format!("the {what} after {kept} of {all} bytes"));
        }
    }
    if headers < header_count {
        cut.push(format!("the headers after {headers} of {header_count}"));
    }
    if original.are_headers_unreadable {
        cut.push("the headers, which cannot be parsed".to_owned());
    }
    let size = |bytes: Option<&[u8]>| bytes.map_or_else(|| "null".to_owned(), |bytes| bytes.len().to_string());
    let says = vec![
        ("topic", original.topic.to_owned()),
        ("partition", original.partition.to_string()),
        ("offset", original.offset.to_string()),
        ("timestamp", original.timestamp_ms.to_string()),
        ("key-bytes", size(original.key)),
        ("value-bytes", size(original.value)),
        ("value-sha256", hash(original.value.unwrap_or_default())),
        ("header-count", header_count.to_string()),
        ("cut", cut_text(original, &cut)),
        ("reason", shortened(reason).to_owned()),
    ];
    Letter { key, value, headers, says }
}

fn cut_text(original: &Original<'_>, cut: &[String]) -> String {
    if cut.is_empty() {
        return "nothing".to_owned();
    }
    let Original {
        topic,
        partition,
        offset,
        retention_ms,
        ..
    } = original;
    let kept = match retention_ms {
        ..0 => "forever".to_owned(),
        ms => format!("for {ms} ms after its timestamp"),
    };
    format!(
        "{}; the whole record is kept at {topic}/{partition} offset {offset} {kept}",
        cut.join(", ")
    )
}

fn beginning(bytes: Option<&[u8]>, bytes_max: usize) -> Option<&[u8]> {
    bytes.map(|bytes| &bytes[..bytes.len().min(bytes_max)])
}

/// How many headers fit into their part of the budget, and the bytes that they take.
fn fitting(header_bytes: &[usize]) -> (usize, usize) {
    let mut taken = 0;
    for (index, bytes) in header_bytes.iter().take(HEADERS_MAX).enumerate() {
        if taken + bytes + HEADER_EXTRA_BYTES > HEADERS_BYTES_MAX {
            return (index, taken);
        }
        taken += bytes + HEADER_EXTRA_BYTES;
    }
    (header_bytes.len().min(HEADERS_MAX), taken)
}

/// A text without what goes beyond the bound; it ends with a whole character.
pub(in crate::processor) fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(REASON_BYTES_MAX)]
}

fn hash(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        write!(text, "{byte:02x}").expect("a string takes any text");
    }
    text
}

#[cfg(test)]
mod tests;
