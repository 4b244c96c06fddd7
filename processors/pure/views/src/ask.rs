//! Questions to a view: one node, lists in pages, boards, violations. All of them are scans of a few keys.
//!
//! A list is asked for in pages ([`Page`]), which can be short although more comes after them.

mod board;
mod connections;
mod ground;
mod impact;
mod timeline;
mod transfer;
mod violations;

pub use application::{Page, SCANNED_MAX, Span};
pub use board::{BoardEntry, Direction, board};
#[cfg(test)]
pub(crate) use connections::connections_within;
pub use connections::{CONNECTION_LEGS_MAX, Connection, ConnectionLeg, ConnectionSearch, ConnectionsError, Transfer, connections};
pub use ground::GroundTime;
#[cfg(test)]
pub(crate) use impact::{Budget, impact_within};
pub use impact::{Delay, DelayedLeg, Impact, MissedConnection, impact};
pub use timeline::{Airplanes, Found, Gap, Row, RowRotation, Timeline, TimelineError, TimelineLeg, Window, next_airplane};
#[cfg(test)]
pub(crate) use violations::count_within;
pub use violations::{Filter, Total, count, violations};

use crate::check::Check;
use crate::keys::{self, Key, KeyReader, Prefix};
use crate::nodes::{Airplane, Airport, Leg, Rotation};
use crate::project::counts::{Counted, stored_count};
use crate::stored::{self, FlownRotation, LegEdge, LegIndex};
use crate::tombstones::{FormerAssignment, RemovedLeg, RemovedRotation};
pub(crate) use application::page;
use domain::{AirportCode, FlightDesignator, Instant, LegId, Registration, RotationId};
use keyvalue::{Read, ReadError};

/// A window of time: `from` is in it, `to` is not.
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
    stored::rotation(read, id)
}

pub fn airplane(read: &impl Read, registration: &Registration) -> Result<Option<Airplane>, ReadError> {
    stored::airplane(read, registration)
}

pub fn airport(read: &impl Read, code: AirportCode) -> Result<Option<Airport>, ReadError> {
    stored::airport(read, code)
}

pub fn leg(read: &impl Read, rotation: &RotationId, id: &LegId) -> Result<Option<Leg>, ReadError> {
    stored::leg(read, rotation, id)
}

/// A leg, and the one that follows it, if any.
pub fn leg_with_next(read: &impl Read, rotation: &RotationId, leg: &LegId) -> Result<Option<(Leg, Option<Leg>)>, ReadError> {
    stored::leg_with_next(read, rotation, leg)
}

/// The leg that follows, if any.
pub fn next_leg(read: &impl Read, rotation: &RotationId, leg: &Leg) -> Result<Option<Leg>, ReadError> {
    stored::leg_after(read, rotation, &keys::leg_in_order(rotation, leg.departure, &leg.id), None)
}

/// The leg before, if any.
pub fn previous_leg(read: &impl Read, rotation: &RotationId, leg: &Leg) -> Result<Option<Leg>, ReadError> {
    stored::leg_before(read, rotation, &keys::leg_in_order(rotation, leg.departure, &leg.id), None)
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

/// The legs of a rotation that depart within a time, in the order in which they are flown.
pub fn legs_of(read: &impl Read, rotation: &RotationId, time: Time, span: Span<'_>) -> Result<Page<Leg>, ReadError> {
    page(read, within(&keys::legs_of(rotation), time), span, |_, value| {
        Leg::from_bytes(value).map(Some)
    })
}

/// The rotations of an airplane that are under way within a time, by their first departure; those without legs at the end, where no time
/// is asked for.
pub fn rotations_of(read: &impl Read, airplane: &Registration, time: Time, span: Span<'_>) -> Result<Page<FlownRotation>, ReadError> {
    let of = keys::rotations_of(airplane);
    let (begin, end) = if time == Time::default() {
        of.range()
    } else {
        // None began longer before than the longest ever was.
        let longest_ms = stored::longest_rotation(read, airplane)?.map_or(0, |class| 1_i64.checked_shl(class.into()).unwrap_or(i64::MAX));
        let from = time.from.map_or(i64::MIN, |from| from.0.saturating_sub(longest_ms));
        let to = time.to.unwrap_or(keys::NO_DEPARTURE);
        (of.clone().instant(Instant(from)).0, of.instant(to).0)
    };
    page(read, (begin, end), span, |key, value| {
        let flown = stored::read_rotation_edge(key, value)?;
        let has_ended = |span: &crate::RotationSpan| time.from.is_some_and(|from| span.last_arrival <= from);
        Ok((!flown.span.as_ref().is_some_and(has_ended)).then_some(flown))
    })
}

/// Legs that depart within a time, in time order.
pub fn legs(read: &impl Read, time: Time, span: Span<'_>) -> Result<Page<(RotationId, Leg)>, ReadError> {
    with_legs(read, leg_edges(read, LegIndex::AllByDeparture, time, span)?)
}

/// The same by the index alone: what the edges to the legs say.
pub fn leg_summaries(read: &impl Read, time: Time, span: Span<'_>) -> Result<Page<LegEdge>, ReadError> {
    leg_edges(read, LegIndex::AllByDeparture, time, span)
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
        key.day()?;
        let (departure, rotation, id) = (key.instant()?, key.rotation()?, key.leg()?);
        if !time.holds(departure) {
            return Ok(None);
        }
        let leg = stored::leg_at(read, &rotation, departure, &id)?;
        Ok(Some((rotation, leg)))
    })
}

