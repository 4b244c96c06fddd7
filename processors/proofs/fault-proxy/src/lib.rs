//! A proxy between Kafka clients and brokers that understands Kafka's framing and injects faults on purpose.
//!
//! Clients begin at [`Proxy::bootstrap`] and stay with the proxy: where a broker's answer names brokers, the proxy puts addresses of
//! its own, each with a listener in front of that broker. Nothing else of an answer is changed, and of requests nothing at all.
//! [`Rule`]s say what goes wrong: [`When`] says for which requests, [`Fault`] says what. Everything is counted ([`Counts`]), so that a
//! test can say that the fault which it is about did happen.
//!
//! It speaks plain TCP only (no TLS, no SASL), and listens on the loopback interface only.

pub mod admin;
mod api;
mod connection;
mod counts;
mod frame;
mod held;
mod hub;
mod link;
mod passage;
mod proxy;
mod rewrite;
mod rules;
mod state;
mod wire;

pub use api::ApiKey;
pub use counts::{ApiCounts, Counts, EndTxnCounts};
pub use frame::Request;
pub use held::{HeldRequest, ReleaseError, Released};
pub use proxy::{Proxy, ProxyError};
pub use rules::{Client, Direction, Fault, HeldId, Predicate, Rule, RuleId, Side, When};
