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
pub use values::{AggregateId, AircraftType, AirportCode, FlightDesignator, Instant, InvalidValue, LegId, Registration, RotationId, ZoneName};

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
