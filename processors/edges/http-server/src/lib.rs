//! An HTTP/1.1 server whose every resource has a bound, and the parts that the answers of this project share: problem documents,
//! parameters and positions. The only crate that names warp and hyper.
//!
//! A [`Handler`] answers requests; [`serve`] accepts connections on a [`listen`]ing socket and limits what clients can take
//! ([`Limits`]): connections, time, and bytes of bodies and answers. Whatever is not a success is a problem document
//! (RFC 9457).

mod answer;
mod answer_bytes;
mod body;
mod body_bytes;
mod certificates;
mod closing;
mod connection;
mod connections;
mod described;
mod endpoint;
mod entity_tag;
mod exchange;
mod framing;
mod handshake;
mod limits;
mod listener;
mod metrics;
mod openapi;
mod origins;
mod page;
mod parameters;
mod position;
mod problem;
mod request;
mod request_metrics;
mod route;
mod server;
mod shaping;
mod shared;
mod transport;
mod wire;

pub use answer::{Answer, HTML, JSON};
pub use body::{Body, BodyReader};
pub use certificates::{CertificateError, Certificates};
pub use described::{Content, Described, Parameter, Replies};
pub use endpoint::{Endpoint, EndpointError};
pub use entity_tag::{EntityTag, KnownVersions};
pub use limits::Limits;
pub use listener::{ListenError, Listener, listen};
pub use metrics::{ConnectionMetrics, metrics_answer};
pub use openapi::{Api, Documented, document};
pub use origins::{Origins, OriginsError};
pub use page::page;
pub use parameters::{Parameters, percent_decode, percent_encode};
pub use position::{Position, X_MIN_POSITION, X_POSITION};
pub use problem::Problem;
pub use request::{Handler, Request};
pub use request_metrics::RequestMetrics;
pub use route::{Found, Route, find, methods, names_in_path, parameters_of};
pub use server::serve;
pub use warp::http::header;
pub use warp::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
