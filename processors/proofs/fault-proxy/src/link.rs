//! A connection as the rules and those who release held requests see it.

use crate::api::ApiKey;
use crate::frame::Request;
use crate::passage::Passage;
use crate::rewrite::Address;
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::Instant;

/// What others may know of a connection, and do to it.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) number: u64,
    pub(crate) broker: Address,
    pub(crate) broker_name: String,
    pub(crate) client_id: OnceLock<String>,
    pub(crate) client_is_gone: AtomicBool,
    pub(crate) is_reset: AtomicBool,
    pub(crate) ended: Notify,
    pub(crate) pending: Mutex<HashMap<i32, Pending>>,
    pub(crate) to_broker: mpsc::Sender<ToBroker>,
}

/// A request whose answer has not come.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) key: ApiKey,
    pub(crate) version: i16,
    pub(crate) passage: Passage,
    pub(crate) tell: Option<oneshot::Sender<Bytes>>,
}

#[derive(Debug)]
pub(crate) enum ToBroker {
    Request { bytes: Bytes, due: Instant },
    HalfClose,
    End,
}

impl Link {
    pub(crate) fn client_id(&self) -> Option<&str> {
        self.client_id.get().map(String::as_str)
    }

    /// Ends the connection; the client finds it reset.
    pub(crate) fn reset(&self) {
        self.client_is_gone.store(true, Ordering::SeqCst);
        self.is_reset.store(true, Ordering::SeqCst);
        self.ended.notify_one();
    }

    /// Sends a held request as if it had come now; `None` when that cannot be.
    pub(crate) async fn send_held(&self, request: &Request) -> Option<oneshot::Receiver<Bytes>> {
        if self.client_is_gone.load(Ordering::SeqCst) {
            return None;
        }
        let (tell, answer) = oneshot::channel();
        if request.is_answered() {
            self.expect_answer(request, Passage::default(), Some(tell));
        } else {
            // The caller that released the request may have gone.
            let _gone = tell.send(Bytes::new());
        }
        let (bytes, due) = (request.bytes().clone(), Instant::now());
        self.to_broker.send(ToBroker::Request { bytes, due }).await.ok()?;
        Some(answer)
    }

    pub(crate) fn expect_answer(&self, request: &Request, passage: Passage, tell: Option<oneshot::Sender<Bytes>>) {
        let (key, version) = (request.key(), request.version());
        let pending = Pending {
            key,
            version,
            passage,
            tell,
        };
        self.pending().insert(request.correlation_id(), pending);
    }

    pub(crate) fn pending(&self) -> MutexGuard<'_, HashMap<i32, Pending>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
