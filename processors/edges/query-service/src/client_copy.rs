//! The version of an answer that a client has already, and the version that there is now.

use crate::answer_cache::AnswerCache;
use crate::source::Stamp;
use application::{Refusal, View};
use http_server::{Answer, EntityTag, JSON, KnownVersions, Request, StatusCode, header};
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

    /// The answer at a position, with its version. It is not made where the client has that version or `answers` do, and not sent where any
    /// version is enough.
    pub(crate) fn answer<V: View>(
        &self,
        stamp: &Stamp,
        answers: Option<&AnswerCache>,
        body: impl FnOnce() -> Result<Vec<u8>, Refusal>,
    ) -> Result<Answer, Refusal> {
        let version = self.version_at::<V>(stamp);
        let tag = EntityTag::of(xxh3_128(&version));
        let answer = if self.known.have(&tag) {
            Answer::empty(StatusCode::NOT_MODIFIED)
        } else {
            let kept = answers.and_then(|answers| answers.get(&version));
            let body = match kept {
                Some(body) => body,
                None => {
                    let body = body()?;
                    if let Some(answers) = answers {
                        answers.put(version, &body);
                    }
                    body
                }
            };
            // Any version is one only where there is an answer.
            if self.known.have_any() {
                Answer::empty(StatusCode::NOT_MODIFIED)
            } else {
                Answer::new(JSON, body)
            }
        };
        Ok(answer.with_header(header::ETAG, tag.header()))
    }

    /// The version of the answer at a position: a view's content is a function of its position alone, and so is every answer from it.
    fn version_at<V: View>(&self, stamp: &Stamp) -> Vec<u8> {
        let parts: [&[u8]; 5] = [
            V::NAME.as_bytes(),
            &V::VERSION.to_le_bytes(),
            env!("CARGO_PKG_VERSION").as_bytes(),
            &self.target,
            stamp.header_bytes(),
        ];
        parts.concat()
    }
}
