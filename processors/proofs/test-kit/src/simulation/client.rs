//! Clients of all kinds: commands and their resends, some to the wrong partition, and what is no command at all.

use crate::simulation::chance::Chance;
use crate::simulation::log::{Log, Record, Topic};
use crate::simulation::scenario::{Command, Scenario};
use crate::simulation::trace::Trace;
use std::collections::BTreeSet;
use uuid::Uuid;

/// A resend comes within this time of the first sending; later it would be a new command.
const RESEND_MS_MAX: i64 = 2 * 24 * 60 * 60 * 1000;
/// Resends are of the last so many commands.
const RESENDABLE_MAX: usize = 40;
/// How often a command is made until it is for the wanted aggregate.
const REUSE_TRIES_MAX: usize = 30;
/// Commands that are on their way while later ones overtake them.
const UNDER_WAY_MAX: usize = 5;
pub(crate) const COMMAND_BYTES_MAX: usize = 4096;

pub(crate) struct Client<S: Scenario> {
    scenario: S,
    partitions: u32,
    sent: Vec<Sent>,
    /// Sent, and not arrived yet.
    under_way: Vec<Sent>,
    /// Ids of commands that name the version which they expect.
    pub(crate) expecting: BTreeSet<Uuid>,
    pub(crate) garbage: BTreeSet<(u32, i64)>,
}

#[derive(Clone)]
struct Sent {
    id: Uuid,
    aggregate_id: String,
    first_ms: i64,
    record: Record,
}

impl<S: Scenario> Client<S> {
    pub(crate) fn new(scenario: S, partitions: u32) -> Self {
        Self {
            scenario,
            partitions,
            sent: Vec::new(),
            under_way: Vec::new(),
            expecting: BTreeSet::new(),
            garbage: BTreeSet::new(),
        }
    }

    /// Sends something.
    pub(crate) fn step(&mut self, log: &mut Log, chance: &mut Chance, trace: &mut Trace) {
        match chance.below(20) {
            0 => self.send_garbage(log, chance, trace),
            1..4 => self.send_again(log, chance, trace),
            4 => self.arrive_late(log, chance, trace),
            5 if !self.sent.is_empty() => self.reuse(log, chance, trace),
            _ => {
                let id = chance.uuid();
                let command = self.command(id, chance);
                self.send_new(id, command, log, chance, trace);
            }
        }
    }

    fn command(&mut self, id: Uuid, chance: &mut Chance) -> Command {
        let expected_version = chance.hits(100).then(|| chance.below(6));
        if expected_version.is_some() {
            self.expecting.insert(id);
        }
        self.scenario.command(id, expected_version, chance)
    }

    /// Gives an id that is in use to another command, of the same aggregate or of another one.
    fn reuse(&mut self, log: &mut Log, chance: &mut Chance, trace: &mut Trace) {
        let Sent { id, aggregate_id, .. } = self.sent[chance.index(self.sent.len())].clone();
        let wants_same = chance.hits(500);
        for _ in 0..REUSE_TRIES_MAX {
            let command = self.command(id, chance);
            if (command.aggregate_id == aggregate_id) == wants_same {
                let what = if wants_same {
                    "another command under an old id"
                } else {
                    "an old id for another aggregate"
                };
                trace.happened(what, format_args!("{id}"));
                self.send_new(id, command, log, chance, trace);
                return;
            }
        }
    }

    fn send_new(&mut self, id: Uuid, command: Command, log: &mut Log, chance: &mut Chance, trace: &mut Trace) {
        let record = Record {
            key: Some(command.aggregate_id.clone().into_bytes()),
            value: Some(command.value),
            content_type: command.content_type,
            ..Record::default()
        };
        let first_ms = log.now_ms;
        self.sent.push(Sent {
            id,
            aggregate_id: command.aggregate_id,
            first_ms,
            record,
        });
        if self.sent.len() > RESENDABLE_MAX {
            self.sent.remove(0);
        }
        self.send_first(self.sent.len() - 1, log, chance, trace);
    }

    /// A command arrives, at times twice at once, or is overtaken by later ones.
    fn send_first(&mut self, index: usize, log: &mut Log, chance: &mut Chance, trace: &mut Trace) {
        match chance.below(20) {
            0 if self.under_way.len() < UNDER_WAY_MAX => {
                trace.happened("held up", format_args!("{}", self.sent[index].id));
                self.under_way.push(self.sent[index].clone());
            }
            1 => {
                trace.happened("sent twice at once", format_args!("{}", self.sent[index].id));
                self.send(index, log, chance, trace);
                self.send(index, log, chance, trace);
            }
            _ => self.send(index, log, chance, trace),
        }
    }

