//! The command line of any [`Application`](application::Application): topics and schemas, commands and their outcomes, audits, recoveries,
//! migrations.
//!
//! [`main`] is the whole program of an application. One with subcommands of its own names them ([`Subcommands`]) and calls [`main_with`].
//! Every subcommand has a file; `connection` knows where the log is. `command-client` sends commands and waits for answers.

mod audit;
mod connection;
mod dead_letters;
pub mod decode;
mod describe;
mod foreign;
mod local_view;
mod migrate;
mod outcomes;
pub mod position;
mod program;
mod query;
mod reading;
mod recover;
mod schemas_command;
pub mod send;
mod topics;
mod wait;

pub use connection::Connection;
pub use describe::asyncapi;
pub use local_view::LocalView;
pub use outcomes::Outcomes;
pub use program::{HelpTexts, Plain, READINESS, Subcommands, Verdict, complain, main, main_with, name, say};
pub use query::{Answer, Query};
pub use reading::{Reading, decoded};
