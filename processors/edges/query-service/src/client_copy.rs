//! The version of an answer that a client has already, and the version that there is now.

use crate::answer_cache::{AnswerCache, KeptAnswer};
use crate::source::Stamp;
use application::{Refusal, View};
use bytes::Bytes;
use http_server::{Answer, EntityTag, JSON, KnownVersions, Request, StatusCode, header};
use std::sync::Arc;
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

    /// The answer that was made at this position, where it is kept.
    pub(crate) fn kept(&self, stamp: &Arc<Stamp>, answers: &AnswerCache) -> Option<Answer> {
        let KeptAnswer { tag, body, .. } = answers.get(&self.target, stamp)?;
        Some(self.answer_with(&tag, body))
    }

    /// The answer at a position, with its version. It is not made where the client has that version or `answers` do, and not sent where any
    /// version is enough.
    pub(crate) fn answer<V: View>(
        &self,
        stamp: &Arc<Stamp>,
        answers: Option<&AnswerCache>,
        body: impl FnOnce() -> Result<Vec<u8>, Refusal>,
    ) -> Result<Answer, Refusal> {
        if let Some(kept) = answers.and_then(|answers| self.kept(stamp, answers)) {
            return Ok(kept);
        }
        let tag = self.tag_at::<V>(stamp);
        if self.known.have(&tag) {
            return Ok(self.answer_with(&tag, Bytes::new()));
        }
        let mut body = body()?;
        let Some(answers) = answers.filter(|_| AnswerCache::takes(body.len())) else {
            return Ok(self.answer_with(&tag, body.into()));
        };
        // What is kept takes no more than what is counted.
        body.shrink_to_fit();
        let body = Bytes::from(body);
        let kept = KeptAnswer {
            stamp: Arc::clone(stamp),
            tag: tag.clone(),
            body: body.clone(),
        };
        answers.put(&self.target, kept);
        Ok(self.answer_with(&tag, body))
    }

    /// An answer of this version: without its body where the client has it, or takes any. Any version is one only where there is an answer.
    fn answer_with(&self, tag: &EntityTag, body: Bytes) -> Answer {
        let answer = if self.known.have(tag) || self.known.have_any() {
            Answer::empty(StatusCode::NOT_MODIFIED)
        } else {
            Answer::new(JSON, body)
        };
        answer.with_header(header::ETAG, tag.header())
    }

    /// The version of the answer at a position: a view's content is a function of its position alone, and so is every answer from it.
    fn tag_at<V: View>(&self, stamp: &Stamp) -> EntityTag {
        let parts: [&[u8]; 5] = [
            V::NAME.as_bytes(),
            &V::VERSION.to_le_bytes(),
            env!("CARGO_PKG_VERSION").as_bytes(),
            &self.target,
            stamp.header_bytes(),
        ];
        EntityTag::of(xxh3_128(&parts.concat()))
    }
}
