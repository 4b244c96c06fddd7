//! The offsets that a group has committed over time, from the brokers' own topic. It is compacted: of old entries only the last one of each
//! partition is left, of recent ones all.

use super::walk::Side;
use super::{GroupOffset, InspectError, Inspector};

/// The topic in which the brokers keep the offsets of groups.
const TOPIC: &str = "__consumer_offsets";

/// An entry of a group's offsets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Of the topic that was asked for.
    pub partition: u32,
    /// `None` where the offset was deleted.
    pub offset: Option<i64>,
    /// The transactional id that has signed it; empty where a tool has set it.
    pub owner: String,
    /// Id of the commands topic that it is signed for.
    pub topic_id: Option<String>,
    /// Partition and offset of the entry itself.
    pub at: (u32, i64),
}

/// The topic and the partition that hold the offsets of a group; `None` while no group has committed any.
pub fn offsets_partition(inspector: &Inspector, group: &str) -> Result<Option<(&'static str, u32)>, InspectError> {
    let partitions = inspector.partitions_of(TOPIC)?;
    Ok((partitions > 0).then(|| (TOPIC, place_of(group, partitions))))
}

/// Calls `visit` on what `group` has committed of `topic`, in order; aborted entries are left out.
pub fn history(inspector: &Inspector, group: &str, topic: &str, visit: &mut dyn FnMut(Entry)) -> Result<(), InspectError> {
    let Some((_, partition)) = offsets_partition(inspector, group)? else {
        return Ok(());
    };
    let marks = inspector.watermarks(TOPIC, partition)?;
    let mut side = Side::new(&inspector.settings().reader(), TOPIC)?;
    side.begin(partition, marks.low, marks.high)?;
    while let Some(found) = side.take()? {
        let key = found.key.as_deref().unwrap_or_default();
        let Some(read) = offset_in(key, found.value.as_deref(), group, topic) else {
            continue;
        };
        let (of, signed) = read.map_err(|UnknownForm| InspectError::UnknownForm {
            topic: TOPIC.to_owned(),
            partition,
            offset: found.offset,
        })?;
        let (offset, owner, last) = signed.map_or((None, String::new(), None), |GroupOffset { offset, owner, last }| {
            (Some(offset), owner, last)
        });
        visit(Entry {
            partition: of,
            offset,
            owner,
            topic_id: last.map(|last| last.topic_id),
            at: (partition, found.offset),
        });
    }
    Ok(())
}

/// A record of the brokers is of a form that is not known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownForm;

/// The partition and the offset of `topic` in a record of the brokers' topic, which has no value where the offset was deleted; `None` where it is
/// of something other than an offset of this group and topic.
pub fn offset_in(key: &[u8], value: Option<&[u8]>, group: &str, topic: &str) -> Option<Result<(u32, Option<GroupOffset>), UnknownForm>> {
    let partition = partition_in(key, group, topic)?;
    let Some(value) = value else {
        return Some(Ok((partition, None)));
    };
    let read = committed_in(value).map(|(offset, metadata)| (partition, Some(GroupOffset::read(offset, &metadata))));
    Some(read.ok_or(UnknownForm))
}

/// The partition of the brokers' topic that holds a group.
fn place_of(group: &str, partitions: u32) -> u32 {
    let hash = group
        .encode_utf16()
        .fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)));
    hash.checked_abs().unwrap_or(0).cast_unsigned() % partitions
}

/// The partition that a key is of, if it is of an offset of this group and topic.
fn partition_in(key: &[u8], group: &str, topic: &str) -> Option<u32> {
    let mut bytes = Bytes(key);
    let version = bytes.i16()?;
    (version <= 1 && bytes.text()? == group && bytes.text()? == topic).then_some(())?;
    u32::try_from(bytes.i32()?).ok()
}

/// Offset and metadata.
fn committed_in(value: &[u8]) -> Option<(i64, String)> {
    let mut bytes = Bytes(value);
    let version = bytes.i16()?;
    let offset = bytes.i64()?;
    let metadata = match version {
        0..=2 => bytes.text()?,
        3 => {
            bytes.i32()?;
            bytes.text()?
        }
        4 => {
            bytes.i32()?;
            bytes.compact_text()?
        }
        _ => return None,
    };
    Some((offset, metadata.to_owned()))
}

struct Bytes<'b>(&'b [u8]);

impl<'b> Bytes<'b> {
    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, left) = self.0.split_at_checked(count)?;
        self.0 = left;
        Some(taken)
    }

    fn i16(&mut self) -> Option<i16> {
        Some(i16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    fn i32(&mut self) -> Option<i32> {
        Some(i32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    fn i64(&mut self) -> Option<i64> {
        Some(i64::from_be_bytes(self.take(8)?.try_into().ok()?))
    }

    fn text(&mut self) -> Option<&'b str> {
        let length = usize::try_from(self.i16()?).ok()?;
        std::str::from_utf8(self.take(length)?).ok()
    }

    /// Its length plus one comes as a variable number.
    fn compact_text(&mut self) -> Option<&'b str> {
        let length = usize::try_from(keyvalue::bytes::take_number(&mut self.0).ok()?).ok()?;
        std::str::from_utf8(self.take(length.checked_sub(1)?)?).ok()
    }
}

#[cfg(test)]
mod tests;
