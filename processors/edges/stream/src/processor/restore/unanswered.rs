//! What leaves no outcome: dead letters and forwarded commands. Where no signed offset says up to where they were written, they are looked for in
//! their topics, so that none is written twice.

use super::lost::POLL_WAIT;
use super::replay::{NO_PROGRESS_MAX, REPLAY_RECORDS_MAX};
use super::{ASK_WAIT_MAX, Positions, RestoreError};
use crate::clock::Deadline;
use crate::committed::Committed;
use crate::decided::{COMMAND, Decided};
use crate::processor::lane::Lane;
use crate::processor::{Observe, SchemaSource};
use crate::reader::Record;
use decider::{Codec, Domain, Written};
use keyvalue::{Read, Write};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use topology::headers::{FORWARDED_FROM, parse_place};

/// Dead letters and forwarded commands that are remembered for one partition. What is beyond may be written twice.
const UNANSWERED_MAX: usize = 1_000_000;

impl<D, C, S, R, O> Lane<'_, D, C, S, R, O>
where
    D: Domain,
    C: Codec<D>,
    S: Read + Write,
    R: SchemaSource,
    O: Observe,
{
    /// What the log has of the commands that are to be decided now, by partition, where the group's offset does not tell. `None` when that cannot be
    /// read now.
    pub(super) fn unanswered(
        &mut self,
        positions: &Positions,
        committed: &BTreeMap<u32, Committed>,
    ) -> Result<Option<BTreeMap<u32, Written>>, RestoreError> {
        let mut found: BTreeMap<u32, (i64, Written)> = BTreeMap::new();
        for (partition, position) in positions {
            let is_signed = committed.get(partition).is_some_and(Committed::is_signed);
            if (!is_signed || self.tears.contains_key(partition)) && !self.is_beyond(*partition) {
                found.insert(*partition, (position.next, Written::default()));
            }
        }
        if found.is_empty() {
            return Ok(Some(BTreeMap::new()));
        }
        let topics = self.processor.topology.topics.clone();
        let letters = self.processor.topology.partitions_of(&topics.dead_letters);
        let of_letters = found.keys().map(|partition| partition % letters).collect();
        let topic_id = self.evidence.topic_id.clone();
        let are_letters_read = self.read_through(&topics.dead_letters.name, &of_letters, &mut |record| {
            if let Some((from, written)) = letter_of(&topic_id, record).and_then(|(partition, offset)| {
                let (from, written) = found.get_mut(&partition)?;
                (offset >= *from).then_some((offset, written))
            }) && written.len() < UNANSWERED_MAX
            {
                written.letter(from);
            }
        })?;
        if !are_letters_read {
            return Ok(None);
        }
        let partitions = self.processor.topology.partitions;
        let are_copies_read = self.read_through(&topics.commands.name, &(0..partitions).collect(), &mut |record| {
            let belongs_in = topology::partition_of(record.key.unwrap_or_default(), partitions);
            if let Some((partition, offset)) = origin(record).filter(|_| belongs_in == record.partition)
                && let Some((from, written)) = found.get_mut(&partition)
                && offset >= *from
                && written.len() < UNANSWERED_MAX
            {
                written.copy(offset, record.key, record.value);
            }
        })?;
        let found = found.into_iter().map(|(partition, (_, written))| (partition, written));
        Ok(are_copies_read.then(|| found.collect()))
    }

    /// Reads these partitions of a topic from their beginning to their end. `false` when that is not possible now.
    fn read_through(&mut self, topic: &str, partitions: &BTreeSet<u32>, visit: &mut dyn FnMut(&Record<'_>)) -> Result<bool, RestoreError> {
        let partitions: Vec<u32> = partitions.iter().copied().collect();
        let mut reader = self.readers.take(topic)?;
        let marks = match reader.all_watermarks(&partitions, ASK_WAIT_MAX) {
            Ok(marks) => marks,
            Err(failure) if failure.is_transient() => return Ok(false),
            Err(failure) => return Err(failure.into()),
        };
        let mut open: BTreeMap<u32, i64> = marks
            .iter()
            .filter(|(_, marks)| marks.low < marks.high)
            .map(|(partition, marks)| (*partition, marks.low))
            .collect();
        reader.assign_unchecked(&open)?;
        let mut patience = Deadline::after(NO_PROGRESS_MAX);
        while !open.is_empty() {
            let polled = match reader.poll(REPLAY_RECORDS_MAX, POLL_WAIT, &mut *visit) {
                Ok(polled) => polled,
                Err(failure) if failure.is_transient() => return Ok(false),
                Err(failure) => return Err(failure.into()),
            };
            if polled.records > 0 || !polled.ended.is_empty() {
                patience = Deadline::after(NO_PROGRESS_MAX);
            }
            polled.ended.iter().for_each(|partition| {
                open.remove(partition);
            });
            if patience.is_over() {
                let topic = topic.to_owned();
                return Err(RestoreError::NoProgress { topic });
            }
            if !self.keep_alive(Duration::ZERO) {
                return Ok(false);
            }
        }
        self.readers.give_back(reader);
        Ok(true)
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
