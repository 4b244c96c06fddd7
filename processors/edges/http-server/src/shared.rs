//! The state that all connections of a server share.

use crate::answer_bytes::AnswerBytes;
use crate::body_bytes::BodyBytes;
use crate::connections::{Connections, ScarceBytes};
use crate::limits::Limits;
use crate::metrics::ConnectionMetrics;
use crate::origins::Origins;
use crate::shaping::Shaping;
use rustls::ServerConfig;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// The handler of a server, its limits, and what is counted.
pub(crate) struct Shared<H> {
    pub(crate) handler: Arc<H>,
    pub(crate) limits: Limits,
    pub(crate) metrics: ConnectionMetrics,
    pub(crate) connections: Connections,
    pub(crate) answer_bytes: AnswerBytes,
    pub(crate) body_bytes: Arc<BodyBytes>,
    pub(crate) slots: Semaphore,
    pub(crate) origins: Origins,
    /// How connections are encrypted, where they are.
    pub(crate) tls: Option<Arc<ServerConfig>>,
    pub(crate) shaping: Shaping,
}

impl<H> Shared<H> {
    /// Ends the connections whose time is over.
    pub(crate) fn check(&self) {
        let pending = usize::try_from(self.metrics.pending.get()).unwrap_or(0);
        let short = ScarceBytes {
            answers: self.answer_bytes.is_short(),
            bodies: self.body_bytes.is_short(),
        };
        self.connections.check(Instant::now(), &self.limits, pending, &short);
    }
}
