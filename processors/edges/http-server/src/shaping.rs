//! The form in which a client wants its answer: indented, and compressed.

use crate::answer::Answer;
use crate::problem::Problem;
use http_body_util::{BodyExt, Full};
use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tower::{Layer, ServiceExt, service_fn};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;
use warp::http::header::{self, HeaderMap, HeaderValue};
use warp::http::{Request, Response};

/// Smaller answers are not worth the time that compression takes; they fit into one packet.
const COMPRESSED_BYTES_MIN: u16 = 1024;
/// Answers up to this size are shaped where they are made: a switch of threads would cost more.
const INLINE_BYTES_MAX: usize = 16 << 10;
/// How many larger answers are shaped at once. They take a processor each, which handlers need, too.
const SHAPED_AT_ONCE_MAX: usize = 2;
/// The parameter of every query that asks for indented JSON.
pub(crate) const PRETTY: &str = "pretty";

/// Shapes answers, a few large ones at once.
#[derive(Debug)]
pub(crate) struct Shaping {
    turns: Arc<Semaphore>,
    compression: CompressionLayer<SizeAbove>,
}

/// What a client wants of an answer's form.
#[derive(Debug, Default)]
pub(crate) struct FormPreferences {
    pub(crate) is_pretty: bool,
    pub(crate) accept_encoding: Option<HeaderValue>,
}

impl FormPreferences {
    /// Reads the parameter `pretty` and the header Accept-Encoding, and gives back the query without the parameter.
    ///
    /// # Errors
    /// A problem for the client when the parameter is neither true nor false, or given twice.
    pub(crate) fn of<'q>(query: &'q str, headers: &HeaderMap) -> Result<(Self, Cow<'q, str>), Problem> {
        let (is_pretty, rest) = pretty(query)?;
        let preferences = Self {
            is_pretty,
            accept_encoding: accept_encoding(headers),
        };
        Ok((preferences, rest))
    }
}

/// The header's lines as one list.
fn accept_encoding(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut lines = headers.get_all(header::ACCEPT_ENCODING).iter();
    let first = lines.next()?;
    let rest: Vec<&[u8]> = lines.map(HeaderValue::as_bytes).collect();
    if rest.is_empty() {
        return Some(first.clone());
    }
    let joined = [&[first.as_bytes()], rest.as_slice()].concat().join(&b',');
    HeaderValue::from_bytes(&joined).ok()
}

/// Whether a query asks for indented JSON, and its other parameters.
fn pretty(query: &str) -> Result<(bool, Cow<'_, str>), Problem> {
    let name_of = |pair: &str| pair.split('=').next() == Some(PRETTY);
    if !query.contains(PRETTY) {
        return Ok((false, query.into()));
    }
    let (asked, rest): (Vec<&str>, Vec<&str>) = query.split('&').partition(|pair| name_of(pair));
    let is_pretty = match asked.as_slice() {
        [] => false,
        [one] => match one.split_once('=') {
            None | Some((_, "true")) => true,
            Some((_, "false")) => false,
            Some((_, other)) => return Err(Problem::bad_parameter(PRETTY, other, "no value, true or false")),
        },
        [_, _, ..] => return Err(Problem::repeated_parameter(PRETTY)),
    };
    Ok((is_pretty, rest.join("&").into()))
}

impl Default for Shaping {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(SHAPED_AT_ONCE_MAX)),
            compression: CompressionLayer::new()
                .quality(CompressionLevel::Fastest)
                .compress_when(SizeAbove::new(COMPRESSED_BYTES_MIN)),
        }
    }
}

impl Shaping {
    /// The answer as the client wants it. A stream stays as it is: its pieces are to reach the client as they are made.
    pub(crate) async fn shaped(&self, answer: Answer, preferences: FormPreferences) -> Answer {
        let is_small = answer.body().len() < usize::from(COMPRESSED_BYTES_MIN);
        let is_as_wanted = !preferences.is_pretty && (is_small || preferences.accept_encoding.is_none());
        if answer.is_stream() || is_as_wanted {
            return answer;
        }
        let compression = self.compression.clone();
        if answer.body().len() <= INLINE_BYTES_MAX {
            return shape(answer, preferences, compression).await;
        }
        // The semaphore is never closed.
        let turn = Arc::clone(&self.turns).acquire_owned().await.ok();
        let runtime = Handle::current();
        let shaped = spawn_blocking(move || {
            let _turn = turn;
            runtime.block_on(shape(answer, preferences, compression))
        });
        shaped.await.unwrap_or_else(|error| {
            tracing::error!(%error, "an answer could not be put into its form: this is a bug");
            Problem::internal().into()
        })
    }
}

async fn shape(answer: Answer, preferences: FormPreferences, compression: CompressionLayer<SizeAbove>) -> Answer {
    let answer = if preferences.is_pretty { indented(answer) } else { answer };
    match preferences.accept_encoding {
        Some(accepted) => compressed(answer, accepted, compression).await,
        None => answer,
    }
}

/// The same document on several lines. Its members keep their order.
fn indented(answer: Answer) -> Answer {
    let content_type = answer.header(&header::CONTENT_TYPE);
    let is_json = content_type.is_some_and(|content_type| content_type.as_bytes().ends_with(b"json"));
    if !is_json {
        return answer;
    }
    let mut body = Vec::with_capacity(answer.body().len() * 2);
    let mut document = serde_json::Deserializer::from_slice(answer.body());
    match serde_transcode::transcode(&mut document, &mut serde_json::Serializer::pretty(&mut body)) {
        Ok(()) => {
            body.push(b'\n');
            answer.with_body(body)
        }
        Err(error) => {
            tracing::error!(%error, "an answer is no JSON document: this is a bug");
            answer
        }
    }
}

async fn compressed(answer: Answer, accepted: HeaderValue, compression: CompressionLayer<SizeAbove>) -> Answer {
    let mut request = Request::new(());
    request.headers_mut().insert(header::ACCEPT_ENCODING, accepted);
    let (mut answer, body) = answer.take_body();
    let body = Full::new(body);
    let answering = service_fn(|_| async { Ok::<_, Infallible>(Response::new(body.clone())) });
    let Ok(response) = compression.layer(answering).oneshot(request).await;
    let (parts, body) = response.into_parts();
    for name in [header::CONTENT_ENCODING, header::VARY] {
        if let Some(value) = parts.headers.get(&name) {
            answer = answer.with_header(name, value.clone());
        }
    }
    match body.collect().await {
        Ok(body) => answer.with_body(body.to_bytes()),
        Err(error) => {
            tracing::error!(%error, "an answer could not be compressed: this is a bug");
            Problem::internal().into()
        }
    }
}

#[cfg(test)]
mod tests;
