//! What hyper answers by itself, to bytes that are no request of its: a status and nothing else. Here it becomes a problem document like
//! every other refusal.

use crate::answer::Answer;
use crate::problem::Problem;
use bytes::{Buf, Bytes};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection on which hyper's own refusals say what was wrong.
pub(crate) struct Explained<T> {
    inner: T,
    /// What is still to be written in place of a refusal.
    explanation: Bytes,
}

impl<T> Explained<T> {
    pub(crate) fn new(inner: T) -> Self {
        let explanation = Bytes::new();
        Self { inner, explanation }
    }
}

/// The answer in place of a head that hyper has written by itself. Every head of this service names the type of its content.
fn explanation(head: &[u8]) -> Option<Vec<u8>> {
    const STATUS_AT: usize = b"HTTP/1.1 ".len();
    if head.get(STATUS_AT) != Some(&b'4') || !head.ends_with(b"\r\n\r\n") {
        return None;
    }
    let head = std::str::from_utf8(head).ok()?;
    if head.contains("content-type:") {
        return None;
    }
    let problem = match head.get(STATUS_AT..STATUS_AT + 3)? {
        "414" => Problem::target_too_long(),
        "431" => Problem::head_too_large(),
        _ => Problem::no_request(),
    };
    Some(Answer::from(problem).to_bytes_closing())
}

impl<T: AsyncWrite + Unpin> Explained<T> {
    /// Ready when nothing is left to be written in place of something else.
    fn poll_explain(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.explanation.is_empty() {
            match ready!(Pin::new(&mut self.inner).poll_write(context, &self.explanation))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.explanation.advance(written),
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Explained<T> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_explain(context))?;
        if let Some(explanation) = explanation(bytes) {
            // Taken as a whole; what the connection does not take at once is written before anything else is.
            self.explanation = explanation.into();
            return match self.poll_explain(context) {
                Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(bytes.len())),
            };
        }
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        if let [only] = slices {
            return self.poll_write(context, only);
        }
        ready!(self.poll_explain(context))?;
        Pin::new(&mut self.inner).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_explain(context))?;
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_explain(context))?;
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Explained<T> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, into)
    }
}
