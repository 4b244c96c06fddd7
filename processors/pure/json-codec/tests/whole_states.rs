//! A state that is stored as one part is written once for each decision, however many events that has, and once for each aggregate of a replay.
#![allow(clippy::unwrap_used)]

use decider::{Codec, CommandEnvelope, Context, Cursor, Domain, Incoming, Limits, Machine, Outgoing, Rejection, Replay};
use json_codec::{Json, JsonCodec};
use keyvalue::{Memory, Mutation};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

const EVENTS: u64 = 2_000;
const SHELF: &str = "shelf/1";
const LIMITS: Limits = Limits {
    partitions: 1,
    command_bytes_max: 10_000,
    batch_bytes_max: 1 << 20,
    cache_bytes_max: 1 << 20,
    remembered_ms: 0,
};

#[derive(Debug)]
struct Shelf;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Command {
    Fill { books: u64 },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Event {
    Placed { book: u64 },
}

impl Domain for Shelf {
    type Command = Command;
    type Event = Event;
    type State = Vec<u64>;
    type Representation = Json;

    fn initial(_: &str) -> Vec<u64> {
        Vec::new()
    }

    fn decide(_: &Context<'_>, shelf: &Vec<u64>, Command::Fill { books }: &Command) -> Result<Vec<Event>, Rejection> {
        let from = shelf.len() as u64;
        Ok((from..from + books).map(|book| Event::Placed { book }).collect())
    }

    fn evolve(shelf: &mut Vec<u64>, Event::Placed { book }: &Event) {
        shelf.push(*book);
    }
}

/// The values of the parts that are put, with the version that each carries.
fn states(mutations: &[Mutation]) -> Vec<(Vec<u64>, u64)> {
    let puts = mutations.iter().filter_map(|mutation| match mutation {
        Mutation::Put { key, value } if key.ends_with(b"state") => value.split_last_chunk::<8>(),
        Mutation::Put { .. } | Mutation::Delete { .. } | Mutation::DeleteRange { .. } => None,
    });
    let read = |(state, version): (&[u8], &[u8; 8])| (serde_json::from_slice(state).unwrap(), u64::from_be_bytes(*version));
    puts.map(read).collect()
}

#[test]
fn a_decision_of_many_events_and_its_replay_store_the_state_once() {
    let (mut machine, mut memory, mut codec) = (Machine::<Shelf>::new(LIMITS), Memory::default(), JsonCodec::<Shelf>::default());
    machine.open(0, Cursor::default());
    let value = JsonCodec::<Shelf>::command(&CommandEnvelope {
        command_id: Uuid::from_u128(1),
        aggregate_id: SHELF.to_owned(),
        expected_version: None,
        issued_by: None,
        command: Command::Fill { books: EVENTS },
    });
    let incoming = Incoming {
        partition: 0,
        offset: 0,
        timestamp_ms: 1_000,
        key: Some(SHELF.as_bytes()),
        value: Some(&value),
        content_type: None,
        command_type: None,
    };
    let batch = machine.decide(&memory, &mut codec, &[incoming], &BTreeMap::new()).unwrap();
    let mut replays = Vec::new();
    for outgoing in &batch.outgoing {
        if let Outgoing::Event { value, event_type, .. } = outgoing {
            assert_eq!(*event_type, "Placed");
            let value = codec.decode_event(batch.value(value)).unwrap();
            replays.push(Replay {
                offset: i64::try_from(replays.len()).unwrap(),
                timestamp_ms: 1_000,
                value,
            });
        }
    }
    let mutations = machine.committed(batch, &BTreeMap::new());
    let expected = ((0..EVENTS).collect::<Vec<u64>>(), EVENTS);
    assert_eq!(states(&mutations), std::slice::from_ref(&expected));
    memory.apply(&mutations);
    let mut other = Machine::<Shelf>::new(LIMITS);
    other.open(0, Cursor::default());
    let mutations = other.replay_events(&Memory::default(), 0, &replays).unwrap();
    assert_eq!(states(&mutations), [expected]);
    assert_eq!(other.cache_size(), machine.cache_size());
}
