//! Versions of an answer, and those that a client has already (RFC 9110, 8.8.3 and 13.1.2).

use crate::request::Request;
use headers::{ETag, HeaderMapExt, IfNoneMatch};
use warp::http::HeaderValue;

/// What changes whenever an answer does. It is weak: the same answer may be compressed or indented.
#[derive(Debug, Clone)]
pub struct EntityTag {
    tag: ETag,
    header: HeaderValue,
}

/// The versions that a client has of an answer.
#[derive(Debug, Clone, Default)]
pub struct KnownVersions(Option<IfNoneMatch>);

impl EntityTag {
    /// Of a number that is another one for every other answer.
    pub fn of(hash: u128) -> Self {
        let text = format!("W/\"{hash:032x}\"");
        // Digits in quotation marks are always a tag.
        let tag = text.parse().unwrap_or_else(|_| unreachable!("{text} is a tag"));
        let header = HeaderValue::try_from(text).unwrap_or_else(|_| unreachable!("a tag is a header value"));
        Self { tag, header }
    }

    pub fn header(&self) -> HeaderValue {
        self.header.clone()
    }
}

impl KnownVersions {
    /// Those in the header If-None-Match. One that cannot be read is ignored: all it could save is a transfer.
    pub fn of(request: &Request<'_>) -> Self {
        Self(request.headers.typed_get())
    }

    /// Whether the client has this version.
    pub fn have(&self, tag: &EntityTag) -> bool {
        !self.have_any() && self.0.as_ref().is_some_and(|known| !known.precondition_passes(&tag.tag))
    }

    /// Whether the client has some version, whichever it is, if there is an answer at all.
    pub fn have_any(&self) -> bool {
        self.0.as_ref().is_some_and(|known| *known == IfNoneMatch::any())
    }
}

#[cfg(test)]
mod tests;
