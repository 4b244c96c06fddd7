//! Connections from one airport to another: the earliest arrival with one leg, with two, and so on, as long as another leg gains time.
//!
//! The search goes in rounds, one for each leg, as RAPTOR does for public transport: a round follows the departures from the airports that the
//! round before reached earlier than any before it. Nothing that arrives later than a known connection is followed. The last round reads the
//! arrivals at the goal instead, of which there are far fewer than departures from everywhere. A second pass, backward over the legs that
//! were read, finds among the connections of the same arrival and number of legs the one that departs last.

mod itinerary;
mod network;

use crate::stored::LegEdge;
use domain::{AirportCode, Instant};
use keyvalue::{Read, ReadError};
use network::{Network, Place};

/// How many legs a connection may have.
pub const CONNECTION_LEGS_MAX: usize = 6;
/// Legs that are read for one answer. They are held in memory meanwhile.
const READ_LEGS_MAX: usize = 100_000;

/// What is searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionSearch {
    pub from: AirportCode,
    /// Another airport.
    pub to: AirportCode,
    /// The first leg departs then or later.
    pub depart_after: Instant,
    /// The last leg arrives before.
    pub arrive_before: Instant,
    pub legs_max: usize,
    /// At every airport; without it, each airport's minimum ground time.
    pub min_connection_minutes: Option<u32>,
    /// Whether legs of rotations that are drafts count, too.
    pub drafts: bool,
}

/// A way to fly from one airport to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    pub legs: Vec<ConnectionLeg>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionLeg {
    pub edge: LegEdge,
    /// Before it; `None` before the first leg.
    pub transfer: Option<Transfer>,
}

/// The change from one leg to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer {
    pub connection_ms: i64,
    pub minimum_ms: i64,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionsError {
    #[error("more than {READ_LEGS_MAX} legs would have to be read; ask for a shorter time or for fewer legs")]
    TooManyLegs,
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// The best connections: with each number of legs the earliest arrival, if it is earlier than with fewer legs, and of those that arrive then the
/// one that departs last. By number of legs, so that each arrives earlier than the one before it.
pub fn connections(read: &impl Read, search: &ConnectionSearch) -> Result<Vec<Connection>, ConnectionsError> {
    connections_within(read, search, READ_LEGS_MAX)
}

pub(crate) fn connections_within(
    read: &impl Read,
    search: &ConnectionSearch,
    read_legs_max: usize,
) -> Result<Vec<Connection>, ConnectionsError> {
    let mut network = Network::new(read, search, read_legs_max);
    let (from, to) = (network.place(search.from), network.place(search.to));
    network.start(from, to);
    let mut frontier = vec![Ready {
        place: from,
        at: search.depart_after.0,
    }];
    let mut best = Vec::new();
    for legs in 1..=search.legs_max {
        let before = network.arrival_at(to);
        let reached = if legs > 1 && legs == search.legs_max {
            network.arrive(&frontier, to)?;
            Vec::new()
        } else {
            network.depart(&frontier, to)?
        };
        let arrival = network.arrival_at(to);
        if arrival < before {
            best.push((legs, arrival));
        }
        frontier = network.ready(&reached, to)?;
    }
    let found = best
        .into_iter()
        .map(|(legs, arrival)| itinerary::latest(&network, from, to, legs, arrival));
    found.collect::<Result<_, ReadError>>().map_err(ConnectionsError::from)
}

/// A place from which legs can be taken from an instant on.
#[derive(Debug, Clone, Copy)]
struct Ready {
    place: Place,
    at: i64,
}
