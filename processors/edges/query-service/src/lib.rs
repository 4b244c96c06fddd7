//! Questions about the flight schedule over HTTP. Knows the views and the shape of state, and not Kafka: a query cannot write.
//!
//! A [`Source`] gives consistent snapshots of a view; a [`Service`] answers each request from one of them, with its position in the
//! header `X-Position`; [`serve`] is the listening side. Whatever is not a success is a problem document (RFC 9457).

mod answer;
mod cursor;
mod documents;
mod metrics;
mod parameters;
mod position;
mod problem;
mod question;
mod reading;
mod refusals;
mod route;
mod server;
mod service;
mod shapes;
mod source;

pub use position::Position;
pub use problem::Problem;
pub use server::{Limits, serve};
pub use service::{Patience, Service};
pub use source::{Readiness, Source, Stamp};

#[cfg(test)]
mod fixture;

#[cfg(test)]
mod tests;
