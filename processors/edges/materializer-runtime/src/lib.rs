//! The materializer of any [`Application`](application::Application): reads every event from the log, keeps the application's views in RocksDB,
//! and answers questions about them. [`main`] is the whole program.
//!
//! Each view follows the log by itself: it has its own directory, position, readiness and metrics, and one that stops leaves the others
//! alone. Nothing of a view is dynamic where its events are applied.
//!
//! Reading order: `program` and `process` (the parts), `opening` (the views), `updating` (one view and its threads), `reading` (events from
//! Kafka), `freezing` (up to where), `applying` (events to mutations, pure), `folding` (one batch ahead of what is written), `writing` (mutations to the store), `kept`
//! (the store as the query service sees it), `event_log` (the log as questions see it), `directory` and `bookkeeping` (what is on disk apart from the view).

mod applying;
mod bookkeeping;
mod configuration;
mod connecting;
mod directory;
mod event_log;
mod failure;
mod folding;
mod freezing;
mod kept;
mod metrics;
mod opening;
mod parts;
mod process;
mod program;
mod reading;
mod session;
mod shared;
mod spans;
mod updating;
mod writing;

pub use configuration::{Apply, Configuration, DEFAULTS, Http, OPEN_TO_ANYONE};
pub use failure::Failure;
pub use process::{Process, start};
pub use program::main;
pub use query_service::AsOf;

#[cfg(test)]
mod fixture;
