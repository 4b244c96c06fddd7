//! Kafka and the schema registry: the only crate that names them.
//!
//! `processor` is the transactional loop around [`decider::Machine`]; `reader` reads partitions of its own choice, for views and for
//! taking over; `writer` writes commands for clients; `admin` looks at the cluster and [`TopicWatch`] keeps looking; `facts` is what a
//! log says about itself; `carrier` writes records of one log to another; `inspect` is for auditors; `registry` keeps schemas.

pub mod admin;
mod advice;
pub mod carrier;
mod clock;
mod closing;
mod committed;
mod decided;
pub mod facts;
mod failure;
mod fetcher;
pub mod inspect;
mod logging_context;
mod marks;
mod offset_metadata;
mod position;
pub mod processor;
mod raw;
mod read_stall;
pub mod reader;
pub mod recover;
pub mod registry;
mod settings;
mod stopping;
mod watch;
pub mod writer;

pub use advice::KAFKA_VERSION_MIN;
pub use decided::{COMMAND, Decided, fingerprint};
pub use failure::Failure;
pub use fetcher::{Fetched, RecordFetcher};
pub use settings::{Settings, SettingsError};
pub use watch::TopicWatch;
