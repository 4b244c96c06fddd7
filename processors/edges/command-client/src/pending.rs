//! One command that was sent, until it is known what became of it.

use crate::shared::Shared;
use crate::{Answer, Place, WaitError};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::oneshot;

/// What is waited for of one command: its [`Answer`], or the [`Place`] where it was written. Dropped, it is waited for no longer; the
/// command may be decided all the same.
#[must_use = "the command was sent; this is how its outcome is known"]
pub struct Pending<T = Answer> {
    tag: usize,
    receiver: oneshot::Receiver<Result<T, WaitError>>,
    shared: Arc<Shared>,
}

impl<T> Pending<T> {
    pub(crate) fn new(tag: usize, receiver: oneshot::Receiver<Result<T, WaitError>>, shared: Arc<Shared>) -> Self {
        Self { tag, receiver, shared }
    }

    pub(crate) fn tag(&self) -> usize {
        self.tag
    }

    /// Where the command was written, once the broker has acknowledged it and until it is answered.
    pub fn place(&self) -> Option<Place> {
        self.shared.state().waiting.place(self.tag)
    }

    /// Blocks the thread for up to `patience`. For command lines: a server awaits the future, with a timeout of its runtime.
    ///
    /// # Errors
    /// [`WaitError::Late`] when the time is over.
    ///
    /// # Panics
    /// Inside of an asynchronous runtime, whose thread it would block.
    pub fn wait(mut self, patience: Duration) -> Result<T, WaitError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.map_err(|error| WaitError::Runtime(error.kind()))?;
        match runtime.block_on(async { tokio::time::timeout(patience, &mut self).await }) {
            Ok(answer) => answer,
            Err(_) => Err(WaitError::Late {
                place: self.place(),
                waited: patience,
            }),
        }
    }
}

impl<T> Future for Pending<T> {
    type Output = Result<T, WaitError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let received = Pin::new(&mut self.receiver).poll(context);
        received.map(|answer| answer.unwrap_or(Err(WaitError::Stopped)))
    }
}

impl<T> Drop for Pending<T> {
    fn drop(&mut self) {
        self.shared.state().waiting.forget(self.tag);
    }
}
