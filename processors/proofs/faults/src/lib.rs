//! Faults on purpose: real processes on a real broker under load, a fault during it, and then the invariants.
//!
//! `rows` holds the fault matrix, one scenario a row; `nemesis` mixes faults at random from a seed; `kills` and `rolling` repeat one
//! fault very often. All of them are built from a `Scene`: a schedule of its own, a `Fleet` of processes, a `Load` of commands and a
//! `Watch` over what is committed. A scene that ends well has healed, drained and been checked.
// A scenario is a test: what cannot be set up, or is not as it must be, ends it.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod audit;
mod chance;
mod fleet;
mod ground;
mod hostile;
mod kafka;
pub mod kills;
mod load;
pub mod nemesis;
pub mod rolling;
pub mod rows;
pub mod scene;
mod services;
mod stub;
mod watch;

pub use audit::compare_states;
pub use chance::Chance;
pub use fleet::{Fleet, QUICK};
pub use ground::{Ground, run};
pub use load::{Load, Sent, Shape};
pub use scene::Scene;
pub use services::{Services, ThreeBrokers, kafka_tool, try_kafka_tool};
pub use watch::{Gap, Seen, Watch, WatchedTopic};
