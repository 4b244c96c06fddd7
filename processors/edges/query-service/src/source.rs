//! Where answers come from: a source of consistent snapshots, each with the position that it stands for.

use crate::changes::Feed;
use http_server::{HeaderValue, Position};
use keyvalue::{Read, ReadError};
use std::sync::Arc;
use tokio::sync::watch;

/// A view that is being built by this process. Every answer is made from one snapshot.
pub trait Source: Send + Sync + 'static {
    type Snapshot<'s>: Read
    where
        Self: 's;

    /// The view as it is now, unchanged by what is applied later.
    fn snapshot(&self) -> Self::Snapshot<'_>;

    /// The position of a snapshot, read from the snapshot itself.
    fn position(&self, snapshot: &Self::Snapshot<'_>) -> Result<Arc<Stamp>, ReadError>;

    /// The position of a snapshot that would be taken now, where it is known without one.
    fn known_position(&self) -> Option<Arc<Stamp>>;

    /// Tells of each newer position once a snapshot has it.
    fn applied(&self) -> watch::Receiver<Arc<Stamp>>;

    /// What its events change, for those who follow it; `None` where it tells none.
    fn feed(&self) -> Option<&Feed> {
        None
    }

    /// Whether questions should be sent here.
    fn readiness(&self) -> Readiness;

    /// Whether the view has ever held the whole log as it was then. One that has not is being built: what it lacks cannot be told
    /// from what there is not, so that nothing but its position is answered from it.
    fn is_complete(&self) -> bool;

    /// A question has failed because of this: the owner of the view may have to repair it.
    fn could_not_be_read(&self, error: &ReadError);
}

/// Whether questions should be sent to this replica. A complete view answers those that come in every case, with the position of the
/// answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    Ready,
    /// Not now, and why.
    NotReady(String),
}

/// A position with its text, which stands in a header of every answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Stamp {
    position: Position,
    header: HeaderValue,
}

impl Stamp {
    pub fn new(position: Position) -> Self {
        // Digits, colons and commas: always a header value.
        let header = HeaderValue::try_from(position.to_string()).unwrap_or(HeaderValue::from_static(""));
        Self { position, header }
    }

    pub fn position(&self) -> &Position {
        &self.position
    }

    pub(crate) fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    pub(crate) fn header_bytes(&self) -> &[u8] {
        self.header.as_bytes()
    }
}
