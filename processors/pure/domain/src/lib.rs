//! The airline's rules: commands are decided against state into events, and events evolve state. Pure, synchronous, total.
//!
//! Reading order: `values` (the words), `airport`, `airplane`, `rotation` (each a folder: state, evolve, one file per decision).
#![deny(clippy::wildcard_enum_match_arm)]

pub mod airplane;
pub mod airport;
pub mod rejection;
pub mod rotation;
pub mod values;

pub use rejection::Rejection;
pub use values::{
    AggregateId, AircraftType, AirportCode, CalendarDate, DESIGNATOR_BYTES_MAX, FlightDesignator, Instant, InvalidValue, LegId,
    Registration, RotationId, ZoneName,
};

/// A request to one aggregate; may be refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Airport(airport::Command),
    Airplane(airplane::Command),
    Rotation(rotation::Command),
}

/// A fact about one aggregate; never refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Airport(airport::Event),
    Airplane(airplane::Event),
    Rotation(rotation::Event),
}

/// What an aggregate remembers in order to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Airport(airport::State),
    Airplane(airplane::State),
    Rotation(rotation::State),
}

impl State {
    /// Of an aggregate that has no events yet.
    pub fn initial(id: &AggregateId) -> Self {
        match id {
            AggregateId::Airport(_) => Self::Airport(airport::State::default()),
            AggregateId::Airplane(_) => Self::Airplane(airplane::State::default()),
            AggregateId::Rotation(_) => Self::Rotation(rotation::State::default()),
        }
    }

    /// About how many bytes it takes in memory; costs O(1) in the legs of a rotation.
    pub fn size_bytes(&self) -> usize {
        match self {
            Self::Airport(state) => state.size_bytes(),
            Self::Airplane(_) => airplane::SIZE_BYTES,
            Self::Rotation(state) => state.size_bytes(),
        }
    }
}

/// Decides a command of the aggregate `id`, whose state is `state`: at least one event, or a rejection.
pub fn decide(id: &AggregateId, state: &State, command: &Command) -> Result<Vec<Event>, Rejection> {
    match (state, command) {
        (State::Airport(state), Command::Airport(command)) => {
            airport::decide(state, command).map(|events| events.into_iter().map(Event::Airport).collect())
        }
        (State::Airplane(state), Command::Airplane(command)) => {
            airplane::decide(state, command).map(|events| events.into_iter().map(Event::Airplane).collect())
        }
        (State::Rotation(state), Command::Rotation(command)) => {
            rotation::decide(state, command).map(|events| events.into_iter().map(Event::Rotation).collect())
        }
        (State::Airport(_) | State::Airplane(_) | State::Rotation(_), command) => Err(wrong_aggregate(id, command)),
    }
}

/// Applies an event. One that does not fit its aggregate leaves the state as it is; none such is ever decided.
pub fn evolve(state: &mut State, event: &Event) {
    match (state, event) {
        (State::Airport(state), Event::Airport(event)) => airport::evolve(state, event),
        (State::Airplane(state), Event::Airplane(event)) => airplane::evolve(state, event),
        (State::Rotation(state), Event::Rotation(event)) => rotation::evolve(state, event),
        (State::Airport(_) | State::Airplane(_) | State::Rotation(_), event) => {
            debug_assert!(false, "an event of another kind of aggregate: {event:?}");
        }
    }
}

fn wrong_aggregate(id: &AggregateId, command: &Command) -> Rejection {
    let (kind, article) = match command {
        Command::Airport(_) => ("airport", "an"),
        Command::Airplane(_) => ("airplane", "an"),
        Command::Rotation(_) => ("rotation", "a"),
    };
    let message = format!("this command is for {article} {kind}, but its aggregate id is {id}");
    Rejection::new(
        "wrong-aggregate",
        message,
        [("aggregate_id", id.to_string()), ("command_for", kind.to_owned())],
    )
}

#[cfg(test)]
mod tests;
