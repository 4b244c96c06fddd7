//! The airline as the decider sees it: who decides, what follows, and the parts in which an aggregate is stored.

use crate::{commands, events, later, parts};
use decider::{Domain, Parts};
use domain::{AggregateId, Event, Rejection, State};
use std::collections::BTreeMap;

/// The domain of airports, airplanes and rotations.
#[derive(Debug, Clone, Copy)]
pub struct Airline;

/// A command as it was decoded: what is asked of an aggregate, or why it cannot even be asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    pub id: AggregateId,
    pub command: Result<domain::Command, Invalid>,
}

/// The type of a command that this build does not know.
pub(crate) const UNKNOWN: &str = "Unknown";

/// A command of which a field holds what it may not.
#[derive(Debug, Clone, PartialEq)]
pub struct Invalid {
    /// Its rule is `invalid-value`.
    pub(crate) rejection: Rejection,
    /// The name of the payload, or [`UNKNOWN`].
    pub(crate) command_type: &'static str,
    /// What was asked, as JSON in the latest schema, keys in order and without those that are null.
    pub(crate) asked: String,
}

impl Domain for Airline {
    type Command = Command;
    type Event = Event;
    type State = State;

    /// Registering a retired airplane's registration again was `retired`, and a leg back to its airport `origin-is-destination`, before
    /// version 2 of the schemas. `unknown-command` is what any build says to a command of a later one.
    const REFUSED_EARLIER: &'static [&'static str] = &["retired", "origin-is-destination", later::UNKNOWN_COMMAND];
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
            Ok(command) => commands::BRANCHES[commands::branch_of(command)],
            Err(invalid) => invalid.command_type,
        }
    }

    fn event_type(event: &Event) -> &'static str {
        events::BRANCHES[events::branch_of(event)]
    }
}

/// The rejection of a command in which the value at `path` cannot be.
pub(crate) fn invalid_value(path: &str, reason: &str) -> Rejection {
    Rejection {
        rule: "invalid-value",
        message: format!("{path}: {reason}"),
        facts: vec![BTreeMap::from([("field", path.to_owned()), ("problem", reason.to_owned())])],
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
