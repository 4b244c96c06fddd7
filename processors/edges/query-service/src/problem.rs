//! Problem documents (RFC 9457): what every answer other than a success says about itself.

use crate::position::{self, Position};
use keyvalue::ReadError;
use serde_json::{Map, Value, json};
use warp::http::StatusCode;

/// How long a client should wait before it asks again, where asking again can help.
pub(crate) const RETRY_AFTER_SECONDS: u64 = 1;

/// Why a question was not answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    status: StatusCode,
    /// The last part of the problem's type.
    kind: &'static str,
    title: &'static str,
    detail: String,
    /// Further members of the document.
    facts: Vec<(&'static str, Value)>,
    /// What the state below has said, if it could not be read. Not for the client.
    unreadable: Option<ReadError>,
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, title: &'static str, detail: String) -> Self {
        Self {
            status,
            kind,
            title,
            detail,
            facts: Vec::new(),
            unreadable: None,
        }
    }

    fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.facts.push((name, value.into()));
        self
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Why the state below could not be read, if it was that.
    pub(crate) fn unreadable(&self) -> Option<&ReadError> {
        self.unreadable.as_ref()
    }

    /// Seconds, for answers that may be different next time.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        (self.status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER_SECONDS)
    }

    /// The document: type, title, status, detail, and what else there is to know.
    pub fn body(&self) -> Vec<u8> {
        let mut document = Map::new();
        document.insert("type".into(), json!(format!("urn:aerolog:problem:{}", self.kind)));
        document.insert("title".into(), json!(self.title));
        document.insert("status".into(), json!(self.status.as_u16()));
        document.insert("detail".into(), json!(self.detail));
        for (name, value) in &self.facts {
            document.insert((*name).into(), value.clone());
        }
        let mut body = Value::Object(document).to_string().into_bytes();
        body.push(b'\n');
        body
    }

    pub(crate) fn no_such_route(path: &str, templates: &[&'static str]) -> Self {
        let detail = format!("nothing is served at {path}");
        Self::new(StatusCode::NOT_FOUND, "no-such-route", "No such route", detail).with("routes", templates)
    }

    pub(crate) fn method_not_allowed(method: &str) -> Self {
        let detail = format!("{method} is not possible here: this service answers questions and changes nothing");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed", detail)
            .with("allowed", ["GET", "HEAD"].as_slice())
    }

    pub(crate) fn not_found(what: &'static str, id: &str) -> Self {
        let detail = format!("no {what} {id:?} at this position");
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
            .with("what", what)
            .with("id", id)
    }

    pub(crate) fn bad_parameter(name: &str, given: &str, expected: impl Into<String>) -> Self {
        let expected = expected.into();
        let detail = format!("{name} is {given:?}: expected {expected}");
        Self::new(StatusCode::BAD_REQUEST, "bad-parameter", "Bad parameter", detail)
            .with("parameter", name)
            .with("expected", expected)
    }

    pub(crate) fn repeated_parameter(name: &str) -> Self {
        let detail = format!("{name} is given more than once");
        Self::new(StatusCode::BAD_REQUEST, "bad-parameter", "Bad parameter", detail)
            .with("parameter", name)
            .with("expected", "at most one value")
    }

    pub(crate) fn unknown_parameter(name: &str, known: &[&'static str]) -> Self {
        let detail = match known {
            [] => format!("{name:?} means nothing here: this route takes no parameters"),
            known => format!("{name:?} means nothing here: this route knows {}", known.join(", ")),
        };
        Self::new(StatusCode::BAD_REQUEST, "unknown-parameter", "Unknown parameter", detail)
            .with("parameter", name)
            .with("known", known)
    }

    pub(crate) fn unknown_partition(partition: u32, known: &Position) -> Self {
        let partitions: Vec<u32> = known.iter().map(|(partition, _)| partition).collect();
        let detail = format!("the minimum position names partition {partition}, which this view does not have");
        Self::new(StatusCode::BAD_REQUEST, "bad-parameter", "Bad parameter", detail)
            .with("parameter", "at_least")
            .with("expected", position::EXPECTED)
            .with("partitions", partitions)
    }

    pub(crate) fn position_not_reached(least: &Position, waited_ms: u128) -> Self {
        let detail = format!("the view has not reached {least} within {waited_ms} ms");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "position-not-reached",
            "Position not reached",
            detail,
        )
        .with("at_least", least.to_string())
    }

    pub(crate) fn busy(detail: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Busy", detail.into())
    }

    pub(crate) fn no_request() -> Self {
        let detail =
            "these bytes are no HTTP/1.1 request; blanks and other than ASCII characters in a path are written as %20 and the like";
        Self::new(StatusCode::BAD_REQUEST, "no-request", "No request", detail.into())
    }

    pub(crate) fn head_too_large() -> Self {
        let detail = "the request's line and headers take more than 64 KiB";
        Self::new(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "head-too-large",
            "Head too large",
            detail.into(),
        )
    }

    pub(crate) fn target_too_long() -> Self {
        let detail = "the path and its parameters take nearly 64 KiB or more";
        Self::new(StatusCode::URI_TOO_LONG, "target-too-long", "Target too long", detail.into())
    }

    pub(crate) fn budget_exceeded(detail: String) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "budget-exceeded", "Budget exceeded", detail)
    }

    pub(crate) fn not_ready(reason: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "not-ready", "Not ready", reason.into())
    }

    /// Nothing is answered from a part of the log: an empty list would be a lie.
    pub(crate) fn being_built(reason: &str) -> Self {
        let detail = format!("the view is being built from the log: {reason}");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "being-built", "The view is being built", detail)
    }

    /// The state below cannot be read. The reason is for the log; another replica, or this one when it is rebuilt, has an answer.
    fn view_unreadable() -> Self {
        let detail = "the view could not be read; the service's log says why".into();
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "view-unreadable",
            "The view cannot be read",
            detail,
        )
    }

    /// A mistake of this program. The reason is for the log; what a client can use is that it was not its own doing.
    pub(crate) fn internal() -> Self {
        let detail = "the question could not be answered; the service's log says why".into();
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error", detail)
    }
}

/// A view that cannot be read is told to the log in full, and to the client as a view to be asked again later.
impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        tracing::error!(%error, "a question could not be answered");
        Self {
            unreadable: Some(error),
            ..Self::view_unreadable()
        }
    }
}
