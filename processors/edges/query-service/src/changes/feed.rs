//! The newest changes of a view: what was applied while someone follows, in the order in which it was applied, up to a bound.

use super::frames;
use application::Change;
use bytes::Bytes;
use http_server::Position;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Bytes of batches that are kept for followers who are behind; the newest batch is kept in every case.
const BYTES_MAX: usize = 16 << 20;

/// An event with what followers are told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldEvent {
    pub partition: u32,
    pub sequence: u64,
    pub event: Change,
    pub consequences: Vec<Change>,
}

/// Changes on their way from the thread that writes a view to those who follow it. The writer never waits for a follower.
#[derive(Debug)]
pub struct Feed {
    state: Mutex<State>,
    /// The number of the batch that comes next.
    published: watch::Sender<u64>,
    followers: AtomicUsize,
    bytes_max: usize,
}

#[derive(Debug)]
struct State {
    batches: VecDeque<Arc<Batch>>,
    bytes: usize,
    /// The number of the batch that comes next.
    next: u64,
    /// Where the view is after all batches.
    position: Position,
}

/// Events that came into the view together.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) before: Position,
    pub(crate) after: Position,
    /// `None` where they were applied before someone followed.
    pub(crate) recorded: Option<Recorded>,
}

#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) events: Vec<PlacedEvent>,
    /// All of it as a follower without filters is sent it, in pieces.
    pub(crate) pieces: Vec<Bytes>,
}

#[derive(Debug)]
pub(crate) struct PlacedEvent {
    pub(crate) told: ToldEvent,
    /// The view's position after the event, as text.
    pub(crate) position: String,
}

/// Follows until it is dropped: while there is one, changes are recorded.
#[derive(Debug)]
pub(crate) struct Following<'f> {
    feed: &'f Feed,
    published: watch::Receiver<u64>,
    /// The number of the batch to take next.
    next: u64,
}

impl Feed {
    /// Of a view that stands at `position`.
    pub fn new(position: Position) -> Self {
        Self::bounded(position, BYTES_MAX)
    }

    pub(crate) fn bounded(position: Position, bytes_max: usize) -> Self {
        Self {
            state: Mutex::new(State {
                batches: VecDeque::new(),
                bytes: 0,
                next: 0,
                position,
            }),
            published: watch::Sender::new(0),
            followers: AtomicUsize::new(0),
            bytes_max,
        }
    }

    /// Whether someone follows, so that changes should be worked out.
    pub fn is_followed(&self) -> bool {
        self.followers.load(Ordering::Acquire) > 0
    }

    /// The view has come to `after`. `told` are the events on the way, in their order, where they were recorded.
    pub fn publish(&self, after: Position, told: Option<Vec<ToldEvent>>) {
        let mut state = self.state();
        if state.position == after {
            return;
        }
        if !self.is_followed() {
            // What is kept would only be of use to those who follow already.
            state.batches.clear();
            state.bytes = 0;
        }
        let before = std::mem::replace(&mut state.position, after.clone());
        let recorded = told.map(|told| Recorded::new(&before, told));
        let batch = Batch { before, after, recorded };
        state.bytes += batch.bytes();
        state.batches.push_back(Arc::new(batch));
        while state.bytes > self.bytes_max && state.batches.len() > 1 {
            state.bytes -= state.batches.pop_front().map_or(0, |oldest| oldest.bytes());
        }
        state.next += 1;
        self.published.send_replace(state.next);
    }

    /// Begins to follow: what is published from now on. Returns the position before it, too.
    pub(crate) fn follow(&self) -> (Following<'_>, Position) {
        self.followers.fetch_add(1, Ordering::AcqRel);
        let state = self.state();
        let following = Following {
            feed: self,
            published: self.published.subscribe(),
            next: state.next,
        };
        (following, state.position.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is made of calls that do not panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Following<'_> {
    /// The next batch, once there is one; `None` where the follower was so slow that it is no longer kept. Nothing is lost where the future is
    /// dropped.
    pub(crate) async fn batch(&mut self) -> Option<Arc<Batch>> {
        // The sender lives in the feed, which is borrowed.
        let next = self.next;
        let _published = self.published.wait_for(|published| *published > next).await;
        let state = self.feed.state();
        let oldest = state.next - state.batches.len() as u64;
        let index = usize::try_from(self.next.checked_sub(oldest)?).ok()?;
        let batch = Arc::clone(state.batches.get(index)?);
        self.next += 1;
        Some(batch)
    }
}

impl Drop for Following<'_> {
    fn drop(&mut self) {
        self.feed.followers.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Recorded {
    fn new(before: &Position, told: Vec<ToldEvent>) -> Self {
        let mut position = before.clone();
        let mut pieces = frames::Pieces::default();
        let mut events = Vec::with_capacity(told.len());
        for told in told {
            position.reach(told.partition, told.sequence);
            let text = position.to_string();
            pieces.add(|out| frames::put(std::iter::once(&told.event).chain(&told.consequences), &text, out));
            events.push(PlacedEvent { told, position: text });
        }
        Self {
            events,
            pieces: pieces.finish(),
        }
    }
}

impl Batch {
    /// About what it takes of memory.
    fn bytes(&self) -> usize {
        const FRAME: usize = 256;
        let of_change = |change: &Change| change.document.len() + FRAME;
        let of_event = |event: &PlacedEvent| {
            let told = &event.told;
            event.position.len() + of_change(&told.event) + told.consequences.iter().map(of_change).sum::<usize>()
        };
        let recorded = self.recorded.as_ref().map_or(0, |recorded| {
            recorded.pieces.iter().map(Bytes::len).sum::<usize>() + recorded.events.iter().map(of_event).sum::<usize>()
        });
        FRAME + recorded
    }
}
