//! Questions to a view: one node, lists in pages, boards, violations. All of them are scans of a few keys.
//!
//! A list is asked for in pages: at most `limit` items after the key of the last one seen. Lists that filter what they scan look at
//! no more than [`SCANNED_MAX`] keys for a page; a page can be short, and more may come after it.

mod violations;

pub use violations::{Filter, count, violations};

use crate::check::Check;
use crate::keys::{self, Key, KeyReader, Prefix};
use crate::nodes::{Airplane, Airport, Leg, Rotation};
use crate::project::counts::{Counted, stored_count};
use crate::world;
use domain::{AirportCode, FlightDesignator, Instant, LegId, Registration, RotationId};
use keyvalue::{Order, Read, ReadError};
use std::ops::ControlFlow;

/// Keys that are looked at for one page.
pub const SCANNED_MAX: usize = 100_000;

/// Part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The key after which the next page begins; `None` when this is the last one.
    pub next: Option<Vec<u8>>,
}

/// From where a list goes on, and how far.
#[derive(Debug, Clone, Copy)]
pub struct Span<'a> {
    /// The `next` of the page before.
    pub after: Option<&'a [u8]>,
    pub limit: usize,
}

/// `from` is in it, `to` is not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Time {
    pub from: Option<Instant>,
    pub to: Option<Instant>,
}

impl Time {
    pub fn holds(&self, instant: Instant) -> bool {
        self.from.is_none_or(|from| from <= instant) && self.to.is_none_or(|to| instant < to)
    }
}

/// How many of each there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub rotations: u64,
    pub legs: u64,
    pub airplanes: u64,
    pub airports: u64,
    /// In the order of [`Check::ALL`].
    pub violations: [u64; 6],
}

pub fn rotation(read: &impl Read, id: &RotationId) -> Result<Option<Rotation>, ReadError> {
    world::rotation(read, id)
}

pub fn airplane(read: &impl Read, registration: &Registration) -> Result<Option<Airplane>, ReadError> {
    world::airplane(read, registration)
}

pub fn airport(read: &impl Read, code: AirportCode) -> Result<Option<Airport>, ReadError> {
    world::airport(read, code)
}

pub fn leg(read: &impl Read, rotation: &RotationId, id: &LegId) -> Result<Option<Leg>, ReadError> {
    world::leg(read, rotation, id)
}

/// The leg that follows, if any.
pub fn next_leg(read: &impl Read, rotation: &RotationId, leg: &Leg) -> Result<Option<Leg>, ReadError> {
    world::leg_after(read, rotation, &keys::leg_in_order(rotation, leg.departure, &leg.id), None)
}

/// The leg before, if any.
pub fn previous_leg(read: &impl Read, rotation: &RotationId, leg: &Leg) -> Result<Option<Leg>, ReadError> {
    world::leg_before(read, rotation, &keys::leg_in_order(rotation, leg.departure, &leg.id), None)
}

pub fn rotations(read: &impl Read, span: Span<'_>) -> Result<Page<(RotationId, Rotation)>, ReadError> {
    page(read, Key::new(Prefix::Rotation).range(), span, |key, value| {
        Ok(Some((KeyReader::new(key)?.rotation()?, Rotation::from_bytes(value)?)))
    })
}

pub fn airplanes(read: &impl Read, span: Span<'_>) -> Result<Page<(Registration, Airplane)>, ReadError> {
    page(read, Key::new(Prefix::Airplane).range(), span, |key, value| {
        Ok(Some((KeyReader::new(key)?.airplane()?, Airplane::from_bytes(value)?)))
    })
}

pub fn airports(read: &impl Read, span: Span<'_>) -> Result<Page<(AirportCode, Airport)>, ReadError> {
    page(read, Key::new(Prefix::Airport).range(), span, |key, value| {
        Ok(Some((KeyReader::new(key)?.airport()?, Airport::from_bytes(value)?)))
    })
}

/// The legs of a rotation, in the order in which they are flown.
pub fn legs_of(read: &impl Read, rotation: &RotationId, span: Span<'_>) -> Result<Page<Leg>, ReadError> {
    page(read, keys::legs_of(rotation).range(), span, |_, value| {
        Leg::from_bytes(value).map(Some)
    })
}

/// The rotations of an airplane in time order, each with its first departure; those without legs at the end.
pub fn rotations_of(read: &impl Read, airplane: &Registration, span: Span<'_>) -> Result<Page<(RotationId, Option<Instant>)>, ReadError> {
    page(read, keys::rotations_of(airplane).range(), span, |key, _| {
        let mut key = KeyReader::new(key)?;
        key.airplane()?;
        let first = key.instant()?;
        Ok(Some((key.rotation()?, (first != keys::NO_DEPARTURE).then_some(first))))
    })
}

