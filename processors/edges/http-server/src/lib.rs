//! An HTTP/1.1 server whose every resource has a bound, and the parts that the answers of this project share: problem documents,
//! parameters and positions. The only crate that names warp and hyper.
//!
//! A [`Handler`] answers requests; [`serve`] accepts connections on a [`listen`]ing socket and limits what clients can take
//! ([`Limits`]): connections, time, and bytes of answers that clients do not read. Whatever is not a success is a problem document
//! (RFC 9457).

mod answer;
mod answer_bytes;
mod connection;
mod connections;
mod exchange;
mod framing;
mod limits;
mod listener;
mod metrics;
mod parameters;
mod position;
mod problem;
mod request;
mod server;
mod shared;
mod wire;

pub use answer::{Answer, JSON};
pub use limits::Limits;
pub use listener::{ListenError, listen};
pub use metrics::{ConnectionMetrics, metrics_answer};
pub use parameters::{Parameters, percent_decode};
pub use position::{Position, X_MIN_POSITION, X_POSITION};
pub use problem::Problem;
pub use request::{Handler, Request};
pub use server::serve;
pub use warp::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
