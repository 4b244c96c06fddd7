//! The materializer: reads every event from the log, keeps a graph of the schedule in RocksDB, and answers questions about it.
//!
//! Reading order: `process` (the parts and their threads), `reading` (events from Kafka), `applying` (events to mutations, pure),
//! `folding` (one batch ahead of what is written), `writing` (mutations to the store), `view` (the store as the query service sees it), `directory` and `bookkeeping` (what is on
//! disk beside the view).

mod applying;
mod bookkeeping;
mod configuration;
mod connecting;
mod directory;
mod failure;
mod folding;
mod metrics;
mod parts;
mod process;
mod reading;
mod session;
mod view;
mod writing;

pub use configuration::{Apply, Configuration, DEFAULTS, Http, RocksDb};
pub use failure::Failure;
pub use process::{Process, start, start_build};
