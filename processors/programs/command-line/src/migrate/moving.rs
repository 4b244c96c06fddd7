//! Commands that the old log has and that will not be decided there: they go on in the new one, under their own ids.
//!
//! A copy says where it was found. By that a later run knows what was moved already, and nothing has to be kept anywhere else.

use super::Log;
use crate::reading::{each_committed, next_committed};
use application::Application;
use std::collections::BTreeMap;
use stream::carrier::{Carried, Carrier};
use stream::inspect::{Found, Inspector, Walk};
use topology::headers::FORWARDED_FROM;

/// The header of a command that was moved: topic prefix, partition and offset where it was found.
const MIGRATED_FROM: &str = "migrated-from";
const RECORDS_MAX: usize = 1_000;
const BYTES_MAX: usize = 8 << 20;

/// The commands that are not decided yet.
pub(super) struct Undecided {
    /// Of each partition the next command to decide, and the end.
    ranges: BTreeMap<u32, (i64, i64)>,
}

impl Undecided {
    /// By what the group of the processors has committed.
    pub(super) fn of(log: &Log<impl Application>) -> anyhow::Result<Self> {
        let (inspector, topic) = (Inspector::new(&log.settings)?, &log.topology.topics.commands.name);
        let partitions = inspector.partitions_of(topic)?;
        let committed = inspector.group(&log.topology.processors_group(), topic, partitions)?.committed()?;
        let mut ranges = BTreeMap::new();
        for partition in 0..partitions {
            let marks = inspector.watermarks(topic, partition)?;
            let next = committed.get(&partition).map_or(marks.low, |committed| committed.offset);
            ranges.insert(partition, (next.max(marks.low), marks.high));
        }
        Ok(Self { ranges })
    }

    /// Calls `visit` on each of them.
    fn walk(&self, log: &Log<impl Application>, visit: &mut dyn FnMut(u32, Found) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let mut walk = Walk::new(&log.settings, &log.topology.topics.commands.name)?;
        for (partition, (next, end)) in &self.ranges {
            if next >= end {
                continue;
            }
            walk.begin(*partition, *next, *end)?;
            while let Some(found) = next_committed(&mut walk)? {
                visit(*partition, found)?;
            }
        }
        Ok(())
    }

    /// How many there are in each partition that has some. Markers of transactions are not counted.
    pub(super) fn count(&self, log: &Log<impl Application>) -> anyhow::Result<BTreeMap<u32, u64>> {
        let mut counts = BTreeMap::new();
        self.walk(log, &mut |partition, _| {
            *counts.entry(partition).or_default() += 1;
            Ok(())
        })?;
        Ok(counts)
    }
}

/// Copies what `undecided` has and the new log lacks; returns how many commands that were.
pub(super) fn carry(
    undecided: &Undecided,
    old: &Log<impl Application>,
    new: &Log<impl Application>,
    carrier: &mut Carrier,
) -> anyhow::Result<u64> {
    let moved = moved(old, new)?;
    let (mut waiting, mut bytes, mut count) = (Vec::new(), 0, 0);
    undecided.walk(old, &mut |partition, found| {
        if moved.get(&partition).is_some_and(|last| found.offset <= *last) {
            return Ok(());
        }
        bytes += found.value.as_ref().map_or(0, Vec::len);
        waiting.push(copied(old, partition, found));
        if waiting.len() >= RECORDS_MAX || bytes >= BYTES_MAX {
            count += write(new, carrier, &std::mem::take(&mut waiting))?;
            bytes = 0;
        }
        Ok(())
    })?;
    count += write(new, carrier, &waiting)?;
    Ok(count)
}

/// The last command of each partition of the old log that the new one has a copy of.
fn moved(old: &Log<impl Application>, new: &Log<impl Application>) -> anyhow::Result<BTreeMap<u32, i64>> {
    let mut moved: BTreeMap<u32, i64> = BTreeMap::new();
    each_committed(&new.settings, &new.topology.topics.commands.name, |_, found| {
        if let Some((of, offset)) = origin(old, &found) {
            let last = moved.entry(of).or_insert(offset);
            *last = offset.max(*last);
        }
        Ok(())
    })?;
    Ok(moved)
}

/// Partition and offset in the old log of a command that was moved from there.
fn origin(old: &Log<impl Application>, found: &Found) -> Option<(u32, i64)> {
    let (_, value) = found.headers.iter().find(|(name, _)| name == MIGRATED_FROM)?;
    let mut parts = std::str::from_utf8(value.as_deref()?).ok()?.splitn(3, '/');
    let is_from_here = parts.next()? == old.connection.topic_prefix();
    let place = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    is_from_here.then_some(place)
}

fn copied(old: &Log<impl Application>, partition: u32, mut found: Found) -> Found {
    let place = format!("{}/{partition}/{}", old.connection.topic_prefix(), found.offset);
    // Where it was forwarded within the old log says nothing in the new one.
    found.headers.retain(|(name, _)| name != FORWARDED_FROM && name != MIGRATED_FROM);
    found.headers.push((MIGRATED_FROM.to_owned(), Some(place.into_bytes())));
    found
}

fn write(new: &Log<impl Application>, carrier: &mut Carrier, commands: &[Found]) -> anyhow::Result<u64> {
    if commands.is_empty() {
        return Ok(0);
    }
    let partitions = new.topology.partitions;
    let carried: Vec<Carried<'_>> = commands
        .iter()
        .map(|found| Carried {
            topic: &new.topology.topics.commands.name,
            // What has no key is no command: any partition makes a dead letter of it.
            partition: found.key.as_deref().map_or(0, |key| topology::partition_of(key, partitions)),
            key: found.key.as_deref(),
            value: found.value.as_deref(),
            timestamp_ms: None,
            headers: &found.headers,
        })
        .collect();
    carrier.carry(&carried)?;
    Ok(commands.len() as u64)
}
