//! A small view for tests: the last text of each aggregate, which may not be repeated, and the number of all events.

use crate::applying::LocatedEvent;
use application::{ProjectError, Refusal, Route, View};
use decider::EventEnvelope;
use keyvalue::{Mutation, Read};

pub(crate) const PARTITIONS: u32 = 2;

/// Panics at the text `panic`, after it has begun with it, and at the end of a step after `unsettled`.
#[derive(Default)]
pub(crate) struct Texts {
    events: u64,
    is_unsettled: bool,
}

impl View for Texts {
    type Event = String;
    type Question = ();

    const NAME: &'static str = "texts";
    const VERSION: u32 = 1;
    const ROUTES: &'static [Route<()>] = &[];

    fn project(&mut self, _: u32, event: &EventEnvelope<String>, read: &impl Read) -> Result<Vec<Mutation>, ProjectError> {
        const COUNT: &[u8] = b"count";
        if self.events == 0 {
            let stored = read.get(COUNT, |bytes| u64::from_be_bytes(bytes.try_into().unwrap()))?;
            self.events = stored.unwrap_or(0);
        }
        self.events += 1;
        self.is_unsettled |= event.event == "unsettled";
        assert!(event.event != "panic", "this one is too much");
        let key = match event.event.as_str() {
            "outside" => vec![0, 1],
            _ => [b"text/", event.aggregate_id.as_bytes()].concat(),
        };
        if read.get(&key, |held| held == event.event.as_bytes())? == Some(true) {
            return Err(ProjectError::unfit(&event.event, "it was said before"));
        }
        let put = |key: Vec<u8>, value: Vec<u8>| Mutation::Put { key, value };
        Ok(vec![
            put(key, event.event.clone().into_bytes()),
            put(COUNT.to_vec(), self.events.to_be_bytes().to_vec()),
        ])
    }

    fn settle(&mut self) -> Vec<Mutation> {
        assert!(!self.is_unsettled, "nothing is settled");
        Vec::new()
    }

    fn answer(_: &(), _: &impl Read) -> Result<Vec<u8>, Refusal> {
        Ok(Vec::new())
    }
}

/// An aggregate that belongs in the partition of two, if it has such an aggregate.
pub(crate) fn aggregate(partition: u32, number: u64) -> String {
    let mut names = ('a'..='z').map(|letter| format!("{partition}{letter}{number}"));
    names
        .find(|name| topology::partition_of(name.as_bytes(), PARTITIONS) == partition % PARTITIONS)
        .unwrap()
}

/// Event `sequence` of `partition`, of an aggregate of its own, at an offset that leaves room for markers.
pub(crate) fn located(partition: u32, sequence: u64) -> LocatedEvent<String> {
    of(partition, sequence, &aggregate(partition, sequence), &format!("text {sequence}"))
}

pub(crate) fn of(partition: u32, sequence: u64, aggregate_id: &str, text: &str) -> LocatedEvent<String> {
    LocatedEvent {
        partition,
        offset: offset(sequence),
        event: EventEnvelope {
            sequence,
            aggregate_id: aggregate_id.to_owned(),
            version: 1,
            command_id: uuid::Uuid::nil(),
            command_offset: 0,
            decided_at_ms: 0,
            event: text.to_owned(),
        },
    }
}

pub(crate) fn offset(sequence: u64) -> i64 {
    sequence.cast_signed() * 2
}
