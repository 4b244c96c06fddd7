//! The connections that are open, and which of them are closed when they have used up their time or others need their place.

use crate::exchange::{Exchange, Holds};
use crate::limits::Limits;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// The connections that are served now.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    exchanges: BTreeMap<u64, Arc<Exchange>>,
    next: u64,
}

/// Of which bytes there are few left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ScarceBytes {
    pub(crate) answers: bool,
    pub(crate) bodies: bool,
}

/// The place of one connection, for as long as it lives.
pub(crate) struct ConnectionSlot<'c> {
    connections: &'c Connections,
    number: u64,
    pub(crate) exchange: Arc<Exchange>,
}

impl Connections {
    pub(crate) fn enter(&self, now: Instant) -> ConnectionSlot<'_> {
        let exchange = Arc::new(Exchange::new(now));
        let mut open = self.open();
        let number = open.next;
        open.next += 1;
        open.exchanges.insert(number, Arc::clone(&exchange));
        ConnectionSlot {
            connections: self,
            number,
            exchange,
        }
    }

    /// Closes what has used up its time. While `pending` connections wait for a place, as many are closed in their favour, and while
    /// bytes are short, those that hold some: of all of them those that have waited longest for their clients.
    pub(crate) fn check(&self, now: Instant, limits: &Limits, pending: usize, short: &ScarceBytes) {
        let open = self.open();
        let mut waiting = Vec::new();
        for exchange in open.exchanges.values() {
            exchange.check(now, limits);
            if let Some((since, holds)) = exchange.waits_for_client()
                && now.saturating_duration_since(since) >= limits.spared_wait_max
            {
                waiting.push((since, holds, exchange));
            }
        }
        waiting.sort_by_key(|(since, _, _)| *since);
        let places_short = pending.min(waiting.len());
        for (index, (_, holds, exchange)) in waiting.into_iter().enumerate() {
            let is_in_the_way = match holds {
                Holds::Nothing => false,
                Holds::Answer => short.answers,
                Holds::Body => short.bodies,
            };
            if index < places_short || is_in_the_way {
                exchange.cut_for_others();
            }
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        // Entries are put in and taken out whole.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ConnectionSlot<'_> {
    fn drop(&mut self) {
        self.connections.open().exchanges.remove(&self.number);
    }
}
