//! The client: one producer, one follower of outcomes, one of dead letters, and everything that waits for them.

use crate::following::follow;
use crate::letters::LetterReader;
use crate::shared::Shared;
use crate::waiting::{Waiter, Waiting};
use crate::writer::CommandWriter;
use crate::{Answer, NewCommand, OutcomeDecoder, OutcomeReader, Pending, Place, SendError, StartAt, StartError, WaitError};
use service::Shutdown;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use stream::Settings;
use stream::writer::Writer;
use tokio::sync::oneshot;
use topology::Topology;
use uuid::Uuid;

/// How much a client may hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Commands that wait at the same time; one more is refused ([`SendError::Busy`]).
    pub commands_max: usize,
    /// The newest outcomes of all partitions, of any client's commands, which [`Client::attach`] finds after they have come.
    pub outcomes_kept_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            commands_max: 10_000,
            outcomes_kept_max: 0,
        }
    }
}

/// Sends commands and learns what becomes of them. Threads and tasks share one.
pub struct Client {
    shared: Arc<Shared>,
    writer: Arc<CommandWriter>,
    stop: Shutdown,
    threads: Vec<JoinHandle<()>>,
}

const SERVE_WAIT: Duration = Duration::from_millis(50);

impl Client {
    /// Connects, and follows both topics from their ends as they are now: every command that is sent from here on is answered. Blocks
    /// until the brokers have said where that is.
    ///
    /// # Errors
    /// When a Kafka client cannot be created, or the topics' ends cannot be read.
    pub fn start(settings: &Settings, topology: &Topology, decoder: OutcomeDecoder, limits: Limits) -> Result<Self, StartError> {
        let shared = Arc::new(Shared::default());
        shared.state().waiting = Waiting::keeping(limits.commands_max, limits.outcomes_kept_max);
        let start_at = match limits.outcomes_kept_max {
            0 => StartAt::End,
            outcomes_max => StartAt::Newest { outcomes_max },
        };
        let outcomes = OutcomeReader::open(settings, topology, decoder, start_at)?;
        let letters = LetterReader::open(settings, topology)?;
        let reported = Arc::clone(&shared);
        let writer = Writer::reporting(settings, move |report| {
            let place = report.written.map(|(partition, offset)| Place { partition, offset });
            reported.state().waiting.written(report.tag, place);
        })?;
        let mut client = Self {
            shared: Arc::clone(&shared),
            writer: Arc::new(CommandWriter::of(writer, topology)),
            stop: Shutdown::default(),
            threads: Vec::new(),
        };
        let (writer, stop) = (Arc::clone(&client.writer), client.stop.clone());
        client.spawn("command-reports", move || {
            while !stop.is_requested() {
                writer.serve(SERVE_WAIT);
            }
        })?;
        let (followed, stop) = (Arc::clone(&shared), client.stop.clone());
        client.spawn("outcomes", move || follow(outcomes, &followed, &stop))?;
        let (followed, stop) = (shared, client.stop.clone());
        client.spawn("dead-letters", move || follow(letters, &followed, &stop))?;
        Ok(client)
    }

    fn spawn(&mut self, name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), StartError> {
        self.threads.push(thread::Builder::new().name(name.to_owned()).spawn(run)?);
        Ok(())
    }

    /// Sends a command. Does not block: what waits is the [`Pending`].
    pub fn send(&self, command: &NewCommand) -> Result<Pending<Answer>, SendError> {
        self.submit(command, |answer| {
            Waiter::answer(command.command_id, Some(&command.aggregate_id), answer)
        })
    }

    /// Sends a command, and waits only until the broker has it.
    pub fn write(&self, command: &NewCommand) -> Result<Pending<Place>, SendError> {
        self.submit(command, Waiter::write)
    }

    /// Waits for an outcome of a command that was sent elsewhere; of any aggregate, where none is named. Of outcomes that came before this was
    /// called, those are found that are kept ([`Limits::outcomes_kept_max`]): [`OutcomeReader`] reads all.
    pub fn attach(&self, command_id: Uuid, aggregate_id: Option<&str>) -> Result<Pending<Answer>, SendError> {
        self.register(|answer| Waiter::attached(command_id, aggregate_id, answer))
    }

    /// Whether the outcomes that were there at the start, and that are to be kept, are read.
    pub fn is_caught_up(&self) -> bool {
        self.shared.state().waiting.is_caught_up()
    }

    /// Why commands cannot be sent at the moment: a topic, and what is the matter with it.
    pub fn interruption(&self) -> Option<(String, String)> {
        let state = self.shared.state();
        let (topic, reason) = state.interrupted.first_key_value()?;
        Some((topic.clone(), reason.clone()))
    }

    /// How many commands wait.
    pub fn waiting(&self) -> usize {
        self.shared.state().waiting.len()
    }

    fn submit<T>(
        &self,
        command: &NewCommand,
        waiter: impl FnOnce(oneshot::Sender<Result<T, WaitError>>) -> Waiter,
    ) -> Result<Pending<T>, SendError> {
        // Registered first: the report may come before this thread goes on.
        let pending = self.register(waiter)?;
        self.writer.queue(command, pending.tag())?;
        Ok(pending)
    }

    fn register<T>(&self, waiter: impl FnOnce(oneshot::Sender<Result<T, WaitError>>) -> Waiter) -> Result<Pending<T>, SendError> {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.shared.state();
        if let Some((topic, reason)) = state.interrupted.first_key_value() {
            let (topic, reason) = (topic.clone(), reason.clone());
            return Err(SendError::NotFollowing { topic, reason });
        }
        let commands_max = state.waiting.commands_max();
        let tag = state.waiting.add(waiter(sender)).ok_or(SendError::Busy { commands_max })?;
        drop(state);
        Ok(Pending::new(tag, receiver, Arc::clone(&self.shared)))
    }
}

impl Drop for Client {
    /// Everything that still waits gets [`WaitError::Stopped`].
    fn drop(&mut self) {
        self.stop.request();
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so.
            let _ended = thread.join();
        }
        self.shared.state().waiting.fail_all(&WaitError::Stopped);
    }
}
