//! A log of the bank as a processor writes it, to be spoiled by tests.

use crate::{Auditor, Commit, Counts, Invariant, Options, Partition, Place, Record, Schemas, Seen, SourceError, Topic, Verdict};
use bank_example::{Bank, Codec, Command};
use decider::{Codec as _, CommandEnvelope, Cursor, Domain, EventEnvelope, Incoming, Limits, Machine, Outcome, Outgoing};
use keyvalue::Memory;
use std::cell::RefCell;
use std::collections::BTreeMap;
use uuid::Uuid;

pub(super) const PARTITIONS: u32 = 2;
pub(super) const REMEMBERED_MS: i64 = 7 * 24 * 60 * 60 * 1000;

pub(super) fn limits() -> Limits {
    Limits {
        partitions: PARTITIONS,
        command_bytes_max: 10_000,
        batch_bytes_max: 1 << 20,
        cache_bytes_max: 1 << 20,
        remembered_ms: REMEMBERED_MS,
    }
}

#[derive(Clone, Default)]
pub(super) struct Topics {
    pub(super) commands: Vec<Seen>,
    pub(super) events: Vec<Seen>,
    pub(super) outcomes: Vec<Seen>,
    pub(super) begins_at: i64,
    pub(super) committed: i64,
    pub(super) committed_after: i64,
}

#[derive(Clone, Default)]
pub(super) struct Log {
    pub(super) partitions: Vec<Topics>,
    pub(super) letters: Vec<Seen>,
    pub(super) commits: Vec<Commit>,
    pub(super) drained: bool,
    /// Id of the commands topic, where the audit is to know it.
    pub(super) topic_id: Option<String>,
    /// For how long the audit expects a command id to be remembered.
    pub(super) remembered_ms: i64,
    /// Whether the audit may assume that this build has decided the log.
    pub(super) is_of_this_build: bool,
    /// The group has no committed offset.
    pub(super) has_no_group_offset: bool,
}

fn record(topic: Topic, partition: u32, offset: i64, key: &[u8], value: Vec<u8>) -> Record {
    Record {
        place: Place { topic, partition, offset },
        timestamp_ms: 1_000_000 + offset,
        key: Some(key.to_vec()),
        value: Some(value),
        headers: Vec::new(),
    }
}

/// The next offset of a topic: every record is a transaction of its own, whose marker takes an offset.
fn next_offset(records: &[Seen]) -> i64 {
    records.last().map_or(0, |seen| of(seen).place.offset + 2)
}

pub(super) fn of(seen: &Seen) -> &Record {
    match seen {
        Seen::Committed(record) | Seen::Aborted(record) => record,
    }
}

pub(super) fn of_mut(seen: &mut Seen) -> &mut Record {
    match seen {
        Seen::Committed(record) | Seen::Aborted(record) => record,
    }
}

impl Log {
    /// A history with accepted, rejected, repeated, forwarded and unreadable commands, ids that are given twice, and one change of owners.
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    /// The same, with what `more` appends before anything is decided.
    pub(super) fn with(more: impl FnOnce(&mut Self)) -> Self {
        let mut log = Self {
            partitions: vec![Topics::default(); PARTITIONS as usize],
            remembered_ms: REMEMBERED_MS,
            ..Self::default()
        };
        for number in 0..200_u64 {
            log.send(number);
        }
        more(&mut log);
        log.decide();
        log
    }

    fn send(&mut self, number: u64) {
        // Every eleventh is sent again under its first id, and some ids are given to other commands or to other aggregates.
        let is_resent = number > 20 && number % 11 == 7;
        let is_reused = number > 20 && number % 17 == 3 && !is_resent;
        let is_elsewhere = number > 20 && number % 19 == 4 && !is_resent && !is_reused;
        let id = match number {
            _ if is_resent || is_elsewhere => number - 7,
            _ if is_reused => number - 14,
            _ => number,
        };
        let asked = if is_resent { id } else { number };
        let account = format!("account/{}", if is_elsewhere { number + 1 } else { number } % 7);
        let command = match asked {
            0..14 => Command::Open { holder: "Ada".to_owned() },
            _ if asked.is_multiple_of(3) => Command::Withdraw { cents: 40 },
            _ if asked.is_multiple_of(5) => Command::Withdraw { cents: 100_000 },
            _ => Command::Deposit { cents: asked },
        };
        let envelope = CommandEnvelope {
            command_id: Uuid::from_u64_pair(9, id),
            aggregate_id: account,
            expected_version: None,
            issued_by: None,
            command,
        };
        let key = envelope.aggregate_id.clone();
        let value = if number % 50 == 33 {
            b"no command".to_vec()
        } else {
            Codec::command(&envelope)
        };
        let belongs_in = topology::partition_of(key.as_bytes(), PARTITIONS);
        let partition = if number % 40 == 25 {
            (belongs_in + 1) % PARTITIONS
        } else {
            belongs_in
        };
        self.append_command(partition, key.as_bytes(), value, None);
    }

