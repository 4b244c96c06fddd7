//! An answer before it is HTTP: status, headers that this service sets, and the whole body.

use crate::problem::Problem;
use crate::source::Stamp;
use warp::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use warp::http::{HeaderName, HeaderValue, StatusCode};
use warp::reply::Response;

/// The position that an answer was made at.
pub(crate) const X_POSITION: HeaderName = HeaderName::from_static("x-position");

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");
pub(crate) const PROMETHEUS_TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4");
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
/// A view changes with every event: whoever keeps an answer has to ask again before using it.
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

pub(crate) struct Answer {
    status: StatusCode,
    content_type: HeaderValue,
    position: Option<HeaderValue>,
    retry_after_seconds: Option<u64>,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn new(content_type: HeaderValue, body: Vec<u8>) -> Self {
        Self {
            status: StatusCode::OK,
            content_type,
            position: None,
            retry_after_seconds: None,
            body,
        }
    }

    pub(crate) fn at(mut self, stamp: &Stamp) -> Self {
        self.position = Some(stamp.header());
        self
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn into_response(self) -> Response {
        let mut response = Response::new(self.body.into());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, self.content_type);
        headers.insert(CACHE_CONTROL, NO_CACHE);
        if let Some(position) = self.position {
            headers.insert(X_POSITION, position);
        }
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        }
        response
    }

    /// The whole answer as HTTP/1.1 bytes, for a connection that ends with it.
    pub(crate) fn to_bytes_closing(&self) -> Vec<u8> {
        let retry_after = self.retry_after_seconds.map(|seconds| format!("retry-after: {seconds}\r\n"));
        let head = format!(
            "HTTP/1.1 {} {}\r\ncontent-type: {}\r\n{}content-length: {}\r\nconnection: close\r\n\r\n",
            self.status.as_u16(),
            self.status.canonical_reason().unwrap_or_default(),
            self.content_type.to_str().unwrap_or_default(),
            retry_after.unwrap_or_default(),
            self.body.len()
        );
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Self {
        Self {
            status: problem.status(),
            content_type: PROBLEM_JSON,
            position: None,
            retry_after_seconds: problem.retry_after_seconds(),
            body: problem.body(),
        }
    }
}
