//! The part of the schedule that a search has read: airports with the earliest arrival at each, and the legs that depart there.

use super::{ConnectionSearch, ConnectionsError, Ready};
use crate::ask::transfer::minimum_connection_ms;
use crate::ask::{Time, within};
use crate::edges;
use crate::stored::{self, LegEdge, LegIndex};
use domain::rotation::Mode;
use domain::{AirportCode, Instant};
use keyvalue::{Order, Read, ReadError};
use rustc_hash::FxHashMap;
use std::ops::{ControlFlow, Range};

/// An airport, by its number within the network.
pub(super) type Place = usize;

/// A leg between two places.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hop {
    pub(super) from: Place,
    pub(super) to: Place,
    pub(super) departure: i64,
    pub(super) arrival: i64,
    index: LegIndex,
    entry: Entry,
}

/// Where key and value of a leg stand among the bytes that were read: only the legs of the answer are decoded.
#[derive(Debug, Clone, Copy)]
struct Entry {
    begin: usize,
    key_bytes: usize,
    value_bytes: usize,
}

/// An airport that the search has come to.
struct SearchedAirport {
    code: AirportCode,
    /// The earliest with the legs so far.
    arrival: i64,
    /// Where legs are taken from it.
    minimum_ms: Option<i64>,
    /// In time order; all of them from this instant on that could be of use when they were read.
    departures: Vec<Hop>,
    departures_from: i64,
}

pub(super) struct Network<'s, R> {
    read: &'s R,
    search: &'s ConnectionSearch,
    places: Vec<SearchedAirport>,
    numbers: FxHashMap<AirportCode, Place>,
    /// The legs that the last round has found to arrive first.
    inbound: Vec<Hop>,
    bytes: Vec<u8>,
    reads_left: usize,
}

impl<'s, R: Read> Network<'s, R> {
    pub(super) fn new(read: &'s R, search: &'s ConnectionSearch, legs_max: usize) -> Self {
        Self {
            read,
            search,
            places: Vec::new(),
            numbers: FxHashMap::default(),
            inbound: Vec::new(),
            bytes: Vec::new(),
            reads_left: legs_max,
        }
    }

    pub(super) fn place(&mut self, code: AirportCode) -> Place {
        let Self { places, numbers, .. } = self;
        *numbers.entry(code).or_insert_with(|| {
            places.push(SearchedAirport {
                code,
                arrival: i64::MAX,
                minimum_ms: None,
                departures: Vec::new(),
                departures_from: i64::MAX,
            });
            places.len() - 1
        })
    }

    /// From here on nothing returns to where the search begins, and only what arrives in time is of use.
    pub(super) fn start(&mut self, from: Place, to: Place) {
        self.places[from].arrival = self.search.depart_after.0;
        self.places[to].arrival = self.search.arrive_before.0;
    }

    pub(super) fn arrival_at(&self, place: Place) -> i64 {
        self.places[place].arrival
    }

    pub(super) fn places(&self) -> usize {
        self.places.len()
    }

    pub(super) fn departures(&self, place: Place) -> &[Hop] {
        &self.places[place].departures
    }

    pub(super) fn inbound(&self) -> &[Hop] {
        &self.inbound
    }

    /// Of a place that legs are taken from.
    pub(super) fn minimum_ms(&self, place: Place) -> i64 {
        self.places[place].minimum_ms.unwrap_or(0)
    }

    pub(super) fn leg(&self, hop: &Hop) -> Result<LegEdge, ReadError> {
        let Entry {
            begin,
            key_bytes,
            value_bytes,
        } = hop.entry;
        let (key, value) = self.bytes[begin..begin + key_bytes + value_bytes].split_at(key_bytes);
        hop.index.read(key, value)
    }

    /// Takes the legs from everywhere in `frontier`, and returns the places that they reach earlier than before.
    pub(super) fn depart(&mut self, frontier: &[Ready], to: Place) -> Result<Vec<Place>, ConnectionsError> {
        let mut reached = Vec::new();
        for ready in frontier {
            self.read_departures(*ready, to)?;
            let departures = std::mem::take(&mut self.places[ready.place].departures);
            let first = departures.partition_point(|hop| hop.departure < ready.at);
            for hop in &departures[first..] {
                let in_time = self.places[to].arrival;
                if hop.departure >= in_time {
                    break;
                }
                if hop.arrival < in_time && hop.arrival < self.places[hop.to].arrival {
                    self.places[hop.to].arrival = hop.arrival;
                    reached.push(hop.to);
                }
            }
            self.places[ready.place].departures = departures;
        }
        reached.sort_unstable();
        reached.dedup();
        Ok(reached)
    }

