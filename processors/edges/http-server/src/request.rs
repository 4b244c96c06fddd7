//! A request, as far as it matters here, and who answers it.

use crate::answer::Answer;
use crate::body::Body;
use crate::origins::Origins;
use crate::problem::Problem;
use std::future::Future;
use warp::http::{HeaderMap, HeaderName, HeaderValue, Method, header};

/// Headers of which a second line would change what a request means: it could be read differently by a proxy and by this server.
const SINGLE: [HeaderName; 7] = [
    header::HOST,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::TRANSFER_ENCODING,
    header::EXPECT,
    header::AUTHORIZATION,
];

/// Headers that change what the body is, or how it is sent, each with the only value that is understood.
const ONLY: [(HeaderName, &str); 3] = [
    (header::TRANSFER_ENCODING, "chunked"),
    (header::CONTENT_ENCODING, "identity"),
    (header::EXPECT, "100-continue"),
];

/// The head of a request, and its body for the handler that takes it.
#[derive(Debug, Clone, Copy)]
pub struct Request<'r> {
    pub method: &'r Method,
    pub path: &'r str,
    pub query: &'r str,
    pub headers: &'r HeaderMap,
    pub body: &'r Body,
}

/// Answers requests.
pub trait Handler: Send + Sync + 'static {
    /// The answer to one request. Dropped, and so cancelled, when the client goes away.
    fn answer(&self, request: Request<'_>) -> impl Future<Output = Answer> + Send;

    /// The methods that a path has; none where nothing is served at it. By default, every path answers questions.
    fn methods(&self, _path: &str) -> Vec<&'static str> {
        vec!["GET", "HEAD", "OPTIONS"]
    }

    /// The origins whose pages may use the service.
    fn origins(&self) -> Origins {
        Origins::default()
    }
}

impl Request<'_> {
    /// The value of a header that is a list (RFC 9110, 5.3): its lines joined with commas, as a proxy may join them.
    ///
    /// # Errors
    /// When it is not printable ASCII.
    pub fn list(&self, name: &HeaderName, expected: &str) -> Result<Option<String>, Problem> {
        let mut joined: Option<String> = None;
        for value in self.headers.get_all(name) {
            let text = value
                .to_str()
                .map_err(|_| Problem::bad_parameter(name.as_str(), &String::from_utf8_lossy(value.as_bytes()), expected))?;
            match &mut joined {
                None => joined = Some(text.to_owned()),
                Some(joined) => {
                    joined.push(',');
                    joined.push_str(text);
                }
            }
        }
        Ok(joined)
    }

    /// The value of a header that is given once at most and is printable ASCII.
    ///
    /// # Errors
    /// When it is something else.
    pub fn header(&self, name: &HeaderName, expected: &str) -> Result<Option<&str>, Problem> {
        let mut values = self.headers.get_all(name).iter();
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(Problem::repeated_header(name.as_str()));
        }
        let text = value.to_str();
        text.map(Some)
            .map_err(|_| Problem::bad_parameter(name.as_str(), &String::from_utf8_lossy(value.as_bytes()), expected))
    }

    /// Refuses what no handler needs to look at: doubled headers, codings that would be ignored, and a body that would be.
    /// `answers_get` says whether the path answers questions: where it does not, the method is what is wrong.
    pub(crate) fn check(&self, answers_get: impl FnOnce() -> bool) -> Result<(), Problem> {
        if *self.method == Method::CONNECT {
            return Err(Problem::method_not_among("CONNECT", &["GET", "HEAD", "OPTIONS"]));
        }
        if let Some(repeated) = SINGLE.iter().find(|name| self.headers.get_all(*name).iter().nth(1).is_some()) {
            return Err(Problem::repeated_header(repeated.as_str()));
        }
        if let Some((name, given)) = ONLY.iter().find_map(|(name, only)| self.other_than(name, only)) {
            return Err(Problem::not_supported(name.as_str(), &given));
        }
        let asks = [Method::GET, Method::HEAD].contains(self.method);
        if (asks || *self.method == Method::OPTIONS) && self.has_body() && (!asks || answers_get()) {
            return Err(Problem::body_not_taken(self.method.as_str()));
        }
        Ok(())
    }

    /// The value of a header, where it is another than the only one that is understood.
    fn other_than<'n>(&self, name: &'n HeaderName, only: &str) -> Option<(&'n HeaderName, String)> {
        let given = String::from_utf8_lossy(self.headers.get(name)?.as_bytes()).into_owned();
        (!given.trim().eq_ignore_ascii_case(only)).then_some((name, given))
    }

    fn has_body(&self) -> bool {
        let none = HeaderValue::from_static("0");
        let length = self.headers.get(header::CONTENT_LENGTH);
        self.headers.contains_key(header::TRANSFER_ENCODING) || length.is_some_and(|length| length != none)
    }
}

#[cfg(test)]
mod tests;
