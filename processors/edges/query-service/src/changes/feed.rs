//! The newest changes of a view: what was applied while someone follows, in the order in which it was applied, up to a bound.

use super::frames;
use application::Change;
use bytes::Bytes;
use http_server::Position;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::watch;

/// Bytes of batches that are kept for followers that lag; the newest batch is kept in every case.
const BYTES_MAX: usize = 16 << 20;

/// An event as followers receive it, with the changes that follow from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventChanges {
    pub partition: u32,
    pub sequence: u64,
    pub event: Change,
    pub consequences: Vec<Change>,
}

/// Changes on their way from the thread that writes a view to its followers. The writer never waits for a follower.
#[derive(Debug)]
pub struct Feed {
    /// Each follower has a receiver.
    state: watch::Sender<State>,
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
    pub(crate) changes: EventChanges,
    /// The view's position after the event, as text.
    pub(crate) position: String,
}

/// Follows until it is dropped: while there is one, changes are recorded.
#[derive(Debug)]
pub(crate) struct Following {
    state: watch::Receiver<State>,
    /// The number of the batch to take next.
    next: u64,
}

impl Feed {
    /// Of a view that stands at `position`.
    pub fn new(position: Position) -> Self {
        Self::bounded(position, BYTES_MAX)
    }

    pub(crate) fn bounded(position: Position, bytes_max: usize) -> Self {
        let state = State {
            batches: VecDeque::new(),
            bytes: 0,
            next: 0,
            position,
        };
        Self {
            state: watch::Sender::new(state),
            bytes_max,
        }
    }

    /// Whether someone follows, so that changes should be worked out.
    pub fn is_followed(&self) -> bool {
        self.state.receiver_count() > 0
    }

    /// The view has come to `after`. `changes` are the events on the way, in their order, where they were recorded. One thread publishes.
    pub fn publish(&self, after: Position, changes: Option<Vec<EventChanges>>) {
        let before = self.state.borrow().position.clone();
        if before == after {
            return;
        }
        // The text is made before the state is locked: followers wait for the lock.
        let recorded = changes.map(|changes| Recorded::new(&before, changes));
        let batch = Batch { before, after, recorded };
        self.state.send_modify(|state| {
            if self.is_followed() {
                state.push(batch, self.bytes_max);
            } else {
                // Batches are only of use to those who follow already.
                state.skip_to(batch.after);
            }
        });
    }

    /// Begins to follow: what is published from now on. Returns the position before it, too.
    pub(crate) fn follow(&self) -> (Following, Position) {
        let state = self.state.subscribe();
        let (next, position) = {
            let state = state.borrow();
            (state.next, state.position.clone())
        };
        (Following { state, next }, position)
    }
}

impl State {
    fn push(&mut self, batch: Batch, bytes_max: usize) {
        self.position.clone_from(&batch.after);
        self.bytes += batch.bytes();
        self.batches.push_back(Arc::new(batch));
        while self.bytes > bytes_max && self.batches.len() > 1 {
            self.bytes -= self.batches.pop_front().map_or(0, |oldest| oldest.bytes());
        }
        self.next += 1;
    }

    fn skip_to(&mut self, position: Position) {
        self.position = position;
        self.batches.clear();
        self.bytes = 0;
    }

    /// The batch of that number, if it is still kept.
    fn batch(&self, number: u64) -> Option<&Arc<Batch>> {
        let oldest = self.next - self.batches.len() as u64;
        let index = usize::try_from(number.checked_sub(oldest)?).ok()?;
        self.batches.get(index)
    }
}

impl Following {
    /// The next batch, once there is one; `None` where the follower was so slow that it is no longer kept. Nothing is lost where the future is
    /// dropped.
    pub(crate) async fn batch(&mut self) -> Option<Arc<Batch>> {
        let next = self.next;
        // The sender lives in the view, which the follower holds.
        let state = self.state.wait_for(|state| state.next > next).await.ok()?;
        let batch = Arc::clone(state.batch(next)?);
        self.next += 1;
        Some(batch)
    }
}

impl Recorded {
    fn new(before: &Position, changes: Vec<EventChanges>) -> Self {
        let mut position = before.clone();
        let mut pieces = frames::Pieces::default();
        let mut events = Vec::with_capacity(changes.len());
        for changes in changes {
            position.reach(changes.partition, changes.sequence);
            let text = position.to_string();
            pieces.add(|out| frames::put(std::iter::once(&changes.event).chain(&changes.consequences), &text, out));
            events.push(PlacedEvent { changes, position: text });
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
            let changes = &event.changes;
            event.position.len() + of_change(&changes.event) + changes.consequences.iter().map(of_change).sum::<usize>()
        };
        let recorded = self.recorded.as_ref().map_or(0, |recorded| {
            recorded.pieces.iter().map(Bytes::len).sum::<usize>() + recorded.events.iter().map(of_event).sum::<usize>()
        });
        FRAME + recorded
    }
}