    /// From when on legs can be taken from places that were reached.
    pub(super) fn ready(&mut self, reached: &[Place], to: Place) -> Result<Vec<Ready>, ReadError> {
        let mut frontier = Vec::with_capacity(reached.len());
        for place in reached.iter().copied().filter(|place| *place != to) {
            let SearchedAirport { code, minimum_ms, .. } = self.places[place];
            let minimum_ms = match minimum_ms {
                Some(minimum_ms) => minimum_ms,
                None => minimum_connection_ms(self.read, code, self.search.min_connection_minutes)?,
            };
            let known = &mut self.places[place];
            known.minimum_ms = Some(minimum_ms);
            frontier.push(Ready {
                place,
                at: known.arrival.saturating_add(minimum_ms),
            });
        }
        Ok(frontier)
    }

    /// Finds the first arrival by a leg from somewhere in `frontier`, and keeps all that arrive then.
    pub(super) fn arrive(&mut self, frontier: &[Ready], to: Place) -> Result<(), ConnectionsError> {
        let first = frontier.iter().map(|ready| ready.at).min();
        let Some(first) = first.filter(|first| *first < self.places[to].arrival) else {
            return Ok(());
        };
        let ready: FxHashMap<AirportCode, Ready> = frontier.iter().map(|ready| (self.places[ready.place].code, *ready)).collect();
        let Self {
            search,
            places,
            inbound,
            bytes,
            reads_left,
            ..
        } = self;
        let index = LegIndex::Arrivals(search.to);
        let until = places[to].arrival;
        each_hop(self.read, index, first..until, reads_left, |hop, key, value| {
            if inbound.first().is_some_and(|first| first.arrival < hop.arrival.0) {
                return ControlFlow::Break(());
            }
            let is_meant = search.drafts || hop.mode == Mode::Active;
            match ready.get(&hop.origin) {
                Some(ready) if is_meant && ready.at <= hop.departure.0 => {
                    places[to].arrival = hop.arrival.0;
                    inbound.push(Hop {
                        from: ready.place,
                        to,
                        departure: hop.departure.0,
                        arrival: hop.arrival.0,
                        index,
                        entry: keep(bytes, key, value),
                    });
                }
                Some(_) | None => {}
            }
            ControlFlow::Continue(())
        })
    }

    /// Reads the departures from a place that are not known yet.
    fn read_departures(&mut self, ready: Ready, to: Place) -> Result<(), ConnectionsError> {
        let index = LegIndex::Departures(self.places[ready.place].code);
        let until = self.places[ready.place].departures_from.min(self.places[to].arrival);
        if ready.at >= until {
            return Ok(());
        }
        let mut earlier = Vec::new();
        let (read, mut reads_left) = (self.read, self.reads_left);
        each_hop(read, index, ready.at..until, &mut reads_left, |hop, key, value| {
            if self.search.drafts || hop.mode == Mode::Active {
                earlier.push(Hop {
                    from: ready.place,
                    to: self.place(hop.destination),
                    departure: hop.departure.0,
                    arrival: hop.arrival.0,
                    index,
                    entry: keep(&mut self.bytes, key, value),
                });
            }
            ControlFlow::Continue(())
        })?;
        self.reads_left = reads_left;
        let known = &mut self.places[ready.place];
        known.departures_from = ready.at;
        earlier.append(&mut known.departures);
        known.departures = earlier;
        Ok(())
    }
}

/// Calls `visit` with the legs of an index within a time, until it has had enough. Each leg is one read of those that are left.
fn each_hop(
    read: &impl Read,
    index: LegIndex,
    time: Range<i64>,
    reads_left: &mut usize,
    mut visit: impl FnMut(edges::Hop, &[u8], &[u8]) -> ControlFlow<()>,
) -> Result<(), ConnectionsError> {
    let time = Time {
        from: Some(Instant(time.start)),
        to: Some(Instant(time.end)),
    };
    let mut is_over_budget = false;
    stored::each(read, within(&index.key(), time), Order::Ascending, |key, value| {
        if *reads_left == 0 {
            is_over_budget = true;
            return Ok(ControlFlow::Break(()));
        }
        *reads_left -= 1;
        Ok(visit(index.hop(key, value)?, key, value))
    })?;
    if is_over_budget {
        Err(ConnectionsError::TooManyLegs)
    } else {
        Ok(())
    }
}

fn keep(bytes: &mut Vec<u8>, key: &[u8], value: &[u8]) -> Entry {
    let begin = bytes.len();
    bytes.extend_from_slice(key);
    bytes.extend_from_slice(value);
    Entry {
        begin,
        key_bytes: key.len(),
        value_bytes: value.len(),
    }
}
