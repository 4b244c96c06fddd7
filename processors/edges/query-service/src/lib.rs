//! Questions about views over HTTP, whatever they are views of. Knows the shape of state, and not Kafka: a query cannot write.
//!
//! A [`Source`] gives consistent snapshots of a [`View`](application::View); [`AskedView`] joins the two. A [`Service`] answers each request from
//! one snapshot of one view, with its position in the header `X-Position`; [`serve`] answers on a listening socket (`http_server`). Whatever
//! is not a success is a problem document (RFC 9457).

mod answer_cache;
mod as_of;
mod asked;
mod changes;
mod client_copy;
mod event_log;
mod listing;
mod openapi;
mod position;
mod refusal;
mod service;
mod source;
mod table;
mod worker_pool;

pub use as_of::AsOf;
pub use asked::AskedView;
pub use changes::{EventChanges, Feed};
pub use event_log::{EventLog, Followed};
pub use service::{Service, TimeLimits, serve};
pub use source::{Readiness, Source, Stamp};

#[cfg(test)]
mod fixture;

#[cfg(test)]
mod tests;
