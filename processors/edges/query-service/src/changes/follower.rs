//! One of those who follow a view: first what the log has beyond its position, then what is applied.
//!
//! Its position only ever goes on by the next event of a partition. What it has seen of a batch already, it skips; what it lacks before a
//! batch, it fetches from the log.

use super::feed::{Batch, Feed, Following, Recorded};
use super::frames::{self, Pieces};
use super::query::ChangeQuery;
use crate::worker_pool::{Interrupt, WorkerPool};
use application::offsets::KnownOffset;
use application::{Change, Refusal};
use bearer_tokens::Expiry;
use bytes::Bytes;
use http_server::Position;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval, timeout};

/// How long a client may take to make room for the next piece: less than the connection waits for it to take a byte, so that the reason is known.
const ROOM_WAIT_MAX: Duration = Duration::from_secs(5);
const HEARTBEAT_PERIOD: Duration = Duration::from_secs(10);

/// A view that can be followed.
pub(crate) trait Followable: Send + Sync {
    /// What its events change; `None` where it has none.
    fn feed(&self) -> Option<&Feed>;

    /// Fetches some of the events that a follower lacks. Waits for the log.
    fn catch_up(&self, lacking: CatchUp, interrupt: &Interrupt) -> Result<CaughtUpEvents, CatchUpFailure>;
}

/// Events of a partition that a follower lacks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CatchUp {
    pub(crate) partition: u32,
    /// The last one that it has.
    pub(crate) after: u64,
    /// The last one that it lacks.
    pub(crate) to: u64,
    /// Where one of them, or one before, is in the log; `None` where that is to be looked up.
    pub(crate) known: Option<KnownOffset>,
}

/// Some of the events that a follower lacks, from the first on.
pub(crate) struct CaughtUpEvents {
    pub(crate) events: Vec<(u64, Change)>,
    /// Where what follows them is in the log.
    pub(crate) next: Option<KnownOffset>,
}

/// Why they cannot be had.
pub(crate) enum CatchUpFailure {
    /// The log does not hold them any more.
    Deleted,
    Refused(Refusal),
}

impl<E: Into<Refusal>> From<E> for CatchUpFailure {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

/// Why a stream of changes has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Ended {
    /// The client has gone.
    Gone,
    /// It did not read what it was sent in time.
    Slow,
    /// The log does not hold what follows its position.
    Deleted,
    /// The log or the view could not be read.
    Unreadable,
    /// The client's token does not hold any more.
    Expired,
    /// The process ends.
    Stopping,
}

pub(crate) struct Follower {
    pub(crate) view: Arc<dyn Followable>,
    pub(crate) edition: String,
    pub(crate) query: ChangeQuery,
    pub(crate) pool: Arc<WorkerPool>,
    pub(crate) out: mpsc::Sender<Bytes>,
    /// Every event up to it was sent, or was not asked for.
    pub(crate) at: Position,
    pub(crate) stopping: watch::Receiver<bool>,
    /// Where to read on in the log, by partition.
    pub(crate) places: BTreeMap<u32, KnownOffset>,
}

impl Follower {
    /// Tells its client what it asked for until one of the reasons to end comes, at the latest when its token expires.
    pub(crate) async fn run(mut self, mut expiry: Expiry) -> Ended {
        let mut stopping = self.stopping.clone();
        let ended = tokio::select! {
            biased;
            _stopping = stopping.wait_for(|stopping| *stopping) => Ended::Stopping,
            () = expiry.passed() => Ended::Expired,
            ended = self.follow() => ended,
        };
        let last_words = match ended {
            Ended::Deleted => Some(frames::ended(
                "deleted",
                "the log does not hold what follows this position any more: ask for what there is, and follow from its position",
            )),
            Ended::Unreadable => Some(frames::ended("unavailable", "the log could not be read; connect again in a while")),
            // The id of the last message that was sent still holds: what was cut off is not counted as sent.
            Ended::Expired => Some(frames::ended(
                "token-expired",
                "the token that this stream was opened with has expired; connect again with a new one and with the last id",
            )),
            Ended::Gone | Ended::Slow | Ended::Stopping => None,
        };
        if let Some(last_words) = last_words {
            // A client that does not take it has its position all the same.
            let _taken = timeout(ROOM_WAIT_MAX, self.out.send(last_words)).await;
        }
        ended
    }

    async fn follow(&mut self) -> Ended {
        let view = Arc::clone(&self.view);
        let Some(feed) = view.feed() else { return Ended::Unreadable };
        let (mut following, position) = feed.follow();
        match self.go_on(&mut following, &position).await {
            Ok(never) => match never {},
            Err(ended) => ended,
        }
    }

