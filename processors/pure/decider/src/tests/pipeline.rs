//! One machine with its store and its log, for given, when, then.

use super::counter::{Added, Command, Counter, DebugCodec, command_text};
use crate::{
    Batch, Codec, CommandEnvelope, Cursor, DeadLetter, EventEnvelope, Fingerprint, Incoming, Limits, Machine, Outcome, Outgoing, Replay,
    StepError,
};
use keyvalue::{Memory, Mutation};
use std::collections::BTreeMap;
use uuid::Uuid;

pub(super) const PARTITIONS: u32 = 4;
pub(super) const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1000;
pub(super) const HOUR_MS: i64 = 60 * 60 * 1000;
pub(super) const LIMITS: Limits = Limits {
    partitions: PARTITIONS,
    command_bytes_max: 200,
    batch_bytes_max: 1 << 20,
    cache_bytes_max: 1 << 20,
    remembered_ms: WEEK_MS,
};

/// A record of the commands topic.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) partition: u32,
    pub(super) offset: i64,
    pub(super) timestamp_ms: i64,
    pub(super) key: Option<Vec<u8>>,
    pub(super) value: Option<Vec<u8>>,
    pub(super) command_type: Option<&'static [u8]>,
}

/// What was produced, decoded.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Written {
    Event(EventEnvelope<Added>),
    Outcome(Outcome, i64),
    Forward(usize, u32),
    DeadLetter(usize, DeadLetter),
}

/// Events and outcomes of one partition as they were committed.
#[derive(Default, Clone)]
pub(super) struct Log {
    pub(super) events: Vec<Replay<EventEnvelope<Added>>>,
    pub(super) outcomes: Vec<Replay<Outcome>>,
}

pub(super) struct Pipeline {
    pub(super) machine: Machine<Counter>,
    pub(super) memory: Memory,
    pub(super) codec: DebugCodec,
    pub(super) logs: BTreeMap<u32, Log>,
    next_offsets: BTreeMap<u32, i64>,
    pub(super) now_ms: i64,
}

pub(super) fn partition_of(aggregate_id: &str) -> u32 {
    topology::partition_of(aggregate_id.as_bytes(), PARTITIONS)
}

impl Pipeline {
    /// All partitions open and empty.
    pub(super) fn new(limits: Limits) -> Self {
        let mut machine = Machine::new(limits);
        for partition in 0..PARTITIONS {
            machine.open(partition, Cursor::default());
        }
        Self {
            machine,
            memory: Memory::default(),
            codec: DebugCodec::default(),
            logs: BTreeMap::new(),
            next_offsets: BTreeMap::new(),
            now_ms: 1_000,
        }
    }

    /// A command as a client sends it, in its right partition, one millisecond later than the one before.
    pub(super) fn command(&mut self, id: u128, aggregate_id: &str, command: Command) -> Sent {
        self.expecting(id, aggregate_id, None, command)
    }

    pub(super) fn expecting(&mut self, id: u128, aggregate_id: &str, expected_version: Option<u64>, command: Command) -> Sent {
        let value = command_text(id, aggregate_id, expected_version, &command).into_bytes();
        self.record(partition_of(aggregate_id), Some(aggregate_id.as_bytes()), Some(&value))
    }

    pub(super) fn record(&mut self, partition: u32, key: Option<&[u8]>, value: Option<&[u8]>) -> Sent {
        let offset = self.next_offsets.entry(partition).or_default();
        *offset += 1;
        self.now_ms += 1;
        Sent {
            partition,
            offset: *offset - 1,
            timestamp_ms: self.now_ms,
            key: key.map(<[u8]>::to_vec),
            value: value.map(<[u8]>::to_vec),
            command_type: None,
        }
    }

    pub(super) fn decide(&mut self, sent: &[Sent]) -> Result<Batch, StepError> {
        self.decide_with(sent, &BTreeMap::new())
    }

    pub(super) fn decide_with(&mut self, sent: &[Sent], unreadable: &BTreeMap<u32, String>) -> Result<Batch, StepError> {
        let incoming: Vec<_> = sent.iter().map(incoming).collect();
        self.machine.decide(&self.memory, &mut self.codec, &incoming, unreadable)
    }

