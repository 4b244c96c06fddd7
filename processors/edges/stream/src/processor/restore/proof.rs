//! Which position a partition goes on from, and whether the commands topic bears it out: is the record before it the one that was decided?

use super::{ASK_WAIT_MAX, Amount, RestoreError};
use crate::clock::Deadline;
use crate::committed::Committed;
use crate::decided::fingerprint;
use crate::marks::Watermarks;
use crate::offset_metadata::OffsetMetadata;
use crate::position::{Contradiction, Position, PositionConflict, PositionSources, choose, contradiction};
use crate::processor::restore::Takeover;
use crate::processor::wiring::Wiring;
use keyvalue::Write;
use std::collections::BTreeMap;
use std::time::Duration;
use topology::Topology;

/// The command that shows an operator how to recover.
fn recover_command(topology: &Topology) -> String {
    format!("aerolog recover --topic-prefix {}", topology.prefix())
}

const POLL_WAIT: Duration = Duration::from_millis(20);
const RECORDS_MAX: usize = 1_000;

impl<W: Wiring> Takeover<'_, W> {
    /// Compares what the state has decided with what the group has committed: the position that is to be borne out.
    pub(super) fn agree(&self, partition: u32, committed: Option<&Committed>) -> Result<Position, RestoreError> {
        let next = self.next_command(partition);
        let sources = PositionSources {
            topic_id: &self.evidence.topic_id,
            next,
            last: self.evidence.last(partition).filter(|last| last.next() == next),
            former: self.evidence.former(partition),
            committed,
        };
        let recover = self.recover_command();
        choose(&sources).map_err(|doubt| match doubt {
            PositionConflict::StateAhead { committed } => RestoreError::StateAhead {
                partition,
                state: next,
                committed,
                recover,
            },
            PositionConflict::Recreated(former) => RestoreError::CommandsRecreated {
                topic: self.processor.topology.topics.commands.name.clone(),
                topic_id: self.evidence.topic_id.clone(),
                partition,
                next: former.next(),
                former: former.topic_id,
                recover,
            },
        })
    }

    /// Compares a position with what the commands topic holds.
    pub(super) fn bear_out(
        &self,
        partition: u32,
        position: &Position,
        marks: &BTreeMap<u32, Watermarks>,
        found: Option<u64>,
    ) -> Result<(), RestoreError> {
        let Some(marks) = marks.get(&partition) else {
            return Ok(());
        };
        let (topic, recover, next) = (
            self.processor.topology.topics.commands.name.clone(),
            self.recover_command(),
            position.next,
        );
        let differs = |found: String| RestoreError::CommandsDiffer {
            topic: topic.clone(),
            partition,
            next,
            found,
            recover: recover.clone(),
        };
        match contradiction(position, *marks, found) {
            None => Ok(()),
            Some(Contradiction::Gone) => Err(RestoreError::CommandsGone {
                topic,
                partition,
                next,
                low: marks.low,
                recover,
            }),
            Some(Contradiction::Cut) => Err(differs(format!("the log ends at {}", marks.high))),
            Some(Contradiction::Differs) => Err(differs(format!("the record at {} is not the one that was decided", next - 1))),
        }
    }

    /// Goes on from a position that is borne out.
    pub(super) fn resume_at(&mut self, partition: u32, position: &Position) -> Result<(), RestoreError> {
        let mut mutations = self.machine.resume_at(partition, position.next)?;
        if let Some(last) = &position.last {
            self.evidence.decided(partition, last.clone());
            mutations.extend(self.evidence.mutation(partition, position.next));
        }
        Ok(self.processor.store.apply(&mutations)?)
    }

    /// The committed offsets as they are gone on from: one that proves nothing is replaced.
    pub(super) fn believed(&self, mut committed: BTreeMap<u32, Committed>, positions: BTreeMap<u32, Position>) -> BTreeMap<u32, Committed> {
        for (partition, Position { next, last }) in positions {
            let known = committed.entry(partition).or_default();
            let is_torn = self.torn_transactions.contains_key(&partition);
            if is_torn || known.has_owner() && known.offset == next {
                continue;
            }
            if known.offset != next {
                tracing::warn!(
                    partition,
                    offset = known.offset,
                    next,
                    "the group's offset is missing or was not set by a processor; the outcomes tell where to go on"
                );
            }
            let metadata = OffsetMetadata {
                answered: next,
                last,
                ..OffsetMetadata::default()
            };
            *known = Committed { offset: next, metadata };
        }
        committed
    }

    /// What an operator is to run.
    fn recover_command(&self) -> String {
        recover_command(&self.processor.topology)
    }

    /// The fingerprints of the records before these positions, where the log has them. `None` when they cannot be read now.
    pub(super) fn records_before(
        &mut self,
        positions: &BTreeMap<u32, Position>,
        marks: &BTreeMap<u32, Watermarks>,
    ) -> Result<Option<BTreeMap<u32, u64>>, RestoreError> {
        let is_kept = |partition: &u32, next: i64| marks.get(partition).is_some_and(|marks| marks.low < next && next <= marks.high);
        let mut missing: BTreeMap<u32, i64> = positions
            .iter()
            .filter(|(partition, position)| position.last.is_some() && is_kept(partition, position.next))
            .map(|(partition, position)| (*partition, position.next - 1))
            .collect();
        let mut found = BTreeMap::new();
        if missing.is_empty() {
            return Ok(Some(found));
        }
        let topic = self.processor.topology.topics.commands.name.clone();
        let mut reader = self.readers.take(&topic, Amount::One)?;
        reader.assign_unchecked(&missing)?;
        let patience = Deadline::after(ASK_WAIT_MAX);
        while !missing.is_empty() {
            let polled = reader.poll(RECORDS_MAX, POLL_WAIT, |record| {
                // A later one says that the one looked for is not there.
                if missing.remove(&record.partition) == Some(record.offset) {
                    found.insert(record.partition, fingerprint(record.timestamp_ms, record.key, record.value));
                }
            });
            match polled {
                Ok(polled) => polled.ended.iter().for_each(|partition| {
                    missing.remove(partition);
                }),
                Err(failure) if failure.is_transient() => return Ok(None),
                Err(failure) => return Err(failure.into()),
            }
            if patience.is_over() || !self.keep_alive(Duration::ZERO) {
                tracing::warn!(topic, "the last decided commands cannot be read yet");
                return Ok(None);
            }
        }
        self.readers.give_back(reader, Amount::One);
        Ok(Some(found))
    }
}