    async fn go_on(&mut self, following: &mut Following, position: &Position) -> Result<std::convert::Infallible, Ended> {
        self.send(frames::opening(&self.edition)).await?;
        self.reach(position).await?;
        let mut is_live = self.begin_live(position).await?;
        let mut heartbeat = interval(HEARTBEAT_PERIOD);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let out = self.out.clone();
        loop {
            tokio::select! {
                biased;
                () = out.closed() => return Err(Ended::Gone),
                batch = following.batch() => {
                    let batch = batch.ok_or(Ended::Slow)?;
                    match &batch.recorded {
                        Some(recorded) if is_live => self.send_batch(recorded, &batch).await?,
                        recorded => {
                            if let Some(recorded) = recorded {
                                self.send_rest(recorded).await?;
                            }
                            self.reach(&batch.after).await?;
                            is_live = self.begin_live(&batch.after).await?;
                        }
                    }
                }
                _tick = heartbeat.tick() => self.send(frames::heartbeat(&self.at.to_string())).await?,
            }
        }
    }

    /// Says so where it is at the view's position: what is applied from there on is sent with all that follows from it.
    async fn begin_live(&mut self, position: &Position) -> Result<bool, Ended> {
        let is_live = self.at == *position;
        if is_live {
            self.places.clear();
            self.send(frames::live(&self.at.to_string())).await?;
        }
        Ok(is_live)
    }

    /// Sends a batch that begins at its position.
    async fn send_batch(&mut self, recorded: &Recorded, batch: &Batch) -> Result<(), Ended> {
        debug_assert_eq!(self.at, batch.before);
        if self.query.is_open() {
            for piece in &recorded.pieces {
                self.send(piece.clone()).await?;
            }
        } else {
            let mut pieces = Pieces::default();
            for event in &recorded.events {
                let changes = &event.changes;
                let asked = std::iter::once(&changes.event)
                    .chain(&changes.consequences)
                    .filter(|change| self.query.holds(change));
                pieces.add(|out| frames::put(asked, &event.position, out));
            }
            for piece in pieces.finish() {
                self.send(piece).await?;
            }
        }
        self.at = batch.after.clone();
        Ok(())
    }

    /// Sends what it lacks of a batch that does not begin at its position. What followed from the events depended on others that it has not
    /// seen yet, or has seen before.
    async fn send_rest(&mut self, recorded: &Recorded) -> Result<(), Ended> {
        for event in &recorded.events {
            let (partition, sequence) = (event.changes.partition, event.changes.sequence);
            let has = self.at.sequence(partition).unwrap_or(0);
            if sequence <= has {
                continue;
            }
            if sequence > has + 1 {
                self.catch_up(partition, sequence - 1).await?;
            }
            self.event(partition, sequence, &event.changes.event).await?;
        }
        Ok(())
    }

    /// Fetches from the log what it lacks of a position.
    async fn reach(&mut self, position: &Position) -> Result<(), Ended> {
        for (partition, sequence) in position.iter() {
            self.catch_up(partition, sequence).await?;
        }
        Ok(())
    }

    async fn catch_up(&mut self, partition: u32, to: u64) -> Result<(), Ended> {
        loop {
            let after = self.at.sequence(partition).unwrap_or(0);
            if after >= to {
                return Ok(());
            }
            let lacking = CatchUp {
                partition,
                after,
                to,
                known: self.places.get(&partition).copied(),
            };
            let view = Arc::clone(&self.view);
            let work = move |interrupt: &Interrupt| view.catch_up(lacking, interrupt);
            let caught = self.pool.run(work).await.map_err(|_problem| Ended::Unreadable)?;
            let CaughtUpEvents { events, next } = caught.map_err(|failure| match failure {
                CatchUpFailure::Deleted => Ended::Deleted,
                CatchUpFailure::Refused(refusal) => {
                    tracing::warn!(?refusal, partition, after, "changes cannot be read from the log");
                    Ended::Unreadable
                }
            })?;
            if events.is_empty() {
                tracing::warn!(partition, after, to, "the log has brought no event that a follower lacks");
                return Err(Ended::Unreadable);
            }
            match next {
                Some(next) => self.places.insert(partition, next),
                None => self.places.remove(&partition),
            };
            for (sequence, change) in events {
                self.event(partition, sequence, &change).await?;
            }
        }
    }

    async fn event(&mut self, partition: u32, sequence: u64, change: &Change) -> Result<(), Ended> {
        self.at.reach(partition, sequence);
        if self.query.holds(change) {
            let mut text = Vec::with_capacity(change.document.len() + 256);
            frames::put(std::iter::once(change), &self.at.to_string(), &mut text);
            self.send(text.into()).await?;
        }
        Ok(())
    }

    async fn send(&self, piece: Bytes) -> Result<(), Ended> {
        match timeout(ROOM_WAIT_MAX, self.out.send(piece)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_gone)) => Err(Ended::Gone),
            Err(_elapsed) => Err(Ended::Slow),
        }
    }
}
