//! The state of one connection, as far as its time limits need it: which side it waits for, and since when.

use crate::framing::Framing;
use crate::limits::Limits;
use std::io::IoSlice;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Why a connection is closed that has not ended by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CloseReason {
    /// It was silent for too long.
    Idle,
    /// The head of a request did not come to an end.
    Head,
    /// The body of a request did not go on.
    Body,
    /// The client does not read its answer, or too slowly.
    Write,
    /// Others need its place or its bytes, and it waits for its client.
    ForOthers,
}

impl CloseReason {
    pub(crate) const ALL: [Self; 5] = [Self::Idle, Self::Head, Self::Body, Self::Write, Self::ForOthers];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Head => "head",
            Self::Body => "body",
            Self::Write => "write",
            Self::ForOthers => "for-others",
        }
    }
}

/// What a connection that waits for its client keeps from others, apart from its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    Nothing,
    /// Bytes of an answer that is not read.
    Answer,
    /// Bytes of a body whose rest does not come.
    Body,
}

/// A body at this rate never times out: each byte shortens the accumulated waiting time accordingly.
const BODY_BYTES_PER_SECOND_MIN: f64 = 4096.0;

/// The state of one connection, shared by what serves it and what watches it.
#[derive(Debug)]
pub(crate) struct Exchange {
    turn: Mutex<ExchangeState>,
    cut: Notify,
}

#[derive(Debug)]
struct ExchangeState {
    framing: Framing,
    /// Between two requests, the time since when.
    idle_since: Instant,
    /// The first byte of a head has come.
    head_since: Option<Instant>,
    /// A handler works on an answer, or still adds to one that is being written.
    is_asked: bool,
    /// Since when a handler waits for more of the request's body, moved back by the time that it waited before.
    body_since: Option<Instant>,
    /// How long it has waited before, for bytes that came too slowly.
    body_waited: Duration,
    holds_body: bool,
    /// The answer that is being written ends with the connection.
    is_open_ended: bool,
    writing: Option<Writing>,
    cut: Option<CloseReason>,
}

#[derive(Debug, Clone, Copy)]
struct Writing {
    since: Instant,
    /// When the client last took a byte.
    moved: Instant,
}