/// Legs that depart within a time, in the order of rotations and departures.
pub fn legs(read: &impl Read, time: Time, span: Span<'_>) -> Result<Page<(RotationId, Leg)>, ReadError> {
    page(read, Key::new(Prefix::RotationLegs).range(), span, |key, value| {
        let mut key = KeyReader::new(key)?;
        let rotation = key.rotation()?;
        if !time.holds(key.instant()?) {
            return Ok(None);
        }
        Ok(Some((rotation, Leg::from_bytes(value)?)))
    })
}

/// Legs of one designator that depart within a time, by airport and origin date.
pub fn legs_of_designator(
    read: &impl Read,
    designator: FlightDesignator,
    time: Time,
    span: Span<'_>,
) -> Result<Page<(RotationId, Leg)>, ReadError> {
    page(read, keys::designator(designator).range(), span, |key, _| {
        let mut key = KeyReader::new(key)?;
        key.designator()?;
        key.airport()?;
        key.date()?;
        let (departure, rotation, id) = (key.instant()?, key.rotation()?, key.leg()?);
        if !time.holds(departure) {
            return Ok(None);
        }
        let leg = world::leg_at(read, &rotation, departure, &id)?;
        Ok(Some((rotation, leg)))
    })
}

/// Legs that depart from an airport within a time, in time order.
pub fn departures(read: &impl Read, code: AirportCode, time: Time, span: Span<'_>) -> Result<Page<(RotationId, Leg)>, ReadError> {
    board(read, keys::departures(code), time, span, |instant, _| Ok(instant))
}

/// Legs that arrive at an airport within a time, in time order.
pub fn arrivals(read: &impl Read, code: AirportCode, time: Time, span: Span<'_>) -> Result<Page<(RotationId, Leg)>, ReadError> {
    board(read, keys::arrivals(code), time, span, |_, value| {
        let bytes = value.try_into().map_err(|_| crate::bytes::corrupt("a departure"))?;
        Ok(Instant(i64::from_be_bytes(bytes)))
    })
}

fn board(
    read: &impl Read,
    of: Key,
    time: Time,
    span: Span<'_>,
    departure: impl Fn(Instant, &[u8]) -> Result<Instant, ReadError>,
) -> Result<Page<(RotationId, Leg)>, ReadError> {
    let (begin, end) = of.clone().range();
    let from = time.from.map_or(begin, |from| of.clone().instant(from).0);
    let to = time.to.map_or(end, |to| of.instant(to).0);
    page(read, (from, to), span, |key, value| {
        let mut key = KeyReader::new(key)?;
        key.airport()?;
        let departure = departure(key.instant()?, value)?;
        let (rotation, id) = (key.rotation()?, key.leg()?);
        let leg = world::leg_at(read, &rotation, departure, &id)?;
        Ok(Some((rotation, leg)))
    })
}

/// How many of everything there are; costs ten reads.
pub fn counts(read: &impl Read) -> Result<Counts, ReadError> {
    let stored = |what: Counted| Ok(stored_count(read, &keys::count(what.number()))?.cast_unsigned());
    let mut violations = [0; 6];
    for (place, check) in violations.iter_mut().zip(Check::ALL) {
        *place = stored(Counted::Violations(check))?;
    }
    Ok(Counts {
        rotations: stored(Counted::Rotations)?,
        legs: stored(Counted::Legs)?,
        airplanes: stored(Counted::Airplanes)?,
        airports: stored(Counted::Airports)?,
        violations,
    })
}

/// Items of a range after a key; `item` leaves out what does not belong.
pub(crate) fn page<T>(
    read: &impl Read,
    (from, to): (Vec<u8>, Vec<u8>),
    span: Span<'_>,
    mut item: impl FnMut(&[u8], &[u8]) -> Result<Option<T>, ReadError>,
) -> Result<Page<T>, ReadError> {
    let begin = match span.after {
        Some(after) if after >= from.as_slice() => [after, &[0]].concat(),
        Some(_) | None => from,
    };
    let mut page = Page {
        items: Vec::new(),
        next: None,
    };
    let mut last = None;
    let mut scanned = 0;
    world::each(read, (begin, to), Order::Ascending, |key, value| {
        if page.items.len() == span.limit || scanned == SCANNED_MAX {
            page.next = last.take();
            return Ok(ControlFlow::Break(()));
        }
        scanned += 1;
        page.items.extend(item(key, value)?);
        last = Some(key.to_vec());
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(page)
}