    /// Returns its offset.
    pub(super) fn append_command(&mut self, partition: u32, key: &[u8], value: Vec<u8>, forwarded_from: Option<String>) -> i64 {
        let commands = &mut self.partitions[partition as usize].commands;
        let mut record = record(Topic::Commands, partition, next_offset(commands), key, value);
        record
            .headers
            .extend(forwarded_from.map(|from| ("forwarded-from".to_owned(), Some(from.into_bytes()))));
        let offset = record.place.offset;
        commands.push(Seen::Committed(record));
        offset
    }

    /// What a processor makes of all commands.
    fn decide(&mut self) {
        let (mut machine, mut memory, mut codec) = (Machine::<Bank>::new(limits()), Memory::default(), Codec::default());
        (0..PARTITIONS).for_each(|partition| machine.open(partition, Cursor::default()));
        let mut next = vec![0_usize; PARTITIONS as usize];
        let mut decided = 0;
        while let Some(partition) = (0..PARTITIONS as usize).find(|partition| next[*partition] < self.partitions[*partition].commands.len())
        {
            let command = of(&self.partitions[partition].commands[next[partition]]).clone();
            next[partition] += 1;
            let incoming = Incoming {
                partition: command.place.partition,
                offset: command.place.offset,
                timestamp_ms: command.timestamp_ms,
                key: command.key.as_deref(),
                value: command.value.as_deref(),
                content_type: None,
                command_type: None,
            };
            let batch = machine.decide(&memory, &mut codec, &[incoming], &BTreeMap::new()).unwrap();
            decided += 1;
            for outgoing in &batch.outgoing {
                self.write(&command, outgoing, &|range| batch.value(range).to_vec(), decided);
            }
            memory.apply(&machine.committed(batch, &BTreeMap::new()));
            self.commit(&command, decided);
        }
    }

    fn write(&mut self, command: &Record, outgoing: &Outgoing, value: &dyn Fn(&std::ops::Range<usize>) -> Vec<u8>, decided: u64) {
        let (partition, key) = (command.place.partition, command.key.clone().unwrap());
        let topics = &mut self.partitions[partition as usize];
        match outgoing {
            Outgoing::Event { value: range, .. } => {
                let offset = next_offset(&topics.events);
                topics
                    .events
                    .push(Seen::Committed(record(Topic::Events, partition, offset, &key, value(range))));
            }
            Outgoing::Outcome {
                value: range,
                decided_at_ms,
                ..
            } => {
                let offset = next_offset(&topics.outcomes);
                let mut record = record(Topic::Outcomes, partition, offset, &key, value(range));
                record.timestamp_ms = *decided_at_ms;
                record.headers.push(("owner".to_owned(), Some(owner(partition, decided).1)));
                topics.outcomes.push(Seen::Committed(record));
            }
            Outgoing::Forward { to_partition, .. } => {
                let from = format!("{partition}/{}", command.place.offset);
                self.append_command(*to_partition, &key, command.value.clone().unwrap(), Some(from));
            }
            Outgoing::DeadLetter { reason, .. } => {
                let mut letter = record(
                    Topic::DeadLetters,
                    0,
                    next_offset(&self.letters),
                    &key,
                    command.value.clone().unwrap(),
                );
                for (name, value) in [
                    ("partition", partition.to_string()),
                    ("offset", command.place.offset.to_string()),
                    ("reason", reason.to_string()),
                ] {
                    letter.headers.push((name.to_owned(), Some(value.into_bytes())));
                }
                self.letters.push(Seen::Committed(letter));
            }
        }
    }

    fn commit(&mut self, command: &Record, decided: u64) {
        let partition = command.place.partition;
        let topics = &mut self.partitions[partition as usize];
        let owner = owner(partition, decided).0;
        let last = self.commits.iter().rev().find(|commit| commit.partition == partition).cloned();
        let mut at = self.commits.last().map_or(0, |commit| commit.at.1 + 1);
        if let Some(claimed) = last
            && claimed.owner != owner
        {
            self.commits.push(Commit {
                owner: owner.clone(),
                at: (3, at),
                ..claimed
            });
            at += 1;
        }
        topics.committed = command.place.offset + 1;
        topics.committed_after = topics.committed;
        self.commits.push(Commit {
            partition,
            offset: Some(topics.committed),
            owner,
            topic_id: None,
            at: (3, at),
        });
    }