    /// What was held up arrives after what was sent later, its own resends included.
    fn arrive_late(&mut self, log: &mut Log, chance: &mut Chance, trace: &mut Trace) {
        if self.under_way.is_empty() {
            return;
        }
        let index = chance.index(self.under_way.len());
        let Sent { id, first_ms, record, .. } = self.under_way.swap_remove(index);
        if log.now_ms - first_ms < RESEND_MS_MAX {
            let key = record.key.as_deref().unwrap_or_default();
            let partition = topology::partition_of(key, self.partitions);
            let offset = log.append(Topic::Commands, partition, record);
            trace.happened("overtaken", format_args!("{id} to {partition}/{offset}"));
        }
    }

    fn send_again(&mut self, log: &mut Log, chance: &mut Chance, trace: &mut Trace) {
        if self.sent.is_empty() {
            return;
        }
        let index = chance.index(self.sent.len());
        if log.now_ms - self.sent[index].first_ms < RESEND_MS_MAX {
            if chance.hits(100) {
                let Sent { id, record, .. } = &self.sent[index];
                let partition = any_partition(self.partitions, chance);
                let offset = log.append(Topic::Commands, partition, record.clone());
                trace.happened("resent by another client", format_args!("{id} to {partition}/{offset}"));
            } else {
                trace.happened("resent", format_args!("{}", self.sent[index].id));
                self.send(index, log, chance, trace);
            }
        }
    }

    /// The record may arrive or not.
    fn send(&mut self, index: usize, log: &mut Log, chance: &mut Chance, trace: &mut Trace) {
        let Sent { id, record, .. } = &self.sent[index];
        if chance.hits(20) {
            trace.happened("lost on the way", format_args!("{id}"));
            return;
        }
        let key = record.key.as_deref().unwrap_or_default();
        let right = topology::partition_of(key, self.partitions);
        let partition = if chance.hits(100) {
            trace.happened("misrouted", format_args!("{id}"));
            any_partition(self.partitions, chance)
        } else {
            right
        };
        let offset = log.append(Topic::Commands, partition, record.clone());
        trace.happened("sent", format_args!("{id} to {partition}/{offset}"));
    }

    fn send_garbage(&mut self, log: &mut Log, chance: &mut Chance, trace: &mut Trace) {
        let key = b"account/1".to_vec();
        let mut partition = topology::partition_of(&key, self.partitions);
        let mut record = Record {
            key: Some(key),
            value: Some(chance.bytes(60)),
            ..Record::default()
        };
        let kind = match chance.below(8) {
            0 => {
                record.key = None;
                partition = any_partition(self.partitions, chance);
                "no key"
            }
            1 => {
                record.value = None;
                "no value"
            }
            2 => {
                record.value = Some(vec![b' '; COMMAND_BYTES_MAX + 1]);
                "oversized"
            }
            3 => {
                record.key = Some(b"account/\n".to_vec());
                partition = any_partition(self.partitions, chance);
                "control character"
            }
            4 => {
                let command = self.scenario.command(chance.uuid(), None, chance);
                let key = format!("{}x", command.aggregate_id).into_bytes();
                partition = topology::partition_of(&key, self.partitions);
                (record.key, record.value, record.content_type) = (Some(key), Some(command.value), command.content_type);
                "key differs"
            }
            6 => {
                let id = if chance.hits(500) { Uuid::nil() } else { Uuid::max() };
                let command = self.scenario.command(id, None, chance);
                partition = topology::partition_of(command.aggregate_id.as_bytes(), self.partitions);
                (record.key, record.value, record.content_type) =
                    (Some(command.aggregate_id.into_bytes()), Some(command.value), command.content_type);
                "no command id"
            }
            5 => {
                record.value = Some(vec![0, 0, 0, 9, 9, 1, 2, 3]);
                "unknown schema"
            }
            _ => "random bytes",
        };
        let offset = log.append(Topic::Commands, partition, record);
        trace.happened("garbage", format_args!("{kind} to {partition}/{offset}"));
        self.garbage.insert((partition, offset));
    }
}

fn any_partition(partitions: u32, chance: &mut Chance) -> u32 {
    u32::try_from(chance.below(u64::from(partitions))).expect("less than the partitions")
}
