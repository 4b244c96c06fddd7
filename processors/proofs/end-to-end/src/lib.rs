//! The whole product as its users run it, for tests: real processes on a real broker, each test with topics of its own.
//!
//! `KAFKA_BOOTSTRAP_SERVERS` and `SCHEMA_REGISTRY_URL` name the broker and the registry; `scripts/test` starts both. Processes that a
//! test starts end with it, whatever becomes of it.
// Only tests and the benchmark use this crate: what cannot be set up ends them.
#![allow(clippy::unwrap_used)]

mod cluster;
mod history;
pub mod kubernetes;
mod log;
mod ports;
mod program;
mod schedule;
mod upkeep;

pub use cluster::Cluster;
pub use history::History;
pub use log::Log;
pub use ports::free_port;
pub use program::{Answer, LogName, Metrics, Program, binary, find_sum, signal, sum};
pub use schedule::{Schedule, command, is_accepted, load};
pub use upkeep::upkeep;

use std::time::Duration;

/// How long anything that must happen may take, on a slow and busy machine.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// A variable that `scripts/test` sets.
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run this through scripts/test"))
}

/// Waits until `done` says so.
pub fn eventually(what: &str, done: impl FnMut() -> bool) {
    within(PATIENCE, what, done);
}

/// Waits until `done` says so, up to `patience`; returns how long it took.
pub fn within(patience: Duration, what: &str, mut done: impl FnMut() -> bool) -> Duration {
    let began = service::clock::monotonic();
    while !done() {
        assert!(
            began.elapsed() < patience,
            "in {} s it did not come to this: {what}",
            patience.as_secs()
        );
        service::clock::rest(Duration::from_millis(50));
    }
    began.elapsed()
}