    /// As if the commands topic had been deleted and created again when half of the commands of each partition were decided.
    pub(super) fn recreate_commands(&mut self) {
        self.topic_id = Some("now".to_owned());
        self.begin_at_half(|offset, first| {
            if offset < first {
                ("before", offset)
            } else {
                ("now", offset - first)
            }
        });
    }

    /// As if half of the commands of each partition had been decided in another log, from which events and outcomes were carried.
    pub(super) fn carry(&mut self) {
        self.begin_at_half(|offset, first| (if offset < first { "before" } else { "now" }, offset - first));
        self.letters.retain(|seen| of(seen).commands_topic() == Some("now"));
        self.commits.retain(|commit| commit.topic_id.as_deref() == Some("now"));
        let records = self
            .partitions
            .iter_mut()
            .flat_map(|topics| topics.events.iter_mut().chain(&mut topics.outcomes));
        for seen in records.chain(&mut self.letters) {
            of_mut(seen).headers.retain(|(name, _)| name != "command");
        }
    }

    /// `moved` gives the topic of a command, and its offset there, from its offset and that of the first one of the second half.
    fn begin_at_half(&mut self, moved: impl Fn(i64, i64) -> (&'static str, i64)) {
        let half = |topics: &Topics| of(&topics.commands[topics.commands.len() / 2]).place.offset;
        let first: Vec<i64> = self.partitions.iter().map(half).collect();
        let moved = |partition: u32, offset: i64| moved(offset, first[partition as usize]);
        let name = |record: &mut Record, (topic, offset): (&str, i64)| {
            let header = format!("{topic}/{offset}/-").into_bytes();
            record.headers.push(("command".to_owned(), Some(header)));
        };
        for (number, topics) in (0..).zip(&mut self.partitions) {
            topics.commands.retain(|seen| moved(number, of(seen).place.offset).0 == "now");
            for seen in &mut topics.commands {
                let record = of_mut(seen);
                record.place.offset = moved(number, record.place.offset).1;
                for (name, value) in record.headers.iter_mut().filter(|(name, _)| name == "forwarded-from") {
                    let text = String::from_utf8(value.take().unwrap()).unwrap();
                    let (from, offset) = text.split_once('/').unwrap();
                    let (topic, offset) = moved(from.parse().unwrap(), offset.parse().unwrap());
                    // What the former topic held is not looked for.
                    let offset = if topic == "now" { offset } else { offset + 1_000_000 };
                    assert_eq!(name, "forwarded-from");
                    *value = Some(format!("{from}/{offset}").into_bytes());
                }
            }
            for seen in &mut topics.events {
                let at = moved(number, event(seen).command_offset);
                set_event(seen, |event| event.command_offset = at.1);
                name(of_mut(seen), at);
            }
            for seen in &mut topics.outcomes {
                let at = moved(number, outcome(seen).command_offset);
                set_outcome(seen, |outcome| {
                    outcome.command_offset = at.1;
                    outcome
                        .rejection
                        .iter_mut()
                        .for_each(|rejection| rename_first(rejection, |offset| moved(number, offset).1));
                });
                name(of_mut(seen), at);
            }
            for committed in [&mut topics.committed, &mut topics.committed_after] {
                *committed = moved(number, *committed).1;
            }
        }
        for seen in &mut self.letters {
            let record = of_mut(seen);
            let number = |record: &Record, name: &str| record.text(name).unwrap().parse::<i64>().unwrap();
            let partition = u32::try_from(number(record, "partition")).unwrap();
            let at = moved(partition, number(record, "offset"));
            record.headers.push(("offset".to_owned(), Some(at.1.to_string().into_bytes())));
            name(record, at);
        }
        for commit in &mut self.commits {
            let (topic, offset) = moved(commit.partition, commit.offset.unwrap());
            (commit.topic_id, commit.offset) = (Some(topic.to_owned()), Some(offset));
        }
    }

    pub(super) fn audit(&self) -> Verdict {
        self.audit_with(Codec::default())
    }

    /// The same with another reader of the records; the registry has no schema at all.
    pub(super) fn audit_with(&self, codec: impl decider::Codec<Bank>) -> Verdict {
        self.audit_reporting(codec, &mut |_| {})
    }

    /// The same with reports of progress.
    pub(super) fn audit_reporting(&self, codec: impl decider::Codec<Bank>, progress: &mut dyn FnMut(&Counts)) -> Verdict {
        self.audit_as::<Bank>(codec, Box::new(|_| Ok(Err("there is none".to_owned()))), progress)
    }

    /// The same by any domain with the bank's records, and with any registry.
    pub(super) fn audit_as<D: Domain>(
        &self,
        codec: impl decider::Codec<D>,
        schemas: Schemas<'_>,
        progress: &mut dyn FnMut(&Counts),
    ) -> Verdict {
        let options = Options {
            partitions: PARTITIONS,
            drained: self.drained,
            remembered_ms: self.remembered_ms,
        };
        let store = RefCell::new(Memory::default());
        let mut auditor = Auditor::<D, _, _>::new(codec, schemas, store, limits(), options);
        if self.is_of_this_build {
            auditor = auditor.of_this_build();
        }
        if let Some(topic_id) = &self.topic_id {
            auditor = auditor.of_commands_topic(topic_id.clone());
        }
        for letter in &self.letters {
            auditor.dead_letter(letter.clone()).unwrap();
        }
        for commit in &self.commits {
            auditor.commit(commit);
        }
        for seen in self.partitions.iter().flat_map(|topics| &topics.outcomes) {
            auditor.rewritten(seen).unwrap();
        }
        for (number, topics) in (0..).zip(&self.partitions) {
            let partition = Partition {
                number,
                begins_at: topics.begins_at,
                committed: Some(topics.committed).filter(|_| !self.has_no_group_offset),
                committed_after: &mut || Ok(Some(topics.committed_after).filter(|_| !self.has_no_group_offset)),
                commands: records(&topics.commands),
                events: records(&topics.events),
                outcomes: records(&topics.outcomes),
            };
            auditor.partition(partition, progress).unwrap();
        }
        auditor.finish().unwrap()
    }

    /// The check that it is for finds it, and says so in words.
    pub(super) fn check(&self, invariant: Invariant, words: &str) {
        let verdict = self.audit();
        let found = verdict
            .kept
            .iter()
            .any(|violation| violation.invariant == invariant && violation.what.contains(words));
        assert!(
            found && !verdict.holds(),
            "no {invariant:?} with {words:?} among {:#?}",
            verdict.kept
        );
    }
}

/// Transactional id and session: the second owner takes over each partition in the middle of it.
fn owner(partition: u32, decided: u64) -> (String, Vec<u8>) {
    let second = if partition == 0 { decided > 30 } else { decided > 150 };
    let name = if second { "two" } else { "one" };
    (name.to_owned(), format!("{name}/18f3a").into_bytes())
}

pub(super) fn event(seen: &Seen) -> EventEnvelope<bank_example::Event> {
    decider::Codec::<Bank>::decode_event(&mut Codec::default(), of(seen).value.as_deref().unwrap()).unwrap()
}

pub(super) fn outcome(seen: &Seen) -> Outcome {
    decider::Codec::<Bank>::decode_outcome(&mut Codec::default(), of(seen).value.as_deref().unwrap()).unwrap()
}

pub(super) fn set_event(seen: &mut Seen, change: impl FnOnce(&mut EventEnvelope<bank_example::Event>)) {
    let mut envelope = event(seen);
    change(&mut envelope);
    let mut bytes = Vec::new();
    decider::Codec::<Bank>::encode_event(&mut Codec::default(), &envelope, &mut bytes);
    of_mut(seen).value = Some(bytes);
}

pub(super) fn set_outcome(seen: &mut Seen, change: impl FnOnce(&mut Outcome)) {
    let mut envelope = outcome(seen);
    change(&mut envelope);
    let mut bytes = Vec::new();
    Codec::default().encode_outcome(&envelope, &mut bytes);
    of_mut(seen).value = Some(bytes);
}

/// What refuses an id that was given to another command names the offset of that one.
fn rename_first(rejection: &mut decider::Rejection, moved: impl Fn(i64) -> i64) {
    for fact in &mut rejection.facts {
        if let Some(offset) = fact.get_mut("first_command_offset") {
            let now = moved(offset.parse().unwrap()).to_string();
            rejection.message = rejection
                .message
                .replace(&format!("at offset {offset} of"), &format!("at offset {now} of"));
            *offset = now;
        }
    }
}

fn records(seen: &[Seen]) -> impl Iterator<Item = Result<Seen, SourceError>> {
    seen.iter().cloned().map(Ok)
}
