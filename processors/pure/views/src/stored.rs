//! Reads facts as they are stored: nodes by id, neighbours in order.

use crate::bytes::{Bytes, corrupt, put_number, put_signed, put_text};
use crate::day::DesignatorDay;
use crate::edges::{Hop, KeyInstant, LegSummary, RotationSpan};
use crate::keys::{self, Key, KeyReader, Prefix};
use crate::nodes::{Airplane, Airport, Leg, Rotation, put_mode, read_mode};
use domain::rotation::Mode;
use domain::{AircraftType, AirportCode, Instant, LegId, Registration, RotationId};
use keyvalue::{Order, Read, ReadError};
use std::ops::ControlFlow;

pub(crate) fn airport(read: &impl Read, code: AirportCode) -> Result<Option<Airport>, ReadError> {
    read.get(&keys::airport(code).0, Airport::from_bytes)?.transpose()
}

pub(crate) fn airplane(read: &impl Read, registration: &Registration) -> Result<Option<Airplane>, ReadError> {
    read.get(&keys::airplane(registration).0, Airplane::from_bytes)?.transpose()
}

pub(crate) fn rotation(read: &impl Read, id: &RotationId) -> Result<Option<Rotation>, ReadError> {
    read.get(&keys::rotation(id).0, Rotation::from_bytes)?.transpose()
}

pub(crate) fn leg_at(read: &impl Read, rotation: &RotationId, departure: Instant, id: &LegId) -> Result<Leg, ReadError> {
    let leg = read.get(&keys::leg_in_order(rotation, departure, id).0, Leg::from_bytes)?;
    leg.ok_or_else(|| missing_leg(rotation, id))?
}

fn missing_leg(rotation: &RotationId, id: &LegId) -> ReadError {
    corrupt(&format!("leg {id} of rotation {rotation} is referred to and missing"))
}

pub(crate) fn leg(read: &impl Read, rotation: &RotationId, id: &LegId) -> Result<Option<Leg>, ReadError> {
    let departure = departure_of(read, rotation, id)?;
    departure.map(|departure| leg_at(read, rotation, departure, id)).transpose()
}

fn departure_of(read: &impl Read, rotation: &RotationId, id: &LegId) -> Result<Option<Instant>, ReadError> {
    match read.get(&keys::leg(rotation, id).0, |bytes| bytes.try_into().map(i64::from_be_bytes))? {
        None => Ok(None),
        Some(Err(_)) => Err(corrupt("a leg's departure")),
        Some(Ok(departure)) => Ok(Some(Instant(departure))),
    }
}

/// A leg, and the one that follows it, if any.
pub(crate) fn leg_with_next(read: &impl Read, rotation: &RotationId, id: &LegId) -> Result<Option<(Leg, Option<Leg>)>, ReadError> {
    let Some(departure) = departure_of(read, rotation, id)? else {
        return Ok(None);
    };
    let (leg, next) = two_legs(read, rotation, departure, id)?;
    Ok(Some((leg.ok_or_else(|| missing_leg(rotation, id))?, next)))
}

