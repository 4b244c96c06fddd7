//! The command gateway: takes commands over HTTP, writes them to the commands topic, and answers with their outcomes.
//!
//! It keeps nothing and decides nothing: what a request asks for becomes one command, and what is answered is that command's outcome. Reading
//! order: `process` (the parts and their threads), `kafka` (the client, for as long as the log is the right one), `gateway` (from a request
//! to an answer), `waiting` (how long), `incoming` (from a request to a command), `answers` (from an outcome to an answer), `lines` (many commands in one request),
//! `resources` and `airline` (rotations, airplanes and airports as resources), `spans` (traced requests), `json_schema` (the commands as OpenAPI knows them).

mod airline;
mod answers;
mod configuration;
mod gateway;
mod incoming;
mod json_schema;
mod kafka;
mod lines;
mod metrics;
mod preference;
mod process;
mod resources;
mod routes;
mod sent;
mod spans;
mod waiting;

pub use configuration::{Commands, Configuration, DEFAULTS, Http, OPEN_TO_ANYONE};
pub use kafka::LogFailure;
pub use process::{Failure, Process, start};
