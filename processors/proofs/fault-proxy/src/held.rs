//! Requests that are kept, and what came of those that were released.

use crate::api::ApiKey;
use crate::frame::{self, Request};
use crate::link::Link;
use crate::rewrite::Address;
use crate::rules::{HeldId, RuleId, When};
use crate::wire::Cursor;
use bytes::Bytes;
use serde::Serialize;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;

/// A request that is kept.
#[derive(Debug, Clone, Serialize)]
pub struct HeldRequest {
    pub id: HeldId,
    pub rule: RuleId,
    pub api: ApiKey,
    pub client_id: Option<String>,
    pub transactional_id: Option<String>,
    pub commit: Option<bool>,
}

/// A request that was released, and the broker's answer to it.
#[derive(Debug, Clone, Serialize)]
pub struct Released {
    pub request: HeldRequest,
    /// Whether it went on a connection of its own, because its client was gone.
    pub alone: bool,
    /// Of an EndTxn: the broker's error code, 0 for none.
    pub error_code: Option<i16>,
    /// The whole answer, without the length before it.
    #[serde(skip)]
    pub answer: Bytes,
}

/// Why nothing came of a release.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    #[error("no request is held under the number {}", .0.0)]
    NotHeld(HeldId),
    #[error("the broker could not be reached with a held request: {0}")]
    Broker(#[from] io::Error),
    #[error("no answer came to a request that was released")]
    NoAnswer,
    #[error("nothing was released in time")]
    TimedOut,
}

/// How long a broker may take to answer a released request.
pub(crate) const ANSWER_WAIT_MAX: Duration = Duration::from_secs(30);

/// As the proxy keeps it.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) rule: RuleId,
    pub(crate) request: Request,
    pub(crate) link: Arc<Link>,
    pub(crate) release_on: Option<When>,
}

impl Held {
    pub(crate) fn described(&self, id: HeldId) -> HeldRequest {
        HeldRequest {
            id,
            rule: self.rule,
            api: self.request.key(),
            client_id: self.request.client_id().map(str::to_owned),
            transactional_id: self.request.transactional_id().map(str::to_owned),
            commit: self.request.commit(),
        }
    }

    pub(crate) fn released(&self, id: HeldId, alone: bool, answer: Bytes) -> Released {
        Released {
            request: self.described(id),
            alone,
            error_code: error_code(&self.request, &answer),
            answer,
        }
    }
}

/// Sends a request on a connection of its own, and waits for its answer; a request without an answer ends with an empty one.
pub(crate) async fn send_alone(broker: &Address, request: &Request) -> io::Result<Bytes> {
    let exchange = async {
        let mut stream = TcpStream::connect((broker.host.as_str(), broker.port)).await?;
        frame::write(&mut stream, request.bytes()).await?;
        if !request.is_answered() {
            return Ok(Bytes::new());
        }
        frame::read(&mut stream)
            .await?
            .ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))
    };
    tokio::time::timeout(ANSWER_WAIT_MAX, exchange).await?
}

/// Of the answer to an EndTxn.
fn error_code(request: &Request, answer: &[u8]) -> Option<i16> {
    if request.key() != ApiKey::END_TXN {
        return None;
    }
    let flexible = ApiKey::END_TXN.flexible_since().is_some_and(|since| request.version() >= since);
    let mut cursor = Cursor::new(answer, 4, flexible);
    cursor.tagged_fields().ok()?;
    cursor.int32().ok()?;
    cursor.int16().ok()
}
