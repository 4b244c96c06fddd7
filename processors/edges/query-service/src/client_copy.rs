//! What a client has of an answer already, and which version of it there is now.

use crate::source::Stamp;
use application::View;
use http_server::{Answer, EntityTag, KnownVersions, Request, StatusCode};
use xxhash_rust::xxh3::xxh3_128;

/// The copy that a client may have of what it asks for.
#[derive(Debug)]
pub(crate) struct ClientCopy {
    /// The path and the query.
    target: Vec<u8>,
    known: KnownVersions,
}

impl ClientCopy {
    pub(crate) fn of(request: &Request<'_>) -> Self {
        Self {
            target: [request.path.as_bytes(), b"?", request.query.as_bytes()].concat(),
            known: KnownVersions::of(request),
        }
    }

    /// The version of the answer at a position: a view's content is a function of its position alone, and so is every answer from it.
    pub(crate) fn version_at<V: View>(&self, stamp: &Stamp) -> EntityTag {
        let parts: [&[u8]; 5] = [
            V::NAME.as_bytes(),
            &V::VERSION.to_le_bytes(),
            env!("CARGO_PKG_VERSION").as_bytes(),
            &self.target,
            stamp.header_bytes(),
        ];
        EntityTag::of(xxh3_128(&parts.concat()))
    }

    /// Whether the client has that version.
    pub(crate) fn is(&self, version: &EntityTag) -> bool {
        self.known.have(version)
    }

    /// The answer, unless the client has some version of it and wants no other.
    pub(crate) fn or(&self, answer: Answer) -> Answer {
        if self.known.have_any() {
            return Answer::empty(StatusCode::NOT_MODIFIED);
        }
        answer
    }
}
