//! The body of a request: read whole within a bound, or piece by piece as it comes.

use crate::body_bytes::{BodyBytes, HeldBody};
use crate::exchange::Exchange;
use crate::problem::Problem;
use bytes::{Buf, Bytes};
use futures_core::Stream;
use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// The body of a request, to be taken once.
#[derive(Debug, Default)]
pub struct Body {
    reader: Mutex<Option<BodyReader>>,
}

/// Reads a body piece by piece. What is not read stays in the client's and the kernel's buffers: the client has to wait.
pub struct BodyReader {
    source: Option<Source>,
    /// `None` of a body that is there already, which has no part in the budget.
    sender: Option<Sender>,
    /// How long the whole body may take where it is read as a whole.
    wait_max: Duration,
}

/// The connection that a body comes over.
struct Sender {
    exchange: Arc<Exchange>,
    /// What was received and is not used yet.
    held: HeldBody,
}

type Source = Pin<Box<dyn Stream<Item = Result<Bytes, warp::Error>> + Send>>;

impl Body {
    /// The body that comes over a connection.
    pub(crate) fn of<B: Buf>(
        stream: impl Stream<Item = Result<B, warp::Error>> + Send + Unpin + 'static,
        exchange: Arc<Exchange>,
        budget: &Arc<BodyBytes>,
        wait_max: Duration,
    ) -> Self {
        let reader = BodyReader {
            source: Some(Box::pin(Pieces(stream))),
            sender: Some(Sender {
                exchange,
                held: HeldBody::new(budget),
            }),
            wait_max,
        };
        Self {
            reader: Mutex::new(Some(reader)),
        }
    }

    /// A body that is there already, in these pieces.
    pub fn of_pieces(pieces: &[&[u8]]) -> Self {
        let pieces = pieces.iter().map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        let reader = BodyReader {
            source: Some(Box::pin(Ready(pieces))),
            ..BodyReader::default()
        };
        Self {
            reader: Mutex::new(Some(reader)),
        }
    }

    /// Takes the body; a second taker finds an empty one.
    pub fn take(&self) -> BodyReader {
        self.reader
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .unwrap_or_default()
    }

    /// Reads the whole body.
    ///
    /// # Errors
    /// A problem for the client: more than `bytes_max` bytes (413), a body that does not come to its end in time (408), one that breaks
    /// off (400), or one for which there is no room (503).
    pub async fn read(&self, bytes_max: usize) -> Result<Vec<u8>, Problem> {
        let mut reader = self.take();
        let wait_max = reader.wait_max;
        let whole = async {
            let mut bytes = Vec::new();
            while let Some(piece) = reader.next().await? {
                if piece.len() > bytes_max - bytes.len() {
                    return Err(Problem::body_too_large(bytes_max));
                }
                bytes.extend_from_slice(&piece);
            }
            Ok(bytes)
        };
        timeout(wait_max, whole)
            .await
            .unwrap_or_else(|_elapsed| Err(Problem::body_timeout()))
    }
}

impl Default for BodyReader {
    /// One that is at its end.
    fn default() -> Self {
        Self {
            source: None,
            sender: None,
            wait_max: Duration::MAX,
        }
    }
}

impl BodyReader {
    /// The next piece; `None` at the end. Cancelled, it can be called again.
    ///
    /// # Errors
    /// A problem for the client when the body breaks off, or when there is no room for more of it.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        let Some(source) = &mut self.source else { return Ok(None) };
        let piece = {
            let exchange = self.sender.as_ref().map(|sender| &*sender.exchange);
            // While nothing has come, the connection waits for its client: until the piece is there, or is wanted no longer.
            let _wanted = Wanted(exchange);
            poll_fn(|context| {
                let piece = source.as_mut().poll_next(context);
                if let (true, Some(exchange)) = (piece.is_pending(), exchange) {
                    exchange.wants_body(true, Instant::now());
                }
                piece
            })
            .await
        };
        match piece {
            None => {
                self.source = None;
                Ok(None)
            }
            Some(Ok(bytes)) => self.came(bytes).map(Some),
            Some(Err(error)) => {
                tracing::debug!(%error, "a body broke off");
                self.source = None;
                Err(Problem::body_broken())
            }
        }
    }

    /// At most this many of the received bytes are still kept: the rest goes back to the budget.
    pub fn keep(&mut self, bytes: usize) {
        if let Some(Sender { exchange, held }) = &mut self.sender {
            held.shrink(bytes);
            exchange.body_came(0, held.is_counted());
        }
    }

    /// What was received was used: the client makes progress, and its accumulated waiting time is reset.
    pub fn used(&mut self) {
        if let Some(sender) = &self.sender {
            sender.exchange.body_used(Instant::now());
        }
    }

    fn came(&mut self, bytes: Bytes) -> Result<Bytes, Problem> {
        if let Some(Sender { exchange, held }) = &mut self.sender {
            if held.grow(bytes.len()).is_err() {
                self.source = None;
                return Err(Problem::busy("too many bytes of other requests have come that are not whole yet"));
            }
            exchange.body_came(bytes.len(), held.is_counted());
        }
        Ok(bytes)
    }
}

/// More of the body is wanted for as long as this lives.
struct Wanted<'e>(Option<&'e Exchange>);

impl Drop for Wanted<'_> {
    fn drop(&mut self) {
        if let Some(exchange) = self.0 {
            exchange.wants_body(false, Instant::now());
        }
    }
}

impl fmt::Debug for BodyReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("BodyReader").finish_non_exhaustive()
    }
}

/// Pieces that are there already.
struct Ready(VecDeque<Result<Bytes, warp::Error>>);

impl Stream for Ready {
    type Item = Result<Bytes, warp::Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.pop_front())
    }
}

/// Each piece as bytes that are shared, not copied, where they come so.
struct Pieces<S>(S);

impl<S, B> Stream for Pieces<S>
where
    S: Stream<Item = Result<B, warp::Error>> + Unpin,
    B: Buf,
{
    type Item = Result<Bytes, warp::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let piece = ready!(Pin::new(&mut self.0).poll_next(context));
        Poll::Ready(piece.map(|piece| piece.map(|mut bytes| bytes.copy_to_bytes(bytes.remaining()))))
    }
}
