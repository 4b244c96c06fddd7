//! Versions of an answer, and those that a client has already (RFC 9110, 8.8.3 and 13.1.2).

use crate::request::Request;
use headers::{ETag, Header, HeaderMapExt, IfNoneMatch};
use warp::http::HeaderValue;

/// What changes whenever an answer does. It is weak: the same answer may be compressed or indented.
#[derive(Debug, Clone)]
pub struct EntityTag(HeaderValue);

/// The versions that a client has of an answer.
#[derive(Debug, Clone, Default)]
pub struct KnownVersions(Option<IfNoneMatch>);

impl EntityTag {
    /// Of a number that is another one for every other answer.
    pub fn of(hash: u128) -> Self {
        let header = HeaderValue::try_from(format!("W/\"{hash:032x}\""));
        Self(header.unwrap_or_else(|_| unreachable!("digits in quotation marks are a header value")))
    }

    pub fn header(&self) -> HeaderValue {
        self.0.clone()
    }

    fn parsed(&self) -> ETag {
        ETag::decode(&mut std::iter::once(&self.0)).unwrap_or_else(|_| unreachable!("digits in quotation marks are a tag"))
    }
}

impl KnownVersions {
    /// Those in the header If-None-Match. One that cannot be read is ignored: all it could save is a transfer.
    pub fn of(request: &Request<'_>) -> Self {
        Self(request.headers.typed_get())
    }

    /// Whether the client has this version.
    pub fn have(&self, tag: &EntityTag) -> bool {
        !self.have_any() && self.0.as_ref().is_some_and(|known| !known.precondition_passes(&tag.parsed()))
    }

    /// Whether the client has some version, whichever it is, if there is an answer at all.
    pub fn have_any(&self) -> bool {
        self.0.as_ref().is_some_and(|known| *known == IfNoneMatch::any())
    }
}

#[cfg(test)]
mod tests;
