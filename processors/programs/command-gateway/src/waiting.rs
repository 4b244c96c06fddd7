//! Sending a command and waiting for what becomes of it, within bounds.

use crate::answers::{self, Expected};
use crate::kafka::Log;
use crate::sent::Sent;
use command_client::{Answer as Decided, NewCommand, Pending, SendError, WaitError};
use http_server::{Answer, Problem};
use service::Shutdown;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

/// How long requests go on waiting for outcomes after the order to stop.
pub(crate) const DRAIN_WAIT_MAX: Duration = Duration::from_secs(2);
/// How long the broker may take to acknowledge a command whose outcome is not waited for any longer.
const WRITE_WAIT_MAX: Duration = Duration::from_secs(10);
/// Between two looks at whether it has.
const WRITE_CHECK_PERIOD: Duration = Duration::from_millis(10);

/// Waits on the log for all requests.
pub(crate) struct Waiting {
    log: Arc<Log>,
    shutdown: Shutdown,
}

impl Waiting {
    pub(crate) fn new(log: Arc<Log>, shutdown: Shutdown) -> Self {
        Self { log, shutdown }
    }

    /// Sends a command and waits for its outcome.
    ///
    /// # Errors
    /// A problem for the client where the command was not sent, or where what became of it is not known.
    pub(crate) async fn send(&self, command: NewCommand, expected: Expected, wait: Duration) -> Result<Answer, Problem> {
        let mut pending = self.begin(&command)?.map_err(|error| answers::not_sent(&error))?;
        let sent = Sent::from(command);
        self.finish(&sent, &mut pending, expected, Instant::now() + wait).await
    }

    /// Hands a command over to the producer.
    pub(crate) fn begin(&self, command: &NewCommand) -> Result<Result<Pending<Decided>, SendError>, Problem> {
        self.log.with(|client| client.send(command))
    }

    /// Waits for the outcome until `deadline`, then for no longer than the broker's acknowledgement. Cancelled, it can be called again.
    pub(crate) async fn finish(
        &self,
        sent: &Sent,
        pending: &mut Pending<Decided>,
        expected: Expected,
        deadline: Instant,
    ) -> Result<Answer, Problem> {
        if let Some(answered) = self.within(deadline.saturating_duration_since(Instant::now()), pending).await {
            return decided(sent.command_id, answered, expected);
        }
        loop {
            if let Some(place) = pending.place() {
                return Ok(answers::pending(sent, place));
            }
            if let Some(answered) = self.within(WRITE_CHECK_PERIOD, pending).await {
                return decided(sent.command_id, answered, expected);
            }
            if Instant::now() > deadline + WRITE_WAIT_MAX || self.shutdown.is_requested() {
                return Err(answers::unknown(sent.command_id, "the broker has not acknowledged the command"));
            }
        }
    }

    /// Sends a command and waits until the broker has it.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub(crate) async fn write(&self, command: NewCommand) -> Result<Answer, Problem> {
        let pending = self.log.with(|client| client.write(&command))?;
        let mut pending = pending.map_err(|error| answers::not_sent(&error))?;
        let sent = Sent::from(command);
        match self.within(WRITE_WAIT_MAX, &mut pending).await {
            Some(Ok(place)) => Ok(answers::pending(&sent, place)),
            Some(Err(error)) => Err(answers::wait_failed(sent.command_id, &error)),
            None => Err(answers::unknown(sent.command_id, "the broker has not acknowledged the command")),
        }
    }

    /// The outcome of a command that was sent before, or else the next one within the time.
    ///
    /// # Errors
    /// A problem for the client where there is none, or where that cannot be said.
    pub(crate) async fn attach(&self, command_id: Uuid, aggregate_id: Option<&str>, wait: Duration) -> Result<Answer, Problem> {
        let (attached, is_caught_up) = self
            .log
            .with(|client| (client.attach(command_id, aggregate_id), client.is_caught_up()))?;
        let mut pending = attached.map_err(|error| answers::not_sent(&error))?;
        match self.within(wait, &mut pending).await {
            Some(answered) => decided(command_id, answered, Expected::InCommand),
            None if is_caught_up => Err(answers::no_outcome(command_id)),
            None => Err(Problem::not_ready("the newest outcomes are being read")),
        }
    }

    /// Resolves when the process is to stop.
    pub(crate) async fn stopping(&self) {
        self.shutdown.requested().await;
    }

    /// What comes within the time; a shutdown leaves [`DRAIN_WAIT_MAX`] of it.
    async fn within<T>(&self, wait: Duration, pending: &mut Pending<T>) -> Option<Result<T, WaitError>> {
        let drained = async {
            self.shutdown.requested().await;
            sleep(DRAIN_WAIT_MAX).await;
        };
        tokio::select! {
            biased;
            answered = timeout(wait, pending) => answered.ok(),
            () = drained => None,
        }
    }
}

fn decided(command_id: Uuid, answered: Result<Decided, WaitError>, expected: Expected) -> Result<Answer, Problem> {
    match answered {
        Ok(answered) => Ok(answers::of_decided(&answered, expected)),
        Err(error) => Err(answers::wait_failed(command_id, &error)),
    }
}
