//! An answer before it is HTTP: status, headers, and the whole body or a stream of pieces.

use crate::problem::Problem;
use bytes::Bytes;
use futures_core::Stream;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;
use warp::Reply;
use warp::http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER};
use warp::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use warp::reply::Response;

/// The content type of most answers.
pub const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// A page for people.
pub const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
/// Answers change with every event: a cache has to revalidate an answer before it uses it.
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

/// An answer that is complete.
#[derive(Debug)]
pub struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    stream: Option<Pieces>,
}

/// The pieces of a body as their sender makes them.
#[derive(Debug)]
struct Pieces(mpsc::Receiver<Bytes>);

impl Answer {
    /// A success. A body that others hold, too, is not copied.
    pub fn new(content_type: HeaderValue, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, content_type);
        headers.insert(CACHE_CONTROL, NO_CACHE);
        Self {
            status: StatusCode::OK,
            headers,
            body: body.into(),
            stream: None,
        }
    }

    /// A success whose body goes on for as long as there is a sender, and ends its connection. The channel's bound is what may be unread.
    pub fn stream(content_type: HeaderValue, pieces: mpsc::Receiver<Bytes>) -> Self {
        let mut answer = Self::new(content_type, Bytes::new()).with_header(CONNECTION, HeaderValue::from_static("close"));
        answer.stream = Some(Pieces(pieces));
        answer
    }

    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// An answer without a body: 204, or 304 with what the client has already.
    pub fn empty(status: StatusCode) -> Self {
        let mut answer = Self::new(JSON, Bytes::new()).with_status(status);
        answer.headers.remove(CONTENT_TYPE);
        answer
    }

    pub(crate) fn is_stream(&self) -> bool {
        self.stream.is_some()
    }

    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// The same headers with another body.
    pub(crate) fn with_body(self, body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..self }
    }

    /// The answer without its body, and the body.
    pub(crate) fn take_body(mut self) -> (Self, Bytes) {
        let body = std::mem::take(&mut self.body);
        (self, body)
    }

    /// The same with further headers, of which those that are lists are continued.
    pub(crate) fn with_headers(mut self, headers: HeaderMap) -> Self {
        for (name, value) in &headers {
            self.headers.append(name, value.clone());
        }
        self
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    pub fn header(&self, name: &HeaderName) -> Option<&HeaderValue> {
        self.headers.get(name)
    }

    /// The whole body, where the answer is no stream.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The response, with the body as `hold` keeps it.
    pub(crate) fn into_response<E>(self, hold: impl FnOnce(Bytes) -> Result<Bytes, E>) -> Result<Response, E> {
        let mut response = match self.stream {
            Some(pieces) => warp::reply::stream(pieces).into_response(),
            None => Response::new(hold(self.body)?.into()),
        };
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        Ok(response)
    }

    /// The response, with a body that nothing counts.
    pub(crate) fn into_small_response(self) -> Response {
        let held = self.into_response(Ok::<_, Infallible>);
        match held {
            Ok(response) => response,
        }
    }

    /// The whole answer as HTTP/1.1 bytes, for a connection that ends with it.
    pub(crate) fn to_bytes_closing(&self) -> Vec<u8> {
        let reason = self.status.canonical_reason().unwrap_or_default();
        let mut bytes = format!("HTTP/1.1 {} {reason}\r\n", self.status.as_u16()).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(name.as_str().as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(format!("content-length: {}\r\nconnection: close\r\n\r\n", self.body.len()).as_bytes());
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

impl Stream for Pieces {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|piece| piece.map(Ok))
    }
}

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Self {
        let mut answer = Self::new(PROBLEM_JSON, problem.body());
        answer.status = problem.status();
        if let Some(seconds) = problem.retry_after_seconds() {
            answer.headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        for (name, value) in problem.headers() {
            if let Ok(value) = HeaderValue::from_str(value) {
                answer.headers.insert(name, value);
            }
        }
        answer
    }
}