/// The leg at a place and the one that follows it, in one scan.
pub(crate) fn two_legs(
    read: &impl Read,
    rotation: &RotationId,
    departure: Instant,
    id: &LegId,
) -> Result<(Option<Leg>, Option<Leg>), ReadError> {
    let place = keys::leg_in_order(rotation, departure, id);
    let (_, end) = keys::legs_of(rotation).range();
    let (mut first, mut second) = (None, None);
    each(read, (place.0.clone(), end), Order::Ascending, |key, value| {
        if first.is_some() {
            second = Some(Leg::from_bytes(value)?);
            return Ok(ControlFlow::Break(()));
        }
        if key != place.0 {
            return Ok(ControlFlow::Break(()));
        }
        first = Some(Leg::from_bytes(value)?);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok((first, second))
}

/// Calls `visit` with keys and values of a range until it has had enough or fails.
pub(crate) fn each(
    read: &impl Read,
    (from, to): (Vec<u8>, Vec<u8>),
    order: Order,
    mut visit: impl FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, ReadError>,
) -> Result<(), ReadError> {
    let mut failed = Ok(());
    read.scan(&from, &to, order, &mut |key, value| match visit(key, value) {
        Ok(flow) => flow,
        Err(error) => {
            failed = Err(error);
            ControlFlow::Break(())
        }
    })?;
    failed
}

/// All legs of a rotation, in order.
pub(crate) fn legs(read: &impl Read, rotation: &RotationId) -> Result<Vec<Leg>, ReadError> {
    let mut legs = Vec::new();
    each(read, keys::legs_of(rotation).range(), Order::Ascending, |_, value| {
        legs.push(Leg::from_bytes(value)?);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(legs)
}

/// The leg before a place in its rotation, leaving out the leg at `without`.
pub(crate) fn leg_before(read: &impl Read, rotation: &RotationId, place: &Key, without: Option<&Key>) -> Result<Option<Leg>, ReadError> {
    nearest_leg(read, (keys::legs_of(rotation).0, place.0.clone()), Order::Descending, without)
}

/// The leg after a place in its rotation, leaving out the leg at `without`.
pub(crate) fn leg_after(read: &impl Read, rotation: &RotationId, place: &Key, without: Option<&Key>) -> Result<Option<Leg>, ReadError> {
    let (_, end) = keys::legs_of(rotation).range();
    nearest_leg(read, (after(place), end), Order::Ascending, without)
}

pub(crate) fn first_leg(read: &impl Read, rotation: &RotationId, without: Option<&Key>) -> Result<Option<Leg>, ReadError> {
    nearest_leg(read, keys::legs_of(rotation).range(), Order::Ascending, without)
}

pub(crate) fn last_leg(read: &impl Read, rotation: &RotationId, without: Option<&Key>) -> Result<Option<Leg>, ReadError> {
    nearest_leg(read, keys::legs_of(rotation).range(), Order::Descending, without)
}

fn nearest_leg(read: &impl Read, range: (Vec<u8>, Vec<u8>), order: Order, without: Option<&Key>) -> Result<Option<Leg>, ReadError> {
    let mut found = None;
    each(read, range, order, |key, value| {
        if without.is_some_and(|without| without.0 == key) {
            return Ok(ControlFlow::Continue(()));
        }
        found = Some(Leg::from_bytes(value)?);
        Ok(ControlFlow::Break(()))
    })?;
    Ok(found)
}

/// The rotation as its airplane flies it; `None` without legs.
pub(crate) fn rotation_span(read: &impl Read, rotation: &RotationId) -> Result<Option<RotationSpan>, ReadError> {
    let (first, last) = (first_leg(read, rotation, None)?, last_leg(read, rotation, None)?);
    Ok(first.zip(last).map(|(first, last)| RotationSpan::new(rotation, &first, &last)))
}

/// A rotation as the edge from its airplane describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlownRotation {
    pub rotation: RotationId,
    pub mode: Mode,
    /// `None` without legs.
    pub span: Option<RotationSpan>,
}

/// The edge from an airplane to a rotation of a mode, `span` being `None` where the rotation has no legs.
pub(crate) fn rotation_edge(airplane: &Registration, id: &RotationId, span: Option<&RotationSpan>, mode: Mode) -> (Key, Vec<u8>) {
    let first_departure = span.map_or(keys::NO_DEPARTURE, |span| span.first_departure);
    let mut value = Vec::with_capacity(16);
    put_mode(mode, &mut value);
    if let Some(span) = span {
        span.put(&mut value);
    }
    (keys::rotation_in_order(airplane, first_departure, id), value)
}

pub(crate) fn read_rotation_edge(key: &[u8], value: &[u8]) -> Result<FlownRotation, ReadError> {
    let mut key = KeyReader::new(key)?;
    key.airplane()?;
    let (first_departure, rotation) = (key.first_departure()?, key.rotation()?);
    let mut value = Bytes::new(value);
    let mode = read_mode(&mut value)?;
    let span = match first_departure {
        None => None,
        Some(first_departure) => Some(RotationSpan::read(rotation.clone(), first_departure, &mut value)?),
    };
    Ok(FlownRotation { rotation, mode, span })
}

/// The rotation at a place in its airplane's order.
pub(crate) fn rotation_at(
    read: &impl Read,
    airplane: &Registration,
    (first_departure, id): &(Instant, RotationId),
) -> Result<Option<RotationSpan>, ReadError> {
    let key = keys::rotation_in_order(airplane, *first_departure, id);
    let edge = read.get(&key.0, |value| read_rotation_edge(&key.0, value))?.transpose()?;
    Ok(edge.and_then(|edge| edge.span))
}

/// The nearest rotation with legs on one side of a place in its airplane's order.
pub(crate) fn rotation_next_to(
    read: &impl Read,
    airplane: &Registration,
    (first_departure, id): &(Instant, RotationId),
    order: Order,
) -> Result<Option<RotationSpan>, ReadError> {
    let place = keys::rotation_in_order(airplane, *first_departure, id);
    let Key(from) = keys::rotations_of(airplane);
    // Those without legs come last: any number of them is never looked at.
    let Key(without_legs) = keys::rotations_of(airplane).instant(keys::NO_DEPARTURE);
    let range = match order {
        Order::Ascending => (after(&place), without_legs),
        Order::Descending => (from, place.0),
    };
    let mut found = None;
    each(read, range, order, |key, value| {
        found = read_rotation_edge(key, value)?.span;
        Ok(ControlFlow::Break(()))
    })?;
    Ok(found)
}

/// The rotations of an airplane, in order, those without legs at the end.
pub(crate) fn rotations_of(read: &impl Read, airplane: &Registration) -> Result<Vec<FlownRotation>, ReadError> {
    let mut rotations = Vec::new();
    each(read, keys::rotations_of(airplane).range(), Order::Ascending, |key, value| {
        rotations.push(read_rotation_edge(key, value)?);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(rotations)
}

/// The power of two that a duration stays below, in milliseconds.
pub(crate) fn duration_class(duration_ms: i64) -> u8 {
    let bits = i64::BITS - duration_ms.max(0).leading_zeros();
    u8::try_from(bits).unwrap_or(u8::MAX)
}

/// The class of the longest rotation that an airplane ever had.
pub(crate) fn longest_rotation(read: &impl Read, airplane: &Registration) -> Result<Option<u8>, ReadError> {
    read.get(&keys::longest_rotation(airplane).0, |value| {
        value.first().copied().ok_or_else(|| corrupt("a duration"))
    })?
    .transpose()
}

/// A leg of a designator's day, in the order of the day.
pub(crate) type DayLeg = (Instant, RotationId, LegId);

/// Visits the legs of a designator's day, in order and from `first` on, until `visit` breaks.
pub(crate) fn each_leg_of_day(
    read: &impl Read,
    day: &DesignatorDay,
    first: Option<&DayLeg>,
    mut visit: impl FnMut(DayLeg) -> ControlFlow<()>,
) -> Result<(), ReadError> {
    let (begin, end) = keys::designator_day(day).range();
    // Without it, a search would come past all legs that were removed from the beginning of the day.
    let begin = first.map_or(begin, |(departure, rotation, leg)| {
        keys::leg_of_day(day, *departure, rotation, leg).0
    });
    each(read, (begin, end), Order::Ascending, |key, _| {
        let mut key = KeyReader::new(key)?;
        key.day()?;
        Ok(visit((key.instant()?, key.rotation()?, key.leg()?)))
    })
}

/// How many legs a designator's day has, and the first of them, where they are several.
pub(crate) fn several_of_day(read: &impl Read, day: &DesignatorDay) -> Result<Option<(u64, DayLeg)>, ReadError> {
    let key = keys::designator_day_legs(day);
    let several = read.get(&key.0, |bytes| {
        let mut bytes = Bytes::new(bytes);
        let (legs, departure) = (bytes.number()?, bytes.instant()?);
        let rotation = RotationId::parse(bytes.text()?).map_err(|_| corrupt("a rotation id"))?;
        let leg = LegId::parse(bytes.text()?).map_err(|_| corrupt("a leg id"))?;
        Ok((legs, (departure, rotation, leg)))
    })?;
    several.transpose()
}

pub(crate) fn several_to_bytes(legs: u64, (departure, rotation, leg): &DayLeg) -> Vec<u8> {
    let mut out = Vec::new();
    put_number(&mut out, legs);
    put_signed(&mut out, departure.0);
    put_text(&mut out, rotation.as_str());
    put_text(&mut out, leg.as_str());
    out
}

/// The types of airplanes that stay at an airport between two legs, `None` for those that are not known.
pub(crate) fn types_staying(read: &impl Read, code: AirportCode) -> Result<Vec<Option<AircraftType>>, ReadError> {
    let mut types = Vec::new();
    let (mut from, to) = Key::new(Prefix::Stays).airport(code).range();
    loop {
        let mut found = None;
        each(read, (from, to.clone()), Order::Ascending, |key, _| {
            let mut key = KeyReader::new(key)?;
            key.airport()?;
            found = Some(key.aircraft_type()?);
            Ok(ControlFlow::Break(()))
        })?;
        let Some(aircraft_type) = found else { return Ok(types) };
        (_, from) = keys::stays(code, aircraft_type.as_ref()).range();
        types.push(aircraft_type);
    }
}

/// Visits the stays of a type at an airport that last from `from` minutes, if that is said, to less than `to`: of each key what follows the
/// minutes, which names the leg that arrives.
pub(crate) fn each_stay(
    read: &impl Read,
    code: AirportCode,
    aircraft_type: Option<&AircraftType>,
    from: Option<u32>,
    to: u32,
    mut visit: impl FnMut(&[u8]),
) -> Result<(), ReadError> {
    let of = keys::stays(code, aircraft_type);
    let minutes = |minutes: u32| of.clone().signed(i32::try_from(minutes).unwrap_or(i32::MAX)).0;
    let begin = from.map_or_else(|| of.0.clone(), minutes);
    each(read, (begin, minutes(to)), Order::Ascending, |key, _| {
        visit(key.get(of.0.len() + size_of::<i32>()..).ok_or_else(|| corrupt("a stay"))?);
        Ok(ControlFlow::Continue(()))
    })
}

/// Whether any leg is on some designator's day.
pub(crate) fn has_departures(read: &impl Read) -> Result<bool, ReadError> {
    let mut found = false;
    each(read, Key::new(Prefix::DesignatorDay).range(), Order::Ascending, |_, _| {
        found = true;
        Ok(ControlFlow::Break(()))
    })?;
    Ok(found)
}

/// A leg by one of the edges to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegEdge {
    pub rotation: RotationId,
    pub leg: LegId,
    pub summary: LegSummary,
}

/// An index of legs by an instant that stands in the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LegIndex {
    Departures(AirportCode),
    Arrivals(AirportCode),
    AllByDeparture,
}

impl LegIndex {
    /// Of all its keys; an instant follows.
    pub(crate) fn key(self) -> Key {
        match self {
            Self::Departures(code) => keys::departures(code),
            Self::Arrivals(code) => keys::arrivals(code),
            Self::AllByDeparture => Key::new(Prefix::LegsByDeparture),
        }
    }

    pub(crate) fn read(self, key: &[u8], value: &[u8]) -> Result<LegEdge, ReadError> {
        let mut key = KeyReader::new(key)?;
        let at = self.at(&mut key)?;
        Ok(LegEdge {
            rotation: key.rotation()?,
            leg: key.leg()?,
            summary: LegSummary::from_bytes(at, value)?,
        })
    }

    /// The same without ids, designator and airplane.
    pub(crate) fn hop(self, key: &[u8], value: &[u8]) -> Result<Hop, ReadError> {
        Hop::from_bytes(self.at(&mut KeyReader::new(key)?)?, value)
    }

    fn at(self, key: &mut KeyReader<'_>) -> Result<KeyInstant, ReadError> {
        Ok(match self {
            Self::Departures(_) => {
                key.airport()?;
                KeyInstant::Departure(key.instant()?)
            }
            Self::Arrivals(_) => {
                key.airport()?;
                KeyInstant::Arrival(key.instant()?)
            }
            Self::AllByDeparture => KeyInstant::Departure(key.instant()?),
        })
    }
}

/// Visits all legs of an index, in order.
pub(crate) fn each_leg(read: &impl Read, index: LegIndex, mut visit: impl FnMut(LegEdge)) -> Result<(), ReadError> {
    each(read, index.key().range(), Order::Ascending, |key, value| {
        visit(index.read(key, value)?);
        Ok(ControlFlow::Continue(()))
    })
}

/// The least key above this one.
fn after(place: &Key) -> Vec<u8> {
    let mut key = place.0.clone();
    key.push(0);
    key
}
