//! Events of a first build, read by a later build of the domain that has changed their form: by a replay, by the audit, and by a view.
#![allow(clippy::unwrap_used)]

use application::{ProjectError, Refusal, Route, View};
use auditor::{Auditor, Invariant, Options, Partition, Place, Record, Seen, Topic, Verdict};
use decider::{Codec, CommandEnvelope, Context, Cursor, Domain, EventEnvelope, Incoming, Limits, Machine, Outgoing, Rejection, Replay};
use json_codec::{EventForms, Json, JsonCodec};
use keyvalue::{Memory, Mutation, Read};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Debug;
use uuid::Uuid;

const TANK: &str = "tank/1";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Command {
    Fill { liters: u64 },
}

/// A tank that is filled, in one build or another.
trait Build: Debug + Send + Sync + 'static {
    type Event: Debug + Clone + PartialEq + Send + Serialize + for<'de> Deserialize<'de>;
    fn filled(liters: u64) -> Self::Event;
    fn milliliters(event: &Self::Event) -> u64;
}

#[derive(Debug)]
struct First;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum FirstEvent {
    Filled { liters: u64 },
}

impl Build for First {
    type Event = FirstEvent;

    fn filled(liters: u64) -> FirstEvent {
        FirstEvent::Filled { liters }
    }

    fn milliliters(FirstEvent::Filled { liters }: &FirstEvent) -> u64 {
        liters * 1000
    }
}

/// Counts in milliliters, and has another name for the event.
#[derive(Debug)]
struct Later;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum LaterEvent {
    Refilled {
        milliliters: u64,
        #[serde(default)]
        source: Option<String>,
    },
}

impl Build for Later {
    type Event = LaterEvent;

    fn filled(liters: u64) -> LaterEvent {
        LaterEvent::Refilled {
            milliliters: liters * 1000,
            source: None,
        }
    }

    fn milliliters(LaterEvent::Refilled { milliliters, .. }: &LaterEvent) -> u64 {
        *milliliters
    }
}

/// Version 1 counted in liters; version 2 in milliliters; version 3 has another name.
#[derive(Debug)]
struct Forms;

impl EventForms for Forms {
    const VERSION: u32 = 3;

    fn upcast(from: u32, mut payload: Value) -> Result<Value, String> {
        match from {
            1 => {
                let liters = payload["Filled"]["liters"].as_u64().ok_or("Filled without liters")?;
                Ok(json!({ "Filled": { "milliliters": liters * 1000 } }))
            }
            _ => Ok(json!({ "Refilled": payload["Filled"].take() })),
        }
    }
}

/// An upcast with a bug: a liter has 100 milliliters.
#[derive(Debug)]
struct WrongForms;

impl EventForms for WrongForms {
    const VERSION: u32 = 3;

    fn upcast(from: u32, mut payload: Value) -> Result<Value, String> {
        if let Some(liters) = payload["Filled"]["liters"].as_u64() {
            payload["Filled"]["liters"] = json!(liters / 10);
        }
        Forms::upcast(from, payload)
    }
}

#[derive(Debug)]
struct Tank<B>(B);

impl<B: Build> Domain for Tank<B> {
    type Command = Command;
    type Event = B::Event;
    type State = u64;
    type Representation = Json;

    fn initial(_: &str) -> u64 {
        0
    }

    fn decide(_: &Context<'_>, _: &u64, Command::Fill { liters }: &Command) -> Result<Vec<B::Event>, Rejection> {
        Ok(vec![B::filled(*liters)])
    }

    fn evolve(state: &mut u64, event: &B::Event) {
        *state += B::milliliters(event);
    }
}

const LIMITS: Limits = Limits {
    partitions: 1,
    command_bytes_max: 10_000,
    batch_bytes_max: 1 << 20,
    cache_bytes_max: 1 << 20,
    remembered_ms: 0,
};

#[derive(Default)]
struct Log {
    commands: Vec<Seen>,
    events: Vec<Seen>,
    outcomes: Vec<Seen>,
}

fn record(topic: Topic, offset: usize, value: &[u8]) -> Record {
    Record {
        place: Place {
            topic,
            partition: 0,
            offset: i64::try_from(offset).unwrap(),
        },
        timestamp_ms: 1_000,
        key: Some(TANK.as_bytes().to_vec()),
        value: Some(value.to_vec()),
        headers: Vec::new(),
    }
}

fn value(seen: &Seen) -> &[u8] {
    match seen {
        Seen::Committed(record) | Seen::Aborted(record) => record.value.as_deref().unwrap(),
    }
}