impl Exchange {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            turn: Mutex::new(ExchangeState {
                framing: Framing::default(),
                idle_since: now,
                head_since: None,
                is_asked: false,
                body_since: None,
                body_waited: Duration::ZERO,
                holds_body: false,
                is_open_ended: false,
                writing: None,
                cut: None,
            }),
            cut: Notify::new(),
        }
    }

    /// Bytes have come from the client.
    pub(crate) fn read(&self, now: Instant) {
        let mut turn = self.turn();
        turn.cut = None;
        if !turn.is_asked && turn.writing.is_none() && turn.head_since.is_none() {
            turn.head_since = Some(now);
        }
    }

    /// The connection is encrypted: its first request may begin.
    pub(crate) fn connected(&self, now: Instant) {
        let mut turn = self.turn();
        turn.head_since = None;
        turn.idle_since = now;
    }

    /// A request is complete, and its handler begins.
    pub(crate) fn asked(&self) {
        let mut turn = self.turn();
        turn.cut = None;
        turn.head_since = None;
        turn.is_asked = true;
        turn.body_waited = Duration::ZERO;
        turn.holds_body = false;
    }

    /// The handler is done, and its answer is to be written.
    pub(crate) fn answered(&self, body_bytes: u64, now: Instant) {
        let mut turn = self.turn();
        turn.is_asked = false;
        turn.framing.answer(body_bytes);
        turn.writing.get_or_insert(Writing { since: now, moved: now });
    }

    /// The handler has begun an answer that it goes on with until the connection ends.
    pub(crate) fn answered_open_ended(&self) {
        let mut turn = self.turn();
        turn.framing.open_ended_answer();
        turn.is_open_ended = true;
    }

    /// A handler waits for more of the request's body, or does so no longer.
    pub(crate) fn wants_body(&self, is_waiting: bool, now: Instant) {
        let mut turn = self.turn();
        if is_waiting {
            // Earlier waits count: a client that sends byte by byte does not extend its time.
            let earlier = turn.body_waited;
            turn.body_since.get_or_insert_with(|| now.checked_sub(earlier).unwrap_or(now));
        } else if let Some(since) = turn.body_since.take() {
            turn.cut = None;
            turn.body_waited = now.saturating_duration_since(since);
        }
    }

    /// So many bytes of a body have come, and bytes of it are held that count against others, or none.
    pub(crate) fn body_came(&self, bytes: usize, holds_body: bool) {
        let mut turn = self.turn();
        let forgiven = Duration::from_secs_f64(bytes as f64 / BODY_BYTES_PER_SECOND_MIN);
        turn.body_waited = turn.body_waited.saturating_sub(forgiven);
        turn.holds_body = holds_body;
    }

    /// A part of the body was of use to the handler: the accumulated waiting time is reset.
    pub(crate) fn body_used(&self, now: Instant) {
        let mut turn = self.turn();
        turn.body_waited = Duration::ZERO;
        if let Some(since) = &mut turn.body_since {
            *since = now;
        }
    }

    /// The client does not take the bytes that are there for it.
    pub(crate) fn stalled(&self, now: Instant) {
        let mut turn = self.turn();
        if turn.is_open_ended {
            turn.writing.get_or_insert(Writing { since: now, moved: now });
        }
    }

    /// How many of these bytes may be written.
    pub(crate) fn answer_bytes(&self, slices: &[IoSlice<'_>]) -> usize {
        self.turn().framing.answer_bytes(slices)
    }

    /// The client has taken the first `written` of these bytes.
    pub(crate) fn wrote(&self, slices: &[IoSlice<'_>], written: usize, now: Instant) {
        let mut turn = self.turn();
        turn.cut = None;
        turn.framing.wrote(slices, written);
        if turn.is_open_ended {
            turn.writing = None;
        } else if turn.framing.is_written() {
            turn.writing = None;
            turn.idle_since = now;
        } else if let Some(writing) = &mut turn.writing {
            writing.moved = now;
        }
    }

    /// hyper refuses something with these bytes, which are not to be written.
    pub(crate) fn refused(&self, slices: &[IoSlice<'_>]) {
        let mut turn = self.turn();
        for slice in slices {
            turn.framing.refused(slice);
        }
    }

    /// The status with which hyper has refused something.
    pub(crate) fn refusal(&self) -> Option<String> {
        self.turn().framing.refusal().map(str::to_owned)
    }

    /// Whether no answer is on its way, so that another message may be written.
    pub(crate) fn is_written(&self) -> bool {
        self.turn().framing.is_written()
    }

    /// Orders the connection to be closed if it has used up one of its times.
    pub(crate) fn check(&self, now: Instant, limits: &Limits) {
        let mut turn = self.turn();
        if let Some(cut) = turn.overdue(now, limits) {
            turn.cut = Some(cut);
            self.cut.notify_one();
        }
    }

    /// Since when the connection waits for its client, and what it holds meanwhile.
    pub(crate) fn waits_for_client(&self) -> Option<(Instant, Holds)> {
        let turn = self.turn();
        match (turn.writing, turn.is_asked) {
            (Some(writing), _) => Some((writing.moved, Holds::Answer)),
            (None, true) => {
                let holds = if turn.holds_body { Holds::Body } else { Holds::Nothing };
                turn.body_since.map(|since| (since, holds))
            }
            (None, false) => Some((turn.head_since.unwrap_or(turn.idle_since), Holds::Nothing)),
        }
    }

    /// Orders the connection to be closed in favour of others.
    pub(crate) fn cut_for_others(&self) {
        self.turn().cut = Some(CloseReason::ForOthers);
        self.cut.notify_one();
    }

    /// Resolves when the connection is to be closed, and nothing has moved on it since the order was given.
    pub(crate) async fn cut(&self) -> CloseReason {
        loop {
            self.cut.notified().await;
            if let Some(cut) = self.turn().cut {
                return cut;
            }
        }
    }

    fn turn(&self) -> MutexGuard<'_, ExchangeState> {
        // Each change is a few assignments that do not panic.
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ExchangeState {
    fn overdue(&self, now: Instant, limits: &Limits) -> Option<CloseReason> {
        let over = |since: Instant, max| now.saturating_duration_since(since) > max;
        if let Some(writing) = self.writing {
            return (over(writing.moved, limits.write_stall_max) || over(writing.since, limits.write_wait_max))
                .then_some(CloseReason::Write);
        }
        if self.is_asked {
            let stalled = self.body_since.is_some_and(|since| over(since, limits.body_stall_max));
            return stalled.then_some(CloseReason::Body);
        }
        match self.head_since {
            Some(since) => over(since, limits.head_wait_max).then_some(CloseReason::Head),
            None => over(self.idle_since, limits.idle_wait_max).then_some(CloseReason::Idle),
        }
    }
}

#[cfg(test)]
mod tests;
