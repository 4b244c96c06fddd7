//! A materializer's replica: projects events into a view, with its position in the same batch.

use crate::simulation::chance::Chance;
use crate::simulation::log::{Isolation, Log, Topic};
use crate::simulation::place::Place;
use crate::simulation::scenario::Scenario;
use crate::simulation::trace::Trace;
use crate::simulation::{Sabotage, Violation};
use decider::Codec;
use keyvalue::{Memory, Mutation, Overlay, Read};
use std::collections::BTreeMap;

/// Before the keys of the position; no view's key begins so.
const POSITION: u8 = 0xFE;

/// By partition: the sequence up to which the view holds the events.
pub(crate) type Position = BTreeMap<u32, u64>;

pub(crate) struct Replica<S: Scenario, P> {
    pub(crate) name: String,
    pub(crate) place: P,
    codec: S::Codec,
    projector: S::Projector,
    partitions: u32,
    /// Projected and not written yet.
    pending: Vec<Mutation>,
    /// What a content hash was taken of, to be compared at the end.
    pub(crate) witnesses: Vec<(Position, u128)>,
}

impl<S: Scenario, P: Place> Replica<S, P> {
    pub(crate) fn new(name: String, partitions: u32) -> Self {
        Self {
            name,
            place: P::new(),
            codec: S::codec(),
            projector: S::projector(),
            partitions,
            pending: Vec::new(),
            witnesses: Vec::new(),
        }
    }

    /// The process dies and starts again.
    pub(crate) fn crash(&mut self) {
        self.pending.clear();
        self.projector = S::projector();
        self.place.reopen();
    }

    pub(crate) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Reads and projects some events, or writes what the step before has projected.
    pub(crate) fn step(&mut self, log: &Log, chance: &mut Chance, trace: &mut Trace, sabotage: Option<Sabotage>) -> Result<(), Violation> {
        if !self.pending.is_empty() {
            let pending = std::mem::take(&mut self.pending);
            return self.write(&pending);
        }
        let isolation = match sabotage {
            Some(Sabotage::ReadsUncommitted) => Isolation::Uncommitted,
            _ => Isolation::Committed,
        };
        let mut positions = Vec::new();
        let mut overlay = Overlay::new(&self.place);
        for _ in 0..=chance.below(3) {
            let partition = u32::try_from(chance.below(u64::from(self.partitions))).expect("a small number");
            let mut read = position(&overlay, partition)?;
            let records_max = chance.index(10) + 1;
            let (records, next) = log.fetch(Topic::Events, partition, read.next_offset, records_max, isolation);
            for stored in &records {
                let value = stored.record.value.as_deref().unwrap_or_default();
                let event = self
                    .codec
                    .decode_event(value)
                    .map_err(|error| Violation::new("I4", error.to_string()))?;
                if event.sequence <= read.sequence {
                    continue;
                }
                if event.sequence != read.sequence + 1 {
                    let what = format!("{}: event {} of {partition} follows {}", self.name, event.sequence, read.sequence);
                    return Err(Violation::new("I3", what));
                }
                read.sequence = event.sequence;
                let mutations =
                    S::project(&mut self.projector, partition, &event, &overlay).map_err(|error| Violation::new("I9", error))?;
                overlay.apply(mutations);
            }
            read.next_offset = next;
            overlay.apply(vec![read.mutation(partition)]);
            positions.push((partition, read.sequence));
            trace.happened("projected", format_args!("{} {partition} up to {}", self.name, read.sequence));
        }
        let mut mutations = overlay.into_mutations();
        if sabotage == Some(Sabotage::WritesPositionFirst) {
            let (position, rest): (Vec<_>, Vec<_>) = mutations.drain(..).partition(|mutation| key(mutation).first() == Some(&POSITION));
            self.write(&position)?;
            mutations = rest;
        }
        self.pending = mutations;
        Ok(())
    }

    /// Takes a hash of what is written now.
    pub(crate) fn witness(&mut self) -> Result<(), Violation> {
        let witness = (self.position()?, content_hash(&self.place)?);
        self.witnesses.push(witness);
        Ok(())
    }

    pub(crate) fn position(&self) -> Result<Position, Violation> {
        let at = |partition| Ok((partition, position(&self.place, partition)?.sequence));
        (0..self.partitions).map(at).collect()
    }

    /// Everything that is committed has been written to the view.
    pub(crate) fn is_caught_up(&self, log: &Log) -> Result<bool, Violation> {
        for partition in 0..self.partitions {
            if position(&self.place, partition)?.next_offset < log.end_offset(Topic::Events, partition) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn write(&mut self, mutations: &[Mutation]) -> Result<(), Violation> {
        self.place
            .apply(mutations)
            .map_err(|error| Violation::new("store", error.to_string()))
    }
}

/// A view that is made in one go: one partition after the other, each up to the position, and nothing remembered between events.
pub(crate) fn oracle<S: Scenario>(log: &Log, position: &Position) -> Result<u128, Violation> {
    let mut codec = S::codec();
    let mut view = Memory::default();
    for (partition, last) in position {
        for stored in log.committed_records(Topic::Events, *partition) {
            let value = stored.record.value.as_deref().unwrap_or_default();
            let event = codec.decode_event(value).map_err(|error| Violation::new("I4", error.to_string()))?;
            if event.sequence > *last {
                break;
            }
            let mutations = S::project(&mut S::projector(), *partition, &event, &view).map_err(|error| Violation::new("I9", error))?;
            view.apply(&mutations);
        }
    }
    content_hash(&view)
}

/// Of all keys and values but the position.
fn content_hash(read: &impl Read) -> Result<u128, Violation> {
    keyvalue::content_hash(read, &[], &[POSITION]).map_err(|error| Violation::new("I9", error.to_string()))
}

#[derive(Default)]
struct At {
    sequence: u64,
    next_offset: i64,
}

impl At {
    fn mutation(&self, partition: u32) -> Mutation {
        let mut value = self.sequence.to_be_bytes().to_vec();
        value.extend_from_slice(&self.next_offset.to_be_bytes());
        Mutation::Put {
            key: position_key(partition),
            value,
        }
    }
}

fn position(read: &impl Read, partition: u32) -> Result<At, Violation> {
    let parse = |value: &[u8]| {
        let (sequence, next_offset) = value.split_at_checked(8)?;
        Some(At {
            sequence: u64::from_be_bytes(sequence.try_into().ok()?),
            next_offset: i64::from_be_bytes(next_offset.try_into().ok()?),
        })
    };
    match read.get(&position_key(partition), parse) {
        Ok(None) => Ok(At::default()),
        Ok(Some(Some(at))) => Ok(at),
        Ok(Some(None)) => Err(Violation::new("I9", format!("the position of {partition} cannot be read"))),
        Err(error) => Err(Violation::new("I9", error.to_string())),
    }
}

fn position_key(partition: u32) -> Vec<u8> {
    let mut key = vec![POSITION];
    key.extend_from_slice(&partition.to_be_bytes());
    key
}

fn key(mutation: &Mutation) -> &[u8] {
    match mutation {
        Mutation::Put { key, .. } | Mutation::Delete { key } => key,
        Mutation::DeleteRange { from, .. } => from,
    }
}