/// Legs that depart from an airport within a time, in time order.
pub fn departures(read: &impl Read, code: AirportCode, time: Time, span: Span<'_>) -> Result<Page<(RotationId, Leg)>, ReadError> {
    with_legs(read, departure_summaries(read, code, time, span)?)
}

/// The same by the edges alone.
pub fn departure_summaries(read: &impl Read, code: AirportCode, time: Time, span: Span<'_>) -> Result<Page<LegEdge>, ReadError> {
    leg_edges(read, LegIndex::Departures(code), time, span)
}

/// Legs that arrive at an airport within a time, in time order.
pub fn arrivals(read: &impl Read, code: AirportCode, time: Time, span: Span<'_>) -> Result<Page<(RotationId, Leg)>, ReadError> {
    with_legs(read, arrival_summaries(read, code, time, span)?)
}

/// The same by the edges alone.
pub fn arrival_summaries(read: &impl Read, code: AirportCode, time: Time, span: Span<'_>) -> Result<Page<LegEdge>, ReadError> {
    leg_edges(read, LegIndex::Arrivals(code), time, span)
}

fn leg_edges(read: &impl Read, index: LegIndex, time: Time, span: Span<'_>) -> Result<Page<LegEdge>, ReadError> {
    page(read, within(&index.key(), time), span, |key, value| {
        index.read(key, value).map(Some)
    })
}

fn with_legs(read: &impl Read, edges: Page<LegEdge>) -> Result<Page<(RotationId, Leg)>, ReadError> {
    let legs = edges.items.into_iter().map(|edge| {
        let leg = stored::leg_at(read, &edge.rotation, edge.summary.departure, &edge.leg)?;
        Ok((edge.rotation, leg))
    });
    Ok(Page {
        items: legs.collect::<Result<_, ReadError>>()?,
        next: edges.next,
    })
}

/// What became of a rotation that is gone; `None` if it was not removed.
pub fn removed_rotation(read: &impl Read, id: &RotationId) -> Result<Option<RemovedRotation>, ReadError> {
    read.get(&keys::removed_rotation(id).0, RemovedRotation::from_bytes)?.transpose()
}

/// What became of a leg that is gone; `None` if it was not removed.
pub fn removed_leg(read: &impl Read, rotation: &RotationId, id: &LegId) -> Result<Option<RemovedLeg>, ReadError> {
    read.get(&keys::removed_leg(rotation, id).0, RemovedLeg::from_bytes)?.transpose()
}

/// The legs that a rotation had and has no more, by id.
pub fn removed_legs(read: &impl Read, rotation: &RotationId, span: Span<'_>) -> Result<Page<RemovedLeg>, ReadError> {
    page(read, keys::removed_legs(rotation).range(), span, |_, value| {
        RemovedLeg::from_bytes(value).map(Some)
    })
}

/// The rotations that were assigned to an airplane, by id, each with its last assignment that has ended.
pub fn former_rotations(
    read: &impl Read,
    airplane: &Registration,
    span: Span<'_>,
) -> Result<Page<(RotationId, FormerAssignment)>, ReadError> {
    page(read, keys::former_rotations(airplane).range(), span, |key, value| {
        let mut key = KeyReader::new(key)?;
        key.airplane()?;
        Ok(Some((key.rotation()?, FormerAssignment::from_bytes(value)?)))
    })
}

/// The airplanes that a rotation was assigned to, by registration, each with its last assignment that has ended.
pub fn former_airplanes(
    read: &impl Read,
    rotation: &RotationId,
    span: Span<'_>,
) -> Result<Page<(Registration, FormerAssignment)>, ReadError> {
    page(read, keys::former_airplanes(rotation).range(), span, |key, value| {
        let mut key = KeyReader::new(key)?;
        key.rotation()?;
        Ok(Some((key.airplane()?, FormerAssignment::from_bytes(value)?)))
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

/// The range of keys in which an instant follows `of`.
pub(crate) fn within(of: &Key, time: Time) -> (Vec<u8>, Vec<u8>) {
    let (begin, end) = of.clone().range();
    let at = |instant: Instant| of.clone().instant(instant).0;
    (time.from.map_or(begin, at), time.to.map_or(end, at))
}

#[cfg(test)]
mod tests;