/// Ten commands and what the first build made of them. Its records say no version: they were written before there was one.
fn log_of_the_first_build() -> Log {
    let (mut log, mut machine, memory) = (Log::default(), Machine::<Tank<First>>::new(LIMITS), Memory::default());
    let mut codec = JsonCodec::<Tank<First>>::default();
    machine.open(0, Cursor::default());
    for number in 0..10 {
        let command = CommandEnvelope {
            command_id: Uuid::from_u128(number + 1),
            aggregate_id: TANK.to_owned(),
            expected_version: None,
            issued_by: None,
            command: Command::Fill {
                liters: u64::try_from(number).unwrap() + 1,
            },
        };
        let command = record(Topic::Commands, log.commands.len(), &JsonCodec::<Tank<First>>::command(&command));
        let incoming = Incoming {
            partition: 0,
            offset: command.place.offset,
            timestamp_ms: command.timestamp_ms,
            key: command.key.as_deref(),
            value: command.value.as_deref(),
            content_type: None,
            command_type: None,
        };
        let batch = machine.decide(&memory, &mut codec, &[incoming], &BTreeMap::new()).unwrap();
        for outgoing in &batch.outgoing {
            match outgoing {
                Outgoing::Event { value, .. } => {
                    let mut event: Value = serde_json::from_slice(batch.value(value)).unwrap();
                    assert_eq!(event.as_object_mut().unwrap().remove("payload_version"), Some(json!(1)));
                    let event = record(Topic::Events, log.events.len(), event.to_string().as_bytes());
                    log.events.push(Seen::Committed(event));
                }
                Outgoing::Outcome { value, .. } => {
                    let outcome = record(Topic::Outcomes, log.outcomes.len(), batch.value(value));
                    log.outcomes.push(Seen::Committed(outcome));
                }
                other @ (Outgoing::Forward { .. } | Outgoing::DeadLetter { .. }) => panic!("{other:?}"),
            }
        }
        machine.committed(batch, &BTreeMap::new());
        log.commands.push(Seen::Committed(command));
    }
    log
}

fn read_by<F: EventForms>(log: &Log) -> Vec<EventEnvelope<LaterEvent>> {
    let mut codec = JsonCodec::<Tank<Later>, F>::default();
    let read = |seen| codec.decode_event(value(seen)).unwrap();
    log.events.iter().map(read).collect()
}

fn audit<F: EventForms>(log: &Log) -> Verdict {
    let codec = JsonCodec::<Tank<Later>, F>::default();
    let options = Options {
        partitions: 1,
        drained: true,
        remembered_ms: 0,
    };
    let store = std::cell::RefCell::new(Memory::default());
    let mut auditor = Auditor::<Tank<Later>, _, _>::new(codec, Box::new(|_| Ok(Err("there is none".to_owned()))), store, LIMITS, options);
    let partition = Partition {
        number: 0,
        begins_at: 0,
        committed: Some(10),
        committed_after: &mut || Ok(Some(10)),
        commands: log.commands.iter().cloned().map(Ok),
        events: log.events.iter().cloned().map(Ok),
        outcomes: log.outcomes.iter().cloned().map(Ok),
    };
    auditor.partition(partition, &mut |_| {}).unwrap();
    auditor.finish().unwrap()
}

#[test]
fn a_replay_makes_the_same_state_of_former_events() {
    let events = read_by::<Forms>(&log_of_the_first_build());
    let replays: Vec<_> = events
        .into_iter()
        .zip(0..)
        .map(|(value, offset)| Replay {
            offset,
            timestamp_ms: 1_000,
            value,
        })
        .collect();
    let (mut machine, memory) = (Machine::<Tank<Later>>::new(LIMITS), Memory::default());
    machine.open(0, Cursor::default());
    let mutations = machine.replay_events(&memory, 0, &replays).unwrap();
    let puts = mutations.iter().filter_map(|mutation| match mutation {
        Mutation::Put { value, .. } => Some(value.as_slice()),
        Mutation::Delete { .. } | Mutation::DeleteRange { .. } => None,
    });
    // The state is stored once for ten events, with the version of the last one.
    let stored: Vec<&[u8]> = puts.filter(|value| value.starts_with(b"55000")).collect();
    assert_eq!(stored, [[b"55000".as_slice(), &10_u64.to_be_bytes()].concat()]);
}

#[test]
fn the_audit_decides_the_former_commands_again_and_finds_the_former_events() {
    let verdict = audit::<Forms>(&log_of_the_first_build());
    assert!(verdict.holds(), "{:#?}", verdict.kept);
    assert_eq!(
        (verdict.counts.redecided, verdict.counts.events, verdict.counts.trusted),
        (10, 10, 0)
    );
}

#[test]
fn the_audit_shows_an_upcast_that_gives_something_else_than_the_domain_decides() {
    let verdict = audit::<WrongForms>(&log_of_the_first_build());
    let found = &verdict.kept[0];
    assert_eq!((found.invariant, verdict.violations), (Invariant::I7, 1));
    assert!(
        found.what.contains("gives another event") && found.what.contains("milliliters: 1000"),
        "{}",
        found.what
    );
}

/// How much is in each tank.
#[derive(Default)]
struct Levels;

impl View for Levels {
    type Event = LaterEvent;
    type Question = ();

    const NAME: &'static str = "levels";
    const VERSION: u32 = 1;
    const ROUTES: &'static [Route<()>] = &[];

    fn project(&mut self, _: u32, event: &EventEnvelope<LaterEvent>, read: &impl Read) -> Result<Vec<Mutation>, ProjectError> {
        let key = event.aggregate_id.clone().into_bytes();
        let before = read.get(&key, |value| String::from_utf8_lossy(value).parse::<u64>().unwrap())?;
        let value = (before.unwrap_or(0) + Later::milliliters(&event.event)).to_string().into_bytes();
        Ok(vec![Mutation::Put { key, value }])
    }

    fn answer((): &(), _: &impl Read) -> Result<Vec<u8>, Refusal> {
        Ok(Vec::new())
    }
}

#[test]
fn a_view_projects_former_events() {
    let (mut memory, mut view) = (Memory::default(), Levels);
    for event in read_by::<Forms>(&log_of_the_first_build()) {
        let mutations = view.project(0, &event, &memory).unwrap();
        memory.apply(&mutations);
    }
    let level = memory.get(TANK.as_bytes(), |value| String::from_utf8_lossy(value).into_owned());
    assert_eq!(level, Ok(Some("55000".to_owned())));
}
