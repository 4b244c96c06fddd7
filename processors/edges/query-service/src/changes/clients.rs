//! All who follow, with their bounds: how many there are, and what they may keep.

use super::PIECES_UNREAD_MAX;
use super::follower::{Ended, Followable, Follower};
use super::query::{AFTER, ChangeQuery};
use crate::worker_pool::WorkerPool;
use bearer_tokens::Expiry;
use http_server::{Answer, HeaderName, HeaderValue, Parameters, Position, Problem, Request};
use prometheus::{IntCounterVec, IntGauge, Opts, Registry};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, watch};

/// Who follow at once. Each has a connection.
pub(crate) const FOLLOWERS_MAX: usize = 1000;
/// Followers that are read for from the log at once: the reader reads for one after the other.
const READING_AT_ONCE_MAX: usize = 1;
/// How long a follower waits for its turn to be read for: when a process comes back, all of its clients lack something.
const TURN_WAIT_MAX: Duration = Duration::from_secs(300);

pub(crate) const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// What is counted about those who follow.
#[derive(Debug, Clone)]
pub(crate) struct FollowMetrics {
    followers: IntGauge,
    ended: IntCounterVec,
}

pub(crate) struct FollowingClients {
    metrics: FollowMetrics,
    places: Arc<Semaphore>,
    pool: Arc<WorkerPool>,
    stopping: watch::Sender<bool>,
}

/// Which changes a client asks for, and from which position on.
pub(crate) struct Begin {
    /// The view and its version.
    pub(crate) edition: String,
    pub(crate) query: ChangeQuery,
    /// Where the view is, for partitions that `after` does not name.
    pub(crate) now: Position,
    pub(crate) after: Option<Position>,
    pub(crate) expiry: Expiry,
}

impl FollowMetrics {
    pub(crate) fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let metrics = Self {
            followers: IntGauge::new("aerolog_changes_followers", "Clients that follow the changes of a view.")?,
            ended: IntCounterVec::new(
                Opts::new("aerolog_changes_ended_total", "Streams of changes that have ended, by reason."),
                &["reason"],
            )?,
        };
        registry.register(Box::new(metrics.followers.clone()))?;
        registry.register(Box::new(metrics.ended.clone()))?;
        Ok(metrics)
    }
}

impl Ended {
    fn name(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Slow => "slow",
            Self::Deleted => "deleted",
            Self::Unreadable => "unreadable",
            Self::Expired => "expired",
            Self::Stopping => "stopping",
        }
    }
}

impl FollowingClients {
    pub(crate) fn new(metrics: FollowMetrics, run_max: Duration) -> Self {
        Self {
            metrics,
            places: Arc::new(Semaphore::new(FOLLOWERS_MAX)),
            pool: Arc::new(WorkerPool::new(READING_AT_ONCE_MAX, TURN_WAIT_MAX, run_max)),
            stopping: watch::Sender::new(false),
        }
    }

    /// Ends every stream.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Begins a stream of a view's changes.
    pub(crate) fn start(&self, view: Arc<dyn Followable>, begin: Begin) -> Result<Answer, Problem> {
        if view.feed().is_none() {
            return Err(Problem::busy("this process does not serve changes"));
        }
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| Problem::busy("as many clients follow the changes of this process as may"))?;
        let mut at = begin.now;
        for (partition, sequence) in begin.after.iter().flat_map(Position::iter) {
            at.reach(partition, sequence);
        }
        let (out, pieces) = mpsc::channel(PIECES_UNREAD_MAX);
        let follower = Follower {
            view,
            edition: begin.edition,
            query: begin.query,
            pool: Arc::clone(&self.pool),
            out,
            at,
            stopping: self.stopping.subscribe(),
            places: BTreeMap::new(),
        };
        let metrics = self.metrics.clone();
        tokio::spawn(async move {
            let _place = place;
            metrics.followers.inc();
            let ended = follower.run(begin.expiry).await;
            metrics.followers.dec();
            metrics.ended.with_label_values(&[ended.name()]).inc();
        });
        Ok(Answer::stream(EVENT_STREAM, pieces))
    }
}

/// The position after which a client wants to go on: what it has seen last, or what it asks for.
pub(crate) fn after(request: &Request<'_>, parameters: &Parameters<'_>) -> Result<Option<Position>, Problem> {
    const EXPECTED: &str = "the id of an earlier message: partition:sequence pairs such as 0:12,1:7";
    let asked = parameters.read(AFTER, Position::read)?;
    match request.header(&LAST_EVENT_ID, EXPECTED)? {
        None | Some("") => Ok(asked),
        Some(text) => match Position::parse(text) {
            Some(seen) => Ok(Some(seen)),
            None => Err(Problem::bad_parameter("Last-Event-ID", text, EXPECTED)),
        },
    }
}
