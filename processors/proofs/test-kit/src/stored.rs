//! What is written comes back: states from their stored parts, records from their bytes.

use crate::report::{difference_of, indented, list};
use crate::simulation::Chance;
use application::Application;
use decider::{Codec, CommandEnvelope, Context, Domain, EventEnvelope, Parts, Representation};
use json_codec::JsonCodec;
use keyvalue::{Memory, Order, Read, prefix_end};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::ControlFlow;
use uuid::Uuid;

/// Commands of one history.
const COMMANDS: u64 = 200;
const BEGIN_MS: i64 = 1_767_225_600_000;
const HOUR_MS: u64 = 60 * 60 * 1000;

/// Decides histories of commands, as many as there are seeds to be. Each state has to come back from its stored parts as the machine writes them, event
/// by event; each command and each event from its bytes; and every accepted command leads to events that can be applied.
///
/// # Panics
/// When one does not: with its history, and what differs.
#[track_caller]
pub fn check_stored<A>(seeds: u64, mut command: impl FnMut(&mut Chance) -> (String, A::Command))
where
    A: Application<Command: Serialize + Clone + Debug + PartialEq, State: Debug + PartialEq>,
{
    for seed in 1..=seeds {
        let (mut chance, mut aggregates) = (Chance::new(seed), BTreeMap::new());
        let mut now_ms = BEGIN_MS;
        for _ in 0..COMMANDS {
            now_ms += i64::try_from(chance.below(HOUR_MS)).expect("less than an hour");
            let (id, command) = command(&mut chance);
            let command_id = chance.uuid();
            check_command::<A>(&id, command_id, &command);
            let aggregate = aggregates.entry(id.clone()).or_insert_with(|| Aggregate::<A>::new(&id));
            let context = Context {
                aggregate_id: &id,
                version: aggregate.version,
                command_id,
                decided_at_ms: now_ms,
            };
            for event in A::decide(&context, &aggregate.state, &command).unwrap_or_default() {
                aggregate.apply(event.clone());
                check_event::<A>(&EventEnvelope {
                    sequence: 1,
                    aggregate_id: id.clone(),
                    version: aggregate.version,
                    command_id,
                    command_offset: 0,
                    decided_at_ms: now_ms,
                    event,
                });
            }
        }
    }
}

/// One aggregate with its stored parts.
pub(crate) struct Aggregate<D: Domain> {
    pub(crate) id: String,
    pub(crate) state: D::State,
    pub(crate) version: u64,
    pub(crate) events: Vec<D::Event>,
    parts: Memory,
}

impl<D: Domain<State: Debug + PartialEq>> Aggregate<D> {
    pub(crate) fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            state: D::initial(id),
            version: 0,
            events: Vec::new(),
            parts: Memory::default(),
        }
    }

    /// After the event, the state has to come back from its parts.
    #[track_caller]
    pub(crate) fn apply(&mut self, event: D::Event) {
        D::evolve(&mut self.state, &event);
        self.version += 1;
        let mut mutations = Vec::new();
        let mut parts = Parts::new(0, &self.id, self.version, &mut mutations);
        D::Representation::store(&self.state, &event, &mut parts);
        parts.finish();
        self.parts.apply(&mutations);
        self.events.push(event);
        let stored = stored(&self.parts, &self.id);
        let mut parts = stored.iter().map(|(key, value)| (key.as_slice(), value.as_slice()));
        let loaded = D::Representation::load(&self.id, &mut parts);
        let history = || format!("{}\nof aggregate {}", list("given", &self.events), self.id);
        match loaded {
            Ok(loaded) if loaded == self.state => {}
            Ok(loaded) => panic!(
                "a state does not come back from its stored parts\n{}\n{}",
                history(),
                difference_of(&self.state, &loaded)
            ),
            Err(reason) => panic!(
                "a state cannot be loaded from its stored parts: {reason}\n{}\nstate{}",
                history(),
                indented(&format!("{:#?}", self.state))
            ),
        }
    }
}

/// In key order, without the versions, as the machine loads them.
fn stored(parts: &Memory, id: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    let (prefix, mut found) = (decider::keys::aggregate(0, id), Vec::new());
    let scanned = parts.scan(&prefix, &prefix_end(&prefix), Order::Ascending, &mut |key, value| {
        if let (true, Some((value, _))) = (key.len() > prefix.len(), value.split_last_chunk::<8>()) {
            found.push((key[prefix.len()..].to_vec(), value.to_vec()));
        }
        ControlFlow::Continue(())
    });
    scanned.expect("memory can be read");
    found
}

#[track_caller]
fn check_command<A>(id: &str, command_id: Uuid, command: &A::Command)
where
    A: Application<Command: Serialize + Clone + Debug + PartialEq>,
{
    let sent = CommandEnvelope {
        command_id,
        aggregate_id: id.to_owned(),
        expected_version: None,
        issued_by: None,
        command: command.clone(),
    };
    let value = JsonCodec::<A>::command(&sent);
    let text = String::from_utf8_lossy(&value);
    match A::Codec::default().decode_command(Some(json_codec::CONTENT_TYPE.as_bytes()), &value) {
        Ok(read) if read == sent => {}
        Ok(read) => panic!(
            "a command does not come back from its JSON\n    {text}\n{}",
            difference_of(&sent, &read)
        ),
        Err(error) => panic!("a command cannot be read from its JSON: {error}\n    {text}"),
    }
}

#[track_caller]
fn check_event<A: Application>(event: &EventEnvelope<A::Event>) {
    let (mut codec, mut value) = (A::Codec::default(), Vec::new());
    codec.encode_event(event, &mut value);
    let text = String::from_utf8_lossy(&value);
    match codec.decode_event(&value) {
        Ok(read) if read == *event => {}
        Ok(read) => panic!(
            "an event does not come back from its bytes\n    {text}\n{}",
            difference_of(event, &read)
        ),
        Err(error) => panic!("an event cannot be read from its bytes: {error}\n    {text}"),
    }
}

#[cfg(test)]
mod tests;
