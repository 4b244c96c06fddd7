//! Questions about the flight schedule over HTTP. Knows the views and the shape of state, and not Kafka: a query cannot write.
//!
//! A [`Source`] gives consistent snapshots of a view; a [`Service`] answers each request from one of them, with its position in the
//! header `X-Position`; [`serve`] answers on a listening socket (`http_server`). Whatever is not a success is a problem document (RFC 9457).

mod cursor;
mod documents;
mod lane;
mod question;
mod reading;
mod refusal;
mod route;
mod service;
mod shapes;
mod source;

pub use service::{Patience, Service, serve};
pub use source::{Readiness, Source, Stamp};

#[cfg(test)]
mod fixture;

#[cfg(test)]
mod tests;
