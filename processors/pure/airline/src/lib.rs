//! The airline as the other crates see it: what the decider decides by, the parts in which an aggregate is stored, and the application with
//! its codec and schemas. Pure.
#![deny(clippy::wildcard_enum_match_arm)]

mod codec;
mod parts;

use application::{Application, RecordKind, RecordSchema, SchemaIds, Shown, Views};
use decider::{Domain, Parts, Representation, WriterSchema};
use domain::{AggregateId, Event, Rejection, State};
use schemas::{AvroCodec, Command, Content, RELEASED, Released, Schema, UNKNOWN_COMMAND};
use std::collections::BTreeMap;
use views::ScheduleGraph;

/// The domain of airports, airplanes and rotations.
#[derive(Debug, Clone, Copy)]
pub struct Airline;

impl Domain for Airline {
    type Command = Command;
    type Event = Event;
    type State = State;
    type Representation = Self;

    /// Registering a retired airplane's registration again was `retired`, and a leg back to its airport `origin-is-destination`, before
    /// version 2 of the schemas. `unknown-command` is what any build says to a command of a later one.
    const REFUSED_EARLIER: &'static [&'static str] = &["retired", "origin-is-destination", UNKNOWN_COMMAND];
    const STATE_VERSION: u32 = parts::FORMAT as u32;

    fn initial(aggregate_id: &str) -> State {
        State::initial(&id_of(aggregate_id))
    }

    fn decide(_: &decider::Context<'_>, state: &State, command: &Command) -> Result<Vec<Event>, decider::Rejection> {
        let decided = match &command.command {
            Ok(asked) => domain::decide(&command.id, state, asked),
            Err(invalid) => Err(invalid.rejection.clone()),
        };
        decided.map_err(rejection_on_the_wire)
    }

    fn evolve(state: &mut State, event: &Event) {
        domain::evolve(state, event);
    }
}

impl Representation<Self> for Airline {
    fn size_bytes(state: &State) -> usize {
        state.size_bytes()
    }

    fn store(after: &State, event: &Event, parts: &mut Parts<'_>) {
        parts::store(after, event, parts);
    }

    fn load(aggregate_id: &str, parts: &mut dyn Iterator<Item = (&[u8], &[u8])>) -> Result<State, String> {
        let id = AggregateId::parse(aggregate_id).map_err(|invalid| invalid.to_string())?;
        parts::load(&id, parts)
    }

    fn command_type(command: &Command) -> &'static str {
        match &command.command {
            Ok(command) => schemas::command_type(command),
            Err(invalid) => invalid.command_type,
        }
    }

    fn event_type(event: &Event) -> &'static str {
        schemas::event_type(event)
    }
}

impl Application for Airline {
    const NAME: &'static str = "schedule";

    type Codec = AvroCodec;

    fn schemas() -> Vec<RecordSchema> {
        RELEASED.iter().map(record_schema).collect()
    }

    fn codec(ids: SchemaIds) -> AvroCodec {
        AvroCodec::new(ids)
    }

    fn views(views: &mut impl Views<Self>) {
        views.view::<ScheduleGraph>();
    }

    fn fingerprint(schema: &WriterSchema) -> Result<u64, String> {
        Schema::fingerprint_of(schema)
    }

    fn reads(kind: RecordKind, schema: &WriterSchema) -> Result<(), String> {
        content_of(kind).latest().reads(&schema.json)
    }

    fn shown(schema: &WriterSchema) -> Result<Shown, String> {
        let schema = Schema::of_writer(schema)?;
        Ok(Box::new(move |body| schema.to_json(body)))
    }
}

fn content_of(kind: RecordKind) -> Content {
    match kind {
        RecordKind::Command => Content::Command,
        RecordKind::Event => Content::Event,
        RecordKind::Outcome => Content::Outcome,
    }
}

/// A released schema as an application names it.
pub fn record_schema(released: &Released) -> RecordSchema {
    RecordSchema {
        kind: match released.content {
            Content::Command => RecordKind::Command,
            Content::Event => RecordKind::Event,
            Content::Outcome => RecordKind::Outcome,
        },
        version: released.version,
        json: released.json(),
        compatibility: released.content.compatibility().name(),
        fingerprint: released.fingerprint(),
    }
}

/// # Panics
/// On text that is no id: the codec has checked it.
fn id_of(aggregate_id: &str) -> AggregateId {
    AggregateId::parse(aggregate_id).unwrap_or_else(|invalid| panic!("aggregate ids are checked when records are decoded: {invalid}"))
}

fn rejection_on_the_wire(rejection: Rejection) -> decider::Rejection {
    let fact = |fact: BTreeMap<&'static str, String>| fact.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    decider::Rejection {
        rule: rejection.rule.to_owned(),
        message: rejection.message,
        facts: rejection.facts.into_iter().map(fact).collect(),
    }
}

#[cfg(test)]
mod tests;
