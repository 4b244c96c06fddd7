//! The transport of a connection: TCP, or TLS on top of it.

use crate::answer::Answer;
use crate::closing::close;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// A connection that is open. It is read and written by one task at a time.
pub(crate) enum Transport {
    Plain(TcpStream),
    Tls(Mutex<Box<TlsStream<TcpStream>>>),
}

impl Transport {
    pub(crate) fn of_tls(stream: TlsStream<TcpStream>) -> Self {
        Self::Tls(Mutex::new(Box::new(stream)))
    }

    pub(crate) fn poll_read(&self, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let stream = match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => return Pin::new(&mut *locked(stream)).poll_read(context, into),
        };
        loop {
            ready!(stream.poll_read_ready(context))?;
            match stream.try_read_buf(into) {
                Ok(_) => return Poll::Ready(Ok(())),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Writes some of these bytes.
    pub(crate) fn poll_write(&self, context: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let stream = match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => return Pin::new(&mut *locked(stream)).poll_write_vectored(context, slices),
        };
        loop {
            ready!(stream.poll_write_ready(context))?;
            match stream.try_write_vectored(slices) {
                Ok(written) => return Poll::Ready(Ok(written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Hands over what was written to the kernel: TLS keeps the last records for a moment.
    pub(crate) fn poll_flush(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(_) => Poll::Ready(Ok(())),
            Self::Tls(stream) => Pin::new(&mut *locked(stream)).poll_flush(context),
        }
    }

    /// Ends the connection so that the client gets what was written to it, and `last_words` after it.
    pub(crate) async fn close(self, last_words: Option<Answer>) -> io::Result<()> {
        match self {
            Self::Plain(stream) => close(stream, last_words).await,
            Self::Tls(stream) => close(stream.into_inner().unwrap_or_else(PoisonError::into_inner), last_words).await,
        }
    }
}

fn locked(stream: &Mutex<Box<TlsStream<TcpStream>>>) -> MutexGuard<'_, Box<TlsStream<TcpStream>>> {
    stream.lock().unwrap_or_else(PoisonError::into_inner)
}
