//! The records of a state directory that are not the view's: the log that it was built from, and how far each partition has come.
//!
//! | key | value |
//! |---|---|
//! | 0, 0 | identity, text: view and version, cluster, topic |
//! | 0, 1 | progress: of each partition its number (u32), the sequence of its last event (u64) and the offset to read next (i64) |
//! | 0, 2 | complete, empty: there since the view has first held the whole log as it was at that start |
//!
//! The offsets of events (`application::offsets`), which this process writes too, have another prefix. Progress is one value, so that reading
//! it costs one look-up for any number of partitions, and is written in the same batch as the view.

use application::BOOKKEEPING;
use http_server::Position;
use keyvalue::{Mutation, Read, ReadError};
use std::collections::BTreeMap;

const IDENTITY_KEY: [u8; 2] = [BOOKKEEPING, 0];
const PROGRESS_KEY: [u8; 2] = [BOOKKEEPING, 1];
const COMPLETE_KEY: [u8; 2] = [BOOKKEEPING, 2];
const ENTRY_BYTES: usize = 20;

/// How far one partition has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reached {
    /// The sequence of the last event that is in the view; 0 before the first.
    pub(crate) sequence: u64,
    /// The offset of the record to read next.
    pub(crate) next_offset: i64,
}

/// How far each partition has come. It names every partition of the topic.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    partitions: BTreeMap<u32, Reached>,
}

impl Progress {
    /// Nothing was read yet.
    pub(crate) fn start(partition_count: u32) -> Self {
        let nothing = Reached {
            sequence: 0,
            next_offset: 0,
        };
        Self {
            partitions: (0..partition_count).map(|partition| (partition, nothing)).collect(),
        }
    }

    /// What is stored; `None` in a fresh directory.
    pub(crate) fn load(read: &impl Read) -> Result<Option<Self>, ReadError> {
        match read.get(&PROGRESS_KEY, Self::from_bytes)? {
            None => Ok(None),
            Some(Some(progress)) => Ok(Some(progress)),
            Some(None) => Err(ReadError::corrupt("the stored progress has an impossible length")),
        }
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (entries, []) = bytes.as_chunks::<ENTRY_BYTES>() else {
            return None;
        };
        let partitions = entries.iter().map(|entry| {
            let (partition, rest) = entry.split_first_chunk::<4>()?;
            let (sequence, rest) = rest.split_first_chunk::<8>()?;
            let next_offset = rest.first_chunk::<8>()?;
            let reached = Reached {
                sequence: u64::from_be_bytes(*sequence),
                next_offset: i64::from_be_bytes(*next_offset),
            };
            Some((u32::from_be_bytes(*partition), reached))
        });
        Some(Self {
            partitions: partitions.collect::<Option<_>>()?,
        })
    }

    pub(crate) fn mutation(&self) -> Mutation {
        let mut value = Vec::with_capacity(self.partitions.len() * ENTRY_BYTES);
        for (partition, reached) in &self.partitions {
            value.extend_from_slice(&partition.to_be_bytes());
            value.extend_from_slice(&reached.sequence.to_be_bytes());
            value.extend_from_slice(&reached.next_offset.to_be_bytes());
        }
        Mutation::Put {
            key: PROGRESS_KEY.to_vec(),
            value,
        }
    }

    pub(crate) fn get(&self, partition: u32) -> Option<Reached> {
        self.partitions.get(&partition).copied()
    }

    pub(crate) fn set(&mut self, partition: u32, reached: Reached) {
        self.partitions.insert(partition, reached);
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (u32, Reached)> {
        self.partitions.iter().map(|(partition, reached)| (*partition, *reached))
    }

    pub(crate) fn position(&self) -> Position {
        Position::new(self.iter().map(|(partition, reached)| (partition, reached.sequence)))
    }
}

/// The stored identity text; `None` in a fresh directory.
pub(crate) fn identity(read: &impl Read) -> Result<Option<String>, ReadError> {
    read.get(&IDENTITY_KEY, |text| String::from_utf8_lossy(text).into_owned())
}

pub(crate) fn identity_mutation(text: &str) -> Mutation {
    Mutation::Put {
        key: IDENTITY_KEY.to_vec(),
        value: text.into(),
    }
}

/// Whether the view was ever complete.
pub(crate) fn is_complete(read: &impl Read) -> Result<bool, ReadError> {
    Ok(read.get(&COMPLETE_KEY, |_| ())?.is_some())
}

pub(crate) fn complete_mutation() -> Mutation {
    Mutation::Put {
        key: COMPLETE_KEY.to_vec(),
        value: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
