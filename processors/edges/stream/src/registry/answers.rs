//! Requests to the registry and what their answers are: the registry's own, or those of something that stands before it.

use super::{Registry, RegistryError};
use reqwest::blocking::{RequestBuilder, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::io::Read;

/// A longer answer is not read to its end.
const ANSWER_BYTES_MAX: usize = 2 << 20;
/// Of what a registry or a proxy says, this much is repeated in messages.
const REASON_CHARS_MAX: usize = 200;

/// An answer that says something about what was asked for.
pub(super) enum Reply<T> {
    Found(T),
    /// The registry itself says that there is no such thing.
    Absent,
    /// 401 or 403, from the registry or from a proxy.
    Forbidden(u16, String),
    /// Another status of the registry's own.
    Refused(u16, String),
    /// There, and longer than anything that is read.
    TooLong,
}

/// The body of a registry's answer whose status is no success.
#[derive(Deserialize)]
struct ErrorBody {
    error_code: i64,
    #[serde(default)]
    message: String,
}

impl Registry {
    pub(super) fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<Reply<T>, RegistryError> {
        let response = self.send(request)?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        let read = response.take(ANSWER_BYTES_MAX as u64 + 1).read_to_end(&mut body);
        read.map_err(|error| self.away(error.to_string()))?;
        let complaint = serde_json::from_slice::<ErrorBody>(&body).ok();
        let code = complaint.as_ref().map(|complaint| complaint.error_code);
        let said = shortened(&complaint.map_or_else(|| text_of(&body), |complaint| complaint.message));
        Ok(match (status, code) {
            (200..=299, _) if body.len() > ANSWER_BYTES_MAX => Reply::TooLong,
            (200..=299, _) => Reply::Found(serde_json::from_slice(&body).map_err(|_| self.foreign(status, &body))?),
            (401 | 403, _) => Reply::Forbidden(status, said),
            (408 | 425 | 429 | 500..=599, _) => return Err(self.away(format!("status {status} {said}"))),
            // 40401 to 40408, by what is absent. A proxy that does not know the path says 404, too.
            (404, Some(404 | 40_400..=40_499)) => Reply::Absent,
            (400..=499, Some(_)) if status != 404 => Reply::Refused(status, said),
            _ => return Err(self.foreign(status, &body)),
        })
    }

    /// An answer, or `None` where there is no such thing.
    pub(super) fn answer_or_absent<T: DeserializeOwned>(&self, request: RequestBuilder, what: &str) -> Result<Option<T>, RegistryError> {
        match self.ask(request)? {
            Reply::Found(found) => Ok(Some(found)),
            Reply::Absent => Ok(None),
            Reply::Forbidden(status, reason) => Err(self.denied(what, status, reason)),
            Reply::Refused(status, reason) => Err(self.refused(what, status, reason)),
            Reply::TooLong => Err(self.away(format!("more than {ANSWER_BYTES_MAX} bytes to {what}"))),
        }
    }

    pub(super) fn answer<T: DeserializeOwned>(&self, request: RequestBuilder, what: &str) -> Result<T, RegistryError> {
        self.answer_or_absent(request, what)?
            .ok_or_else(|| self.refused(what, 404, "there is nothing there".to_owned()))
    }

    fn send(&self, request: RequestBuilder) -> Result<Response, RegistryError> {
        for again in (1..self.tries_max).rev() {
            let Some(copy) = request.try_clone() else { break };
            match copy.send() {
                Err(error) if error.is_timeout() => {
                    let error = self.unsent(error);
                    tracing::warn!(%error, tries_left = again, "no answer in time; asking again");
                }
                answer => return answer.map_err(|error| self.unsent(error)),
            }
        }
        request.send().map_err(|error| self.unsent(error))
    }

    fn unsent(&self, error: reqwest::Error) -> RegistryError {
        // The address stands in front already, and may hold a password here.
        let error = error.without_url();
        let mut reason = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(deeper) = source {
            reason = format!("{reason}: {deeper}");
            source = deeper.source();
        }
        self.away(reason)
    }

    pub(super) fn away(&self, reason: String) -> RegistryError {
        let url = self.address.shown().to_owned();
        RegistryError::Away { url, reason }
    }

    pub(super) fn foreign(&self, status: u16, body: &[u8]) -> RegistryError {
        let text = shortened(&text_of(body));
        let reason = if text.is_empty() {
            format!("status {status} and an empty body")
        } else {
            format!("status {status} and {text:?}")
        };
        let url = self.address.shown().to_owned();
        RegistryError::Foreign { url, reason }
    }

    pub(super) fn denied(&self, what: &str, status: u16, reason: String) -> RegistryError {
        RegistryError::Denied {
            url: self.address.shown().to_owned(),
            what: what.to_owned(),
            status,
            reason,
        }
    }

    pub(super) fn refused(&self, what: &str, status: u16, reason: String) -> RegistryError {
        RegistryError::Refused {
            url: self.address.shown().to_owned(),
            what: what.to_owned(),
            status,
            reason,
        }
    }
}

fn text_of(body: &[u8]) -> String {
    let kept = &body[..body.len().min(4 * REASON_CHARS_MAX)];
    String::from_utf8_lossy(kept).trim().to_owned()
}

fn shortened(text: &str) -> String {
    text.char_indices()
        .nth(REASON_CHARS_MAX)
        .map_or_else(|| text.to_owned(), |(end, _)| format!("{}…", &text[..end]))
}
