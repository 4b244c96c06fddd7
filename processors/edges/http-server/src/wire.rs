//! A connection as hyper sees it: what goes over it is noted, and hyper's own refusals do not.

use crate::exchange::Exchange;
use crate::transport::Transport;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// A connection that outlives hyper's use of it.
pub(crate) struct Wire {
    transport: Arc<Transport>,
    exchange: Arc<Exchange>,
}

impl Wire {
    pub(crate) fn new(transport: Arc<Transport>, exchange: Arc<Exchange>) -> Self {
        Self { transport, exchange }
    }

    /// Notes that the client does not take what is there for it.
    fn or_stalled<T>(&self, moved: Poll<T>) -> Poll<T> {
        if moved.is_pending() {
            self.exchange.stalled(Instant::now());
        }
        moved
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        ready!(self.transport.poll_read(context, into))?;
        if into.filled().len() > before {
            self.exchange.read(Instant::now());
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(self: Pin<&mut Self>, context: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let length: usize = slices.iter().map(|slice| slice.len()).sum();
        let answer_bytes = self.exchange.answer_bytes(slices);
        if answer_bytes == 0 {
            self.exchange.refused(slices);
            return Poll::Ready(Ok(length));
        }
        let first: &[u8] = slices.iter().find(|slice| !slice.is_empty()).map_or(&[], |slice| slice);
        let part = [IoSlice::new(first.get(..answer_bytes).unwrap_or(first))];
        let allowed = if answer_bytes == length { slices } else { &part };
        let written = ready!(self.or_stalled(self.transport.poll_write(context, allowed)))?;
        self.exchange.wrote(slices, written, Instant::now());
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.or_stalled(self.transport.poll_flush(context))
    }

    /// The connection is shut down after hyper has gone: there may be something to say in its place.
    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