    /// Everything that a batch writes, in order.
    pub(super) fn written(&mut self, batch: &Batch) -> Vec<Written> {
        let mut written = Vec::new();
        for outgoing in &batch.outgoing {
            written.push(match outgoing {
                Outgoing::Event { value, .. } => Written::Event(self.codec.decode_event(batch.value(value)).unwrap()),
                Outgoing::Outcome { value, decided_at_ms, .. } => {
                    Written::Outcome(self.codec.decode_outcome(batch.value(value)).unwrap(), *decided_at_ms)
                }
                Outgoing::Forward { incoming, to_partition } => Written::Forward(*incoming, *to_partition),
                Outgoing::DeadLetter { incoming, reason, .. } => Written::DeadLetter(*incoming, reason.clone()),
            });
        }
        written
    }

    /// Commits a batch to the log, where each transaction takes one offset more for its marker. The mutations are not written.
    pub(super) fn commit(&mut self, sent: &[Sent], batch: Batch) -> Vec<Mutation> {
        let mut delivered: BTreeMap<u32, (Option<i64>, Option<i64>)> = BTreeMap::new();
        let written = self.written(&batch);
        for (outgoing, written) in batch.outgoing.iter().zip(written) {
            let (Outgoing::Event { incoming, .. } | Outgoing::Outcome { incoming, .. }) = outgoing else {
                continue;
            };
            let partition = sent[*incoming].partition;
            let log = self.logs.entry(partition).or_default();
            let delivered = delivered.entry(partition).or_default();
            match written {
                Written::Event(value) => {
                    let after_marker = i64::from(delivered.0.is_none());
                    let offset = log.events.last().map_or(0, |last| last.offset + 1 + after_marker);
                    log.events.push(Replay {
                        offset,
                        timestamp_ms: 0,
                        value,
                    });
                    delivered.0 = Some(offset + 1);
                }
                Written::Outcome(value, timestamp_ms) => {
                    let after_marker = i64::from(delivered.1.is_none());
                    let offset = log.outcomes.last().map_or(0, |last| last.offset + 1 + after_marker);
                    log.outcomes.push(Replay {
                        offset,
                        timestamp_ms,
                        value,
                    });
                    delivered.1 = Some(offset + 1);
                }
                Written::Forward(..) | Written::DeadLetter(..) => {}
            }
        }
        self.machine.committed(batch, &delivered)
    }

    /// Decides, commits and stores all of `sent`.
    pub(super) fn run(&mut self, sent: &[Sent]) -> Vec<Written> {
        let batch = self.decide(sent).unwrap();
        assert_eq!(batch.consumed, sent.len());
        let written = self.written(&batch);
        let mutations = self.commit(sent, batch);
        self.memory.apply(&mutations);
        written
    }

    /// The only outcome of one command.
    pub(super) fn answer(&mut self, sent: Sent) -> Outcome {
        match self.run(&[sent]).pop() {
            Some(Written::Outcome(outcome, _)) => outcome,
            other => panic!("an outcome comes last, not {other:?}"),
        }
    }

    /// The fingerprint of a command that expects no version.
    pub(super) fn fingerprint(&mut self, command: Command) -> Fingerprint {
        let envelope = CommandEnvelope {
            command_id: Uuid::from_u128(1),
            aggregate_id: String::new(),
            expected_version: None,
            issued_by: None,
            command,
        };
        Fingerprint::of(&mut self.codec, &envelope, &mut Vec::new())
    }

    /// The process restarts with its store.
    pub(super) fn restart(&mut self) {
        self.machine = Machine::new(self.machine.limits);
        for partition in 0..PARTITIONS {
            self.machine
                .open(partition, Cursor::load(&self.memory, partition).unwrap().unwrap_or_default());
        }
    }
}

pub(super) fn incoming(sent: &Sent) -> Incoming<'_> {
    Incoming {
        partition: sent.partition,
        offset: sent.offset,
        timestamp_ms: sent.timestamp_ms,
        key: sent.key.as_deref(),
        value: sent.value.as_deref(),
        content_type: None,
        command_type: sent.command_type,
    }
}

pub(super) fn add(slot: u8, amount: i64) -> Command {
    Command::Add { slot, amount }
}

pub(super) fn outcomes(written: &[Written]) -> Vec<&Outcome> {
    written
        .iter()
        .filter_map(|written| match written {
            Written::Outcome(outcome, _) => Some(outcome),
            Written::Event(_) | Written::Forward(..) | Written::DeadLetter(..) => None,
        })
        .collect()
}

pub(super) fn events(written: &[Written]) -> Vec<&EventEnvelope<Added>> {
    written
        .iter()
        .filter_map(|written| match written {
            Written::Event(event) => Some(event),
            Written::Outcome(..) | Written::Forward(..) | Written::DeadLetter(..) => None,
        })
        .collect()
}
