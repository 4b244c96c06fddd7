//! Commands without outcomes: dead letters and forwarded commands. Where no processor's offset says up to where they were written, they are looked for in
//! their topics, so that none is written twice.

use super::reading::ReadOn;
use super::{Amount, Positions, RestoreError};
use crate::committed::Committed;
use crate::decided::{COMMAND, Decided};
use crate::processor::restore::Takeover;
use crate::processor::wiring::Wiring;
use crate::reader::Record;
use decider::Written;
use std::collections::{BTreeMap, BTreeSet};
use topology::headers::{FORWARDED_FROM, parse_place};

/// Dead letters and forwarded commands that are remembered for one partition. What is beyond may be written twice.
const UNANSWERED_MAX: usize = 1_000_000;

impl<W: Wiring> Takeover<'_, W> {
    /// What the log has of the commands that are to be decided now, by partition, where the group's offset does not tell. `None` when that cannot be
    /// read now.
    pub(super) fn unanswered(
        &mut self,
        positions: &Positions,
        committed: &BTreeMap<u32, Committed>,
    ) -> Result<Option<BTreeMap<u32, Written>>, RestoreError> {
        let mut found: BTreeMap<u32, (i64, Written)> = BTreeMap::new();
        for (partition, position) in positions {
            let has_owner = committed.get(partition).is_some_and(Committed::has_owner);
            if (!has_owner || self.torn_transactions.contains_key(partition)) && !self.is_beyond(*partition) {
                found.insert(*partition, (position.next, Written::default()));
            }
        }
        if found.is_empty() {
            return Ok(Some(BTreeMap::new()));
        }
        let topics = self.processor.topology.topics.clone();
        let letters = self.processor.topology.partitions_of(&topics.dead_letters);
        let of_letters: BTreeSet<u32> = found.keys().map(|partition| partition % letters).collect();
        let of_letters: Vec<u32> = of_letters.into_iter().collect();
        let topic_id = self.evidence.topic_id.clone();
        let letters_read = self.read_all((&topics.dead_letters.name, Amount::Many), &of_letters, &mut |_, record| {
            if let Some((from, written)) = letter_of(&topic_id, record).and_then(|(partition, offset)| {
                let (from, written) = found.get_mut(&partition)?;
                (offset >= *from).then_some((offset, written))
            }) && written.len() < UNANSWERED_MAX
            {
                written.letter(from);
            }
            ReadOn::All
        })?;
        if letters_read.is_none() {
            return Ok(None);
        }
        let partitions = self.processor.topology.partitions;
        let all: Vec<u32> = (0..partitions).collect();
        let copies_read = self.read_all((&topics.commands.name, Amount::Many), &all, &mut |_, record| {
            let belongs_in = topology::partition_of(record.key.unwrap_or_default(), partitions);
            if let Some((partition, offset)) = origin(record).filter(|_| belongs_in == record.partition)
                && let Some((from, written)) = found.get_mut(&partition)
                && offset >= *from
                && written.len() < UNANSWERED_MAX
            {
                written.copy(offset, record.key, record.value);
            }
            ReadOn::All
        })?;
        let found = found.into_iter().map(|(partition, (_, written))| (partition, written));
        Ok(copies_read.map(|_| found.collect()))
    }
}

/// Partition and offset of the record that a dead letter is of, in the commands topic with this id.
fn letter_of(topic_id: &str, record: &Record<'_>) -> Option<(u32, i64)> {
    let decided = Decided::from_bytes(record.header(COMMAND)?)?;
    let partition = std::str::from_utf8(record.header("partition")?).ok()?.parse().ok()?;
    (decided.topic_id == topic_id).then_some((partition, decided.offset))
}

/// Where a forwarded command was found.
fn origin(record: &Record<'_>) -> Option<(u32, i64)> {
    parse_place(std::str::from_utf8(record.header(FORWARDED_FROM)?).ok()?)
}
