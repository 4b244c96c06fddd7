//! What a client has of an answer already, and which version of it there is now.

use crate::source::Stamp;
use application::View;
use http_server::{Answer, EntityTag, KnownVersions, Request, StatusCode};
use xxhash_rust::xxh3::Xxh3;

/// The copy that a client may have of what it asks for.
#[derive(Debug)]
pub(crate) struct ClientCopy {
    /// Of the path and the query.
    target_hash: u64,
    known: KnownVersions,
}

impl ClientCopy {
    pub(crate) fn of(request: &Request<'_>) -> Self {
        let mut hasher = Xxh3::new();
        hasher.update(request.path.as_bytes());
        hasher.update(b"?");
        hasher.update(request.query.as_bytes());
        Self {
            target_hash: hasher.digest(),
            known: KnownVersions::of(request),
        }
    }

    /// The version of the answer at a position: a view's content is a function of its position alone, and so is every answer from it.
    pub(crate) fn version_at<V: View>(&self, stamp: &Stamp) -> EntityTag {
        let mut hasher = Xxh3::new();
        hasher.update(V::NAME.as_bytes());
        hasher.update(&V::VERSION.to_le_bytes());
        hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
        hasher.update(&self.target_hash.to_le_bytes());
        hasher.update(stamp.header().as_bytes());
        EntityTag::of(hasher.digest128())
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
