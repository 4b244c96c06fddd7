//! Changes as server-sent events (the text/event-stream of the HTML standard).
//!
//! The id of the last message of an event is the position after it, and the messages before have none: a follower that has seen only some of
//! them gets the event again.

use super::PIECE_BYTES;
use application::Change;
use bytes::Bytes;

/// Text in pieces of bounded size, cut between two events.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    full: Vec<Bytes>,
    open: Vec<u8>,
}

impl Pieces {
    pub(crate) fn add(&mut self, put: impl FnOnce(&mut Vec<u8>)) {
        put(&mut self.open);
        if self.open.len() >= PIECE_BYTES {
            self.full.push(std::mem::take(&mut self.open).into());
        }
    }

    pub(crate) fn finish(mut self) -> Vec<Bytes> {
        if !self.open.is_empty() {
            self.full.push(self.open.into());
        }
        self.full
    }
}

/// The messages of one event.
pub(crate) fn put<'c>(changes: impl Iterator<Item = &'c Change>, position: &str, out: &mut Vec<u8>) {
    let mut changes = changes.peekable();
    while let Some(change) = changes.next() {
        if changes.peek().is_none() {
            line("id", position.as_bytes(), out);
        }
        line("event", change.kind.as_bytes(), out);
        line("data", &change.document, out);
        out.push(b'\n');
    }
}

/// Begins a stream: the client waits so long before it connects again.
pub(crate) fn opening(edition: &str) -> Bytes {
    format!(": changes of {edition}\nretry: 1000\n\n").into()
}

/// A heartbeat after a while without changes, with the position that was reached meanwhile.
pub(crate) fn heartbeat(position: &str) -> Bytes {
    format!(": heartbeat\nid: {position}\n\n").into()
}

/// From here on every violation that appears or disappears is sent.
pub(crate) fn live(position: &str) -> Bytes {
    format!("id: {position}\nevent: live\ndata: {{\"position\":\"{position}\"}}\n\n").into()
}

/// The last message of a stream that cannot go on.
pub(crate) fn ended(kind: &str, detail: &str) -> Bytes {
    format!("event: {kind}\ndata: {{\"detail\":\"{detail}\"}}\n\n").into()
}

fn line(name: &str, value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.push(b'\n');
}
