//! Tests of a domain: rules by given, when, then; what is stored; the whole pipeline under faults; and events that must stay readable.
//!
//! A domain takes this crate as a dev-dependency. Each function panics with what it found, so that it stands in a test by itself:
//!
//! - [`given`]: given events, when a command, then events or a rejection.
//! - [`check_stored`]: every state that commands lead to comes back from its stored parts, and every record from its bytes.
//! - [`simulate`]: clients, processors and views in one process, with crashes, zombies and torn transactions, from many seeds.
//! - [`check_golden`]: every form in which an event was ever written is read as it was meant.

mod given;
mod golden;
#[cfg(test)]
mod planted;
mod report;
mod simulate;
pub mod simulation;
mod stored;

pub use given::{Decided, Given, given};
pub use golden::check_golden;
pub use simulate::simulate;
pub use simulation::Chance;
pub use stored::check_stored;
