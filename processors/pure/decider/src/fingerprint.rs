//! The meaning of a command as a number: under one id, two commands with equal fingerprints are one command, sent again.

use crate::{Codec, CommandEnvelope, Domain};
use std::fmt;
use std::str::FromStr;
use xxhash_rust::xxh3::xxh3_64;

/// XXH3 (64 bits) of the version that a command expects and of what it asks for ([`Codec::encode_meaning`]).
///
/// Fingerprints are compared only under one aggregate and one command id, so that no stranger gains by a collision, and two commands
/// would have to collide at the first try. `issued_by` is not part of it: it is for people to read. Written as 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Fingerprint(pub u64);

impl Fingerprint {
    /// `scratch` is overwritten.
    pub fn of<D: Domain>(codec: &mut impl Codec<D>, envelope: &CommandEnvelope<D::Command>, scratch: &mut Vec<u8>) -> Self {
        let put = |out: &mut Vec<u8>| codec.encode_meaning(&envelope.command, out);
        Self::of_meaning(envelope.expected_version, put, scratch)
    }

    /// The same of a command whose meaning is written by `put`.
    pub fn of_meaning(expected_version: Option<u64>, put: impl FnOnce(&mut Vec<u8>), scratch: &mut Vec<u8>) -> Self {
        scratch.clear();
        scratch.push(u8::from(expected_version.is_some()));
        scratch.extend_from_slice(&expected_version.unwrap_or_default().to_be_bytes());
        put(scratch);
        Self(xxh3_64(scratch))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

impl FromStr for Fingerprint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_canonical = text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let bits = u64::from_str_radix(text, 16).ok().filter(|_| is_canonical);
        bits.map(Self)
            .ok_or_else(|| format!("is {text:?} where a fingerprint of 16 hexadecimal digits belongs"))
    }
}

#[cfg(test)]
mod tests;
