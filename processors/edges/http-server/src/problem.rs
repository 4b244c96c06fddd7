//! Problem documents (RFC 9457): what every answer other than a success says about itself.

use serde_json::{Map, Value, json};
use std::time::Duration;
use warp::http::header::ALLOW;
use warp::http::{HeaderName, StatusCode};

/// How long a client should wait before it asks again, where asking again can help.
const RETRY_AFTER_SECONDS: u64 = 1;
/// How much of a client's own text is given back to it.
const QUOTED_CHARS_MAX: usize = 200;

/// Why a request was not answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    status: StatusCode,
    /// The last part of the problem's type.
    kind: &'static str,
    title: &'static str,
    detail: String,
    /// Headers that the answer has because of it.
    headers: Vec<(HeaderName, String)>,
    /// Further members of the document.
    facts: Vec<(&'static str, Value)>,
}

impl Problem {
    /// A problem of the type `urn:aerolog:problem:<kind>`.
    pub fn new(status: StatusCode, kind: &'static str, title: &'static str, detail: String) -> Self {
        Self {
            status,
            kind,
            title,
            detail,
            headers: Vec::new(),
            facts: Vec::new(),
        }
    }

    /// The same with a further member of the document.
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.facts.push((name, value.into()));
        self
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Seconds, for answers that may be different next time.
    pub(crate) fn retry_after_seconds(&self) -> Option<u64> {
        [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS]
            .contains(&self.status)
            .then_some(RETRY_AFTER_SECONDS)
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

    /// Nothing is served at a path.
    pub fn no_such_route(path: &str, templates: &[&'static str]) -> Self {
        Self::nothing_at(path).with("routes", templates)
    }

    pub(crate) fn nothing_at(path: &str) -> Self {
        let detail = format!("nothing is served at {}", cut(path));
        Self::new(StatusCode::NOT_FOUND, "no-such-route", "No such route", detail)
    }

    /// A method that would change something.
    pub fn method_not_allowed(method: &str) -> Self {
        let detail = format!(
            "{} is not possible here: this service answers questions and changes nothing",
            cut(method)
        );
        Self::not_allowed(detail, &["GET", "HEAD", "OPTIONS"])
    }

    /// A method that a route does not have.
    pub fn method_not_among(method: &str, allowed: &[&'static str]) -> Self {
        let detail = format!("{} is not possible here; what is: {}", cut(method), allowed.join(", "));
        Self::not_allowed(detail, allowed)
    }

    fn not_allowed(detail: String, allowed: &[&'static str]) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed", detail)
            .with("allowed", allowed)
            .with_header(ALLOW, allowed.join(", "))
    }

    /// The same with a header of the answer.
    pub fn with_header(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(crate) fn headers(&self) -> &[(HeaderName, String)] {
        &self.headers
    }

    /// A value, in the query, the path or a header, that cannot be read.
    pub fn bad_parameter(name: &str, given: &str, expected: impl Into<String>) -> Self {
        let expected = expected.into();
        let detail = format!("{name} is {:?}: expected {expected}", cut(given));
        Self::new(StatusCode::BAD_REQUEST, "bad-parameter", "Bad parameter", detail)
            .with("parameter", name)
            .with("expected", expected)
    }

    /// A header that has no meaning for the route that was asked, and why.
    pub fn header_not_taken(name: &str, why: &str) -> Self {
        let detail = format!("{name} has no meaning here: {why}");
        Self::new(StatusCode::BAD_REQUEST, "unknown-parameter", "Unknown parameter", detail).with("parameter", name)
    }

    pub(crate) fn repeated_parameter(name: &str) -> Self {
        Self::repeated(name, format!("{name} is given more than once"))
    }

    pub(crate) fn repeated_header(name: &str) -> Self {
        Self::repeated(name, format!("the header {name} is given more than once"))
    }

    fn repeated(name: &str, detail: String) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-parameter", "Bad parameter", detail)
            .with("parameter", name)
            .with("expected", "at most one value")
    }

    /// A header with a value that would have to be understood in order to answer.
    pub(crate) fn not_supported(name: &str, given: &str) -> Self {
        let status = match name {
            "content-encoding" => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "expect" => StatusCode::EXPECTATION_FAILED,
            _ => StatusCode::NOT_IMPLEMENTED,
        };
        let detail = format!("{name}: {} is not supported; send the request without it", cut(given));
        Self::new(status, "not-supported", "Not supported", detail).with("parameter", name)
    }

    pub(crate) fn unknown_parameter(name: &str, known: &[&'static str]) -> Self {
        let name = cut(name);
        let detail = match known {
            [] => format!("unknown query parameter {name:?}; this route accepts none"),
            known => format!("unknown query parameter {name:?}; this route accepts {}", known.join(", ")),
        };
        Self::new(StatusCode::BAD_REQUEST, "unknown-parameter", "Unknown parameter", detail)
            .with("parameter", name)
            .with("known", known)
    }

    /// The server has too much to do; asking again later can help.
    pub fn busy(detail: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Busy", detail.into())
    }

    /// A process, or a part of it, does not work as it should at the moment.
    pub fn not_ready(reason: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "not-ready", "Not ready", reason.into())
    }

    /// A mistake of this program. The reason is for the log; what a client can use is that it was not its own doing.
    pub fn internal() -> Self {
        let detail = "the question could not be answered; the service's log says why".into();
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error", detail)
    }

    pub(crate) fn tls_wanted() -> Self {
        let detail = "this port speaks TLS: ask it with https";
        Self::new(StatusCode::BAD_REQUEST, "tls-wanted", "TLS wanted", detail.into())
    }

    pub(crate) fn body_not_taken(method: &str) -> Self {
        let detail = format!("a {method} request has no body here: what it asks for is in its path and its query parameters");
        Self::new(StatusCode::BAD_REQUEST, "body-not-taken", "No body is taken", detail)
    }

    pub(crate) fn body_too_large(bytes_max: usize) -> Self {
        let detail = format!("the body has more than {bytes_max} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "Body too large", detail).with("bytes_max", bytes_max)
    }

    pub(crate) fn body_timeout() -> Self {
        let detail = "the body of the request did not come in time";
        Self::new(StatusCode::REQUEST_TIMEOUT, "body-timeout", "Request timeout", detail.into())
    }

    pub(crate) fn body_broken() -> Self {
        let detail = "the body of the request broke off, or its chunks are malformed";
        Self::new(StatusCode::BAD_REQUEST, "body-broken", "Broken body", detail.into())
    }

    /// A body in a format that a route does not read.
    pub fn unsupported_media_type(given: Option<&str>, accepted: &[&'static str]) -> Self {
        let given = given.map_or_else(
            || "no content type is given".to_owned(),
            |given| format!("content type {:?}", cut(given)),
        );
        let detail = format!("{given}; this route accepts {}", accepted.join(", "));
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "Unsupported media type",
            detail,
        )
        .with("accepted", accepted)
    }

    pub(crate) fn head_timeout(wait_max: Duration) -> Self {
        let detail = format!("the head of the request was not complete after {} s", wait_max.as_secs());
        Self::new(StatusCode::REQUEST_TIMEOUT, "head-timeout", "Request timeout", detail)
    }

    /// The document for a status with which hyper refuses bytes.
    pub(crate) fn of_refusal(status: &str) -> Self {
        match status {
            "414" => Self::target_too_long(),
            "431" => Self::head_too_large(),
            _ => Self::no_request(),
        }
    }

    pub(crate) fn no_request() -> Self {
        let detail =
            "these bytes are no HTTP/1.1 request; blanks and other than ASCII characters in a path are written as %20 and the like";
        Self::new(StatusCode::BAD_REQUEST, "no-request", "No request", detail.into())
    }

    fn head_too_large() -> Self {
        let detail = "the request's line and headers take more than 64 KiB, or there are more than 100 headers";
        Self::new(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "head-too-large",
            "Head too large",
            detail.into(),
        )
    }

    fn target_too_long() -> Self {
        let detail = "the path and its parameters take nearly 64 KiB or more";
        Self::new(StatusCode::URI_TOO_LONG, "target-too-long", "Target too long", detail.into())
    }
}

/// The beginning of a client's text, if it is long.
fn cut(text: &str) -> String {
    match text.char_indices().nth(QUOTED_CHARS_MAX) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
    }
}

#[cfg(test)]
mod tests;
