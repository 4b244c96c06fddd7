//! The changes that events make in a view, sent to its followers while they are applied: a stream of server-sent events that can be resumed from any
//! position of the log.
//!
//! `feed` (the newest changes in memory), `query` (what a follower asks for), `frames` (changes as text), `follower` (one of those who follow),
//! `clients` (all of them).

mod clients;
mod feed;
mod follower;
mod frames;
mod query;

pub(crate) use clients::{Begin, EVENT_STREAM, FollowMetrics, FollowingClients, after};
pub use feed::{EventChanges, Feed};
pub(crate) use follower::{CatchUp, CatchUpFailure, CaughtUpEvents, Followable};
pub(crate) use query::{AFTER, ChangeQuery, KINDS};

/// What one follower has in memory that its client has not taken, apart from what is being written.
const PIECES_UNREAD_MAX: usize = 4;
/// How large a piece is, unless one change is larger.
const PIECE_BYTES: usize = 32 << 10;

#[cfg(test)]
mod tests;
