//! The facts as they are stored: nodes by id, neighbours in order.

use crate::bytes::{Bytes, corrupt, put_number, put_signed, put_text};
use crate::day::Day;
use crate::keys::{self, Key, KeyReader, Prefix};
use crate::nodes::{Airplane, Airport, Leg, Rotation};
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
    leg.ok_or_else(|| corrupt(&format!("leg {id} of rotation {rotation} is referred to and missing")))?
}

pub(crate) fn leg(read: &impl Read, rotation: &RotationId, id: &LegId) -> Result<Option<Leg>, ReadError> {
    let departure = read.get(&keys::leg(rotation, id).0, |bytes| bytes.try_into().map(i64::from_be_bytes))?;
    match departure {
        None => Ok(None),
        Some(Err(_)) => Err(corrupt("a leg's departure")),
        Some(Ok(departure)) => leg_at(read, rotation, Instant(departure), id).map(Some),
    }
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

/// A rotation with legs, as an airplane flies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) rotation: RotationId,
    pub(crate) first: Leg,
    pub(crate) last: Leg,
}

/// The rotation as its airplane flies it; `None` without legs.
pub(crate) fn stretch(read: &impl Read, rotation: &RotationId) -> Result<Option<Stretch>, ReadError> {
    let Some(first) = first_leg(read, rotation, None)? else {
        return Ok(None);
    };
    let last = last_leg(read, rotation, None)?.unwrap_or_else(|| first.clone());
    Ok(Some(Stretch {
        rotation: rotation.clone(),
        first,
        last,
    }))
}

/// Rotations of an airplane beside a place in its order, those without legs and the one called `without` left out.
pub(crate) fn stretch_beside(
    read: &impl Read,
    airplane: &Registration,
    place: &Key,
    order: Order,
    without: &RotationId,
) -> Result<Option<Stretch>, ReadError> {
    let Key(from) = keys::rotations_of(airplane);
    // Those without legs come last: any number of them is never looked at.
    let Key(without_legs) = keys::rotations_of(airplane).instant(keys::NO_DEPARTURE);
    let range = match order {
        Order::Ascending => (after(place), without_legs),
        Order::Descending => (from, place.0.clone()),
    };
    let mut found = None;
    each(read, range, order, |key, _| {
        let mut key = KeyReader::new(key)?;
        key.airplane()?;
        key.instant()?;
        let rotation = key.rotation()?;
        if rotation == *without {
            return Ok(ControlFlow::Continue(()));
        }
        found = Some(rotation);
        Ok(ControlFlow::Break(()))
    })?;
    match found {
        None => Ok(None),
        Some(rotation) => stretch(read, &rotation),
    }
}

/// The rotations of an airplane, in order, those without legs at the end.
pub(crate) fn rotations_of(read: &impl Read, airplane: &Registration) -> Result<Vec<RotationId>, ReadError> {
    let mut rotations = Vec::new();
    each(read, keys::rotations_of(airplane).range(), Order::Ascending, |key, _| {
        let mut key = KeyReader::new(key)?;
        key.airplane()?;
        key.instant()?;
        rotations.push(key.rotation()?);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(rotations)
}

/// A leg of a designator's day, in the order of the day.
pub(crate) type Member = (Instant, RotationId, LegId);

/// Visits the legs of a designator's day, in order and from `first` on, until `visit` breaks.
pub(crate) fn each_member(
    read: &impl Read,
    day: &Day,
    first: Option<&Member>,
    mut visit: impl FnMut(Member) -> ControlFlow<()>,
) -> Result<(), ReadError> {
    let of = keys::designator_day(day.designator, day.airport, day.date);
    let (begin, end) = of.clone().range();
    // Without it, a search would come past all legs that were removed from the beginning of the day.
    let begin = first.map_or(begin, |(departure, rotation, leg)| {
        of.instant(*departure).id(rotation.as_str()).id(leg.as_str()).0
    });
    each(read, (begin, end), Order::Ascending, |key, _| {
        let mut key = KeyReader::new(key)?;
        key.id()?;
        key.airport()?;
        key.date()?;
        Ok(visit((key.instant()?, key.rotation()?, key.leg()?)))
    })
}

/// How many legs a designator's day has, and the first of them, where they are several.
pub(crate) fn several_of_day(read: &impl Read, day: &Day) -> Result<Option<(u64, Member)>, ReadError> {
    let key = keys::designator_day_legs(day.designator, day.airport, day.date);
    let several = read.get(&key.0, |bytes| {
        let mut bytes = Bytes::new(bytes);
        let (legs, departure) = (bytes.number()?, Instant(bytes.signed()?));
        let rotation = RotationId::parse(bytes.text()?).map_err(|_| corrupt("a rotation id"))?;
        let leg = LegId::parse(bytes.text()?).map_err(|_| corrupt("a leg id"))?;
        Ok((legs, (departure, rotation, leg)))
    })?;
    several.transpose()
}

pub(crate) fn several_to_bytes(legs: u64, (departure, rotation, leg): &Member) -> Vec<u8> {
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

/// Visits the stays of a type at an airport that last from `from` minutes, if that is said, to less than `to`.
pub(crate) fn each_stay(
    read: &impl Read,
    code: AirportCode,
    aircraft_type: Option<&AircraftType>,
    from: Option<u32>,
    to: u32,
    mut visit: impl FnMut(RotationId, Instant, LegId),
) -> Result<(), ReadError> {
    let of = keys::stays(code, aircraft_type);
    let minutes = |minutes: u32| of.clone().signed(i32::try_from(minutes).unwrap_or(i32::MAX)).0;
    let begin = from.map_or_else(|| of.0.clone(), minutes);
    each(read, (begin, minutes(to)), Order::Ascending, |key, _| {
        let mut key = KeyReader::new(key)?;
        key.airport()?;
        key.aircraft_type()?;
        key.signed()?;
        let rotation = key.rotation()?;
        visit(rotation, key.instant()?, key.leg()?);
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

/// Legs that depart from an airport, in order.
pub(crate) fn departing(read: &impl Read, code: AirportCode) -> Result<Vec<(RotationId, Leg)>, ReadError> {
    at_airport(read, keys::departures(code), |instant, _| Ok(instant))
}

/// Legs that arrive at an airport, in order.
pub(crate) fn arriving(read: &impl Read, code: AirportCode) -> Result<Vec<(RotationId, Leg)>, ReadError> {
    at_airport(read, keys::arrivals(code), |_, value| {
        let bytes = value.try_into().map_err(|_| corrupt("a departure"))?;
        Ok(Instant(i64::from_be_bytes(bytes)))
    })
}

fn at_airport(
    read: &impl Read,
    of: Key,
    departure: impl Fn(Instant, &[u8]) -> Result<Instant, ReadError>,
) -> Result<Vec<(RotationId, Leg)>, ReadError> {
    let mut places = Vec::new();
    each(read, of.range(), Order::Ascending, |key, value| {
        let mut key = KeyReader::new(key)?;
        key.airport()?;
        let instant = key.instant()?;
        places.push((departure(instant, value)?, key.rotation()?, key.leg()?));
        Ok(ControlFlow::Continue(()))
    })?;
    places
        .into_iter()
        .map(|(departure, rotation, id)| Ok((rotation.clone(), leg_at(read, &rotation, departure, &id)?)))
        .collect()
}

/// The least key above this one.
fn after(place: &Key) -> Vec<u8> {
    let mut key = place.0.clone();
    key.push(0);
    key
}
