//! A TCP stream as hyper sees it: what goes over it is noted, and hyper's own refusals do not.

use crate::exchange::Exchange;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// A stream that outlives hyper's use of it.
pub(crate) struct Wire {
    stream: Arc<TcpStream>,
    exchange: Arc<Exchange>,
}

impl Wire {
    pub(crate) fn new(stream: Arc<TcpStream>, exchange: Arc<Exchange>) -> Self {
        Self { stream, exchange }
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.stream.poll_read_ready(context))?;
            match self.stream.try_read_buf(into) {
                Ok(length) => {
                    if length > 0 {
                        self.exchange.read(Instant::now());
                    }
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
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
        loop {
            match self.stream.poll_write_ready(context) {
                Poll::Ready(ready) => ready?,
                Poll::Pending => {
                    self.exchange.stalled(Instant::now());
                    return Poll::Pending;
                }
            }
            let written = if answer_bytes == length {
                self.stream.try_write_vectored(slices)
            } else {
                let first: &[u8] = slices.iter().find(|slice| !slice.is_empty()).map_or(&[], |slice| slice);
                self.stream.try_write(first.get(..answer_bytes).unwrap_or(first))
            };
            match written {
                Ok(written) => {
                    self.exchange.wrote(slices, written, Instant::now());
                    return Poll::Ready(Ok(written));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// The connection is shut down after hyper has gone: there may be something to say in its place.
    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
