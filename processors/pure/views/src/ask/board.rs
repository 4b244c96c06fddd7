//! The board of an airport: departures and arrivals together, in time order, by the edges alone.

use super::{Page, Span, Time, within};
use crate::keys::{self, Key};
use crate::stored::{self, LegEdge, LegIndex};
use domain::{AirportCode, Instant};
use keyvalue::{Order, Read, ReadError};
use std::cmp::Ordering;
use std::ops::ControlFlow;

/// Which way a leg goes at an airport. At one instant departures come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    Departure,
    Arrival,
}

/// A line of a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardEntry {
    pub direction: Direction,
    /// When it departs from this airport, or arrives at it.
    pub at: Instant,
    pub edge: LegEdge,
}

impl Direction {
    fn index(self, code: AirportCode) -> LegIndex {
        match self {
            Self::Departure => LegIndex::Departures(code),
            Self::Arrival => LegIndex::Arrivals(code),
        }
    }

    fn at(self, edge: &LegEdge) -> Instant {
        match self {
            Self::Departure => edge.summary.departure,
            Self::Arrival => edge.summary.arrival,
        }
    }

    fn byte(self) -> u8 {
        match self {
            Self::Departure => 0,
            Self::Arrival => 1,
        }
    }
}

/// Departures and arrivals within a time. No more than twice as many edges are read as are asked for.
pub fn board(read: &impl Read, code: AirportCode, time: Time, span: Span<'_>) -> Result<Page<BoardEntry>, ReadError> {
    let mut entries = Vec::new();
    for direction in [Direction::Departure, Direction::Arrival] {
        let index = direction.index(code);
        let (mut begin, end) = within(&index.key(), time);
        if let Some(after) = span.after {
            begin = begin.max(begin_after(&index.key(), direction, after));
        }
        let mut left = span.limit.saturating_add(1);
        stored::each(read, (begin, end), Order::Ascending, |key, value| {
            let edge = index.read(key, value)?;
            entries.push(BoardEntry {
                direction,
                at: direction.at(&edge),
                edge,
            });
            left -= 1;
            Ok(if left == 0 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        })?;
    }
    entries.sort_by_cached_key(|entry| (entry.at, entry.direction, entry.edge.rotation.clone(), entry.edge.leg.clone()));
    let more = entries.len() > span.limit;
    entries.truncate(span.limit);
    Ok(Page {
        next: entries.last().filter(|_| more).map(cursor),
        items: entries,
    })
}

/// The instant as in keys, the direction, and the end of the key.
fn cursor(entry: &BoardEntry) -> Vec<u8> {
    let Key(instant) = Key(Vec::new()).instant(entry.at);
    let Key(rest) = Key(Vec::new()).id(entry.edge.rotation.as_str()).id(entry.edge.leg.as_str());
    [instant, vec![entry.direction.byte()], rest].concat()
}

/// Where an index goes on after a line of a board. Bytes that are no cursor of a board are a place in the index like any other: a client may
/// send what it likes.
fn begin_after(of: &Key, direction: Direction, cursor: &[u8]) -> Vec<u8> {
    let split = cursor.split_at_checked(keys::INSTANT_BYTES);
    let Some((instant, [of_cursor, rest @ ..])) = split else {
        return [of.0.as_slice(), cursor].concat();
    };
    let at = [of.0.as_slice(), instant].concat();
    match direction.byte().cmp(of_cursor) {
        // All departures of the instant came before its arrivals.
        Ordering::Less => keyvalue::prefix_end(&at),
        Ordering::Equal => [at.as_slice(), rest, &[0]].concat(),
        Ordering::Greater => at,
    }
}
