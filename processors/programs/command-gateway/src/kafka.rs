//! The client of the log: there is one for as long as the brokers can be reached and the topics are the right ones.

use crate::metrics::Metrics;
use command_client::{Client, Limits, OutcomeDecoder, StartError};
use http_server::Problem;
use service::{Health, Shutdown, State};
use std::io;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;
use stream::admin::{Admin, AdminError};
use stream::facts::{self, FactsError, Role};
use stream::reader::ReadFailure;
use stream::{Settings, TopicWatch};
use topology::Topology;

/// The part of the process that this is about.
const KAFKA: &str = "kafka";
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// Between two looks at topics that are not as they should be.
const MENDING_PAUSE: Duration = Duration::from_secs(10);
/// Between two looks at the client.
const CHECK_PERIOD: Duration = Duration::from_millis(200);

/// The log cannot be used, and waiting does not help.
#[derive(Debug, thiserror::Error)]
pub enum LogFailure {
    #[error("the topics are not as the topology says: {0}")]
    Topics(String),
    #[error(transparent)]
    Client(#[from] StartError),
    #[error("a thread could not be started: {0}")]
    Thread(#[from] io::Error),
}

/// The client, where there is one.
#[derive(Default)]
pub(crate) struct Log {
    held: RwLock<Held>,
}

#[derive(Default)]
struct Held {
    client: Option<Client>,
    /// Why there is none.
    reason: String,
}

impl Log {
    /// Works with the client. `work` must not block.
    ///
    /// # Errors
    /// A problem for the client of the gateway where the log cannot be reached.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&Client) -> T) -> Result<T, Problem> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        match &held.client {
            Some(client) => Ok(work(client)),
            None => Err(Problem::not_ready(&format!(
                "the log cannot be used at the moment: {}",
                held.reason
            ))),
        }
    }

    fn put(&self, client: Option<Client>, reason: &str) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let former = std::mem::replace(&mut held.client, client);
        held.reason = reason.to_owned();
        // Its threads are waited for, which requests should not have to do.
        drop(held);
        drop(former);
    }
}

/// Connects the client, and connects it again after a failure.
pub(crate) struct Connector {
    pub(crate) settings: Settings,
    pub(crate) topology: Topology,
    /// The number of partitions that the log must have; `None` where it is to say that itself.
    pub(crate) partitions: Option<u32>,
    pub(crate) decoder: Box<dyn Fn() -> OutcomeDecoder + Send>,
    pub(crate) limits: Limits,
    pub(crate) health: Health,
    pub(crate) metrics: Metrics,
}

/// Why there is no client.
enum Attempt {
    /// Time may help.
    Away(String),
    /// Only a person can.
    Failed(LogFailure),
}

impl Connector {
    /// Keeps a client in `log` until `stop` is requested. Topics that are wrong from the beginning end the process; those that become wrong
    /// later are looked at until they are mended.
    pub(crate) fn keep(&self, log: &Log, shutdown: &Shutdown, stop: &Shutdown) -> Result<(), LogFailure> {
        let mut was_right = false;
        while !stop.is_requested() {
            match self.connect(stop) {
                Ok((client, watch)) => {
                    was_right = true;
                    log.put(Some(client), "");
                    let reason = self.watch(log, &watch, stop);
                    self.wait(log, &reason);
                    if !stop.is_requested() {
                        tracing::error!(reason, "no commands are taken until this is mended");
                        stop.wait_timeout(MENDING_PAUSE);
                    }
                }
                Err(Attempt::Away(reason)) => {
                    tracing::warn!(reason, "the log cannot be used yet; waiting");
                    self.wait(log, &reason);
                    stop.wait_timeout(RETRY_PAUSE);
                }
                Err(Attempt::Failed(failure)) if was_right => {
                    self.wait(log, &failure.to_string());
                    stop.wait_timeout(MENDING_PAUSE);
                }
                Err(Attempt::Failed(failure)) => {
                    shutdown.request();
                    return Err(failure);
                }
            }
        }
        Ok(())
    }

    fn wait(&self, log: &Log, reason: &str) {
        self.health.set(KAFKA, State::Waiting(reason.to_owned()));
        log.put(None, reason);
    }

    fn connect(&self, stop: &Shutdown) -> Result<(Client, TopicWatch), Attempt> {
        let admin = Admin::new(&self.settings)?;
        let settled = facts::settle(&self.settings, &admin, &self.topology, self.partitions, Role::View)?;
        if let Some(fatal) = settled.fatal() {
            return Err(Attempt::Failed(LogFailure::Topics(format!("\n{fatal}"))));
        }
        for difference in &settled.differences {
            tracing::warn!(%difference, "a topic is not as the topology wants it");
        }
        let topology = settled.topology;
        let identity = admin.identity(&topology)?;
        let client = Client::start(&self.settings, &topology, (self.decoder)(), self.limits)?;
        let stopping = stop.clone();
        let rest = move |wait| stopping.wait_timeout(wait);
        let watch = TopicWatch::start(self.settings.clone(), topology, identity, Role::View, rest);
        Ok((client, watch.map_err(|error| Attempt::Failed(error.into()))?))
    }

    /// Says how the client is, until the topics are no longer the right ones or the process stops; returns why.
    fn watch(&self, log: &Log, watch: &TopicWatch, stop: &Shutdown) -> String {
        while !stop.wait_timeout(CHECK_PERIOD) {
            if let Some(found) = watch.found() {
                return found.to_owned();
            }
            let condition = log.with(|client| {
                self.metrics.waiting.set(i64::try_from(client.waiting()).unwrap_or(i64::MAX));
                match client.interruption() {
                    Some((topic, reason)) => State::Waiting(format!("topic {topic} cannot be followed: {reason}")),
                    None if client.is_caught_up() => State::Ready,
                    None => State::Waiting("the newest outcomes are being read".to_owned()),
                }
            });
            self.health.set(KAFKA, condition.unwrap_or(State::Ready));
        }
        "the process is stopping".to_owned()
    }
}

impl From<AdminError> for Attempt {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Unreachable(_) | AdminError::NoClusterId | AdminError::TopicIds(_) => Self::Away(error.to_string()),
            AdminError::Settings(_) | AdminError::Create { .. } | AdminError::Missing(_) => {
                Self::Failed(LogFailure::Topics(error.to_string()))
            }
        }
    }
}

impl From<FactsError> for Attempt {
    fn from(error: FactsError) -> Self {
        match error {
            FactsError::Admin(error) => error.into(),
            error if error.is_transient() => Self::Away(error.to_string()),
            error => Self::Failed(LogFailure::Topics(error.to_string())),
        }
    }
}

impl From<StartError> for Attempt {
    fn from(error: StartError) -> Self {
        match &error {
            StartError::Read(ReadFailure::OutOfRange { .. } | ReadFailure::Unheard { .. }) => Self::Away(error.to_string()),
            StartError::Read(failure) if failure.is_transient() => Self::Away(error.to_string()),
            StartError::Read(_) | StartError::Write(_) | StartError::Thread(_) => Self::Failed(error.into()),
        }
    }
}
