//! One leg more, one less, or one at another time: only its neighbours, its day and its airplane's neighbouring rotations are touched.

use super::counts::Counted;
use super::draft::Draft;
use super::same_day;
use super::tail::{Gap, place};
use crate::checks::reference::{self, End};
use crate::checks::seam;
use crate::day::Day;
use crate::keys::{self, Key, Prefix};
use crate::nodes::{Leg, Rotation};
use crate::world::{self, Stretch};
use domain::{AircraftType, Registration, RotationId};
use keyvalue::{Order, Read, ReadError};

/// A leg as it was and as it is now.
pub(super) struct Change {
    pub(super) old: Option<Leg>,
    pub(super) new: Option<Leg>,
}

/// The type of the airplane that is assigned to a rotation, if both are known.
pub(super) fn aircraft_type(read: &impl Read, id: &RotationId) -> Result<Option<AircraftType>, ReadError> {
    match world::rotation(read, id)? {
        Some(rotation) => type_of(read, &rotation),
        None => Ok(None),
    }
}

fn type_of(read: &impl Read, rotation: &Rotation) -> Result<Option<AircraftType>, ReadError> {
    match rotation.registration() {
        Some(registration) => {
            let airplane = world::airplane(read, registration)?;
            Ok(rotation.aircraft_type(airplane.as_ref()).cloned())
        }
        None => Ok(None),
    }
}

/// Returns the legs beside the place from which one has gone.
pub(super) fn change<R: Read>(
    draft: &mut Draft<'_, R>,
    id: &RotationId,
    rotation: &Rotation,
    change: &Change,
) -> Result<Option<Gap>, ReadError> {
    let Change { old, new } = change;
    draft.count(Counted::Legs, i64::from(new.is_some()) - i64::from(old.is_some()));
    days_and_keys(draft, id, change)?;

    let old_place = old.as_ref().map(place);
    let mut beside = |leg: &Leg| -> Result<Sides, ReadError> {
        let (before, after) = draft.legs_beside(id, &place(leg), old_place.as_ref())?;
        Ok(Sides { before, after })
    };
    let old_sides = old.as_ref().map(&mut beside).transpose()?;
    let new_sides = new.as_ref().map(&mut beside).transpose()?;
    let airplane = match rotation.registration() {
        Some(registration) => draft.airplane(registration)?,
        None => None,
    };
    let aircraft_type = rotation.aircraft_type(airplane.as_deref()).cloned();
    pairs(draft, id, aircraft_type.as_ref(), change, old_sides.as_ref(), new_sides.as_ref());

    let at_an_end = |sides: &Option<Sides>| sides.as_ref().is_some_and(|sides| sides.before.is_none() || sides.after.is_none());
    if let Some(registration) = rotation.registration()
        && (at_an_end(&old_sides) || at_an_end(&new_sides))
    {
        let was = match (&old_place, &new_sides) {
            (None, Some(sides)) => stretch_around(draft, id, sides)?,
            _ => stretch(draft, id)?,
        };
        ends(draft, registration, id, was, change, old_sides.as_ref())?;
    }
    Ok(old_sides.map(|Sides { before, after }| (before, after)))
}

/// The neighbours of a place, the old leg left out.
#[derive(PartialEq)]
struct Sides {
    before: Option<Leg>,
    after: Option<Leg>,
}

/// Which legs followed one another before, and which do now.
fn pairs<R: Read>(
    draft: &mut Draft<'_, R>,
    id: &RotationId,
    aircraft_type: Option<&AircraftType>,
    change: &Change,
    old_sides: Option<&Sides>,
    new_sides: Option<&Sides>,
) {
    let mut was = Vec::new();
    let mut is = Vec::new();
    if let (Some(leg), Some(sides)) = (&change.old, old_sides) {
        was.extend([(sides.before.as_ref(), Some(leg)), (Some(leg), sides.after.as_ref())]);
        if new_sides != Some(sides) {
            is.push((sides.before.as_ref(), sides.after.as_ref()));
        }
    }
    if let (Some(leg), Some(sides)) = (&change.new, new_sides) {
        is.extend([(sides.before.as_ref(), Some(leg)), (Some(leg), sides.after.as_ref())]);
        if old_sides != Some(sides) {
            was.push((sides.before.as_ref(), sides.after.as_ref()));
        }
    }
    for (first, second) in was.into_iter().filter_map(|(first, second)| first.zip(second)) {
        draft.followed(id, first, second, aircraft_type);
    }
    for (first, second) in is.into_iter().filter_map(|(first, second)| first.zip(second)) {
        draft.follow(id, first, second, aircraft_type);
    }
}

/// The rotation around a place, without the leg that may be there: what ends beside the place need not be looked for.
fn stretch_around<R: Read>(draft: &mut Draft<'_, R>, id: &RotationId, sides: &Sides) -> Result<Option<Stretch>, ReadError> {
    let first = match &sides.before {
        None => sides.after.clone(),
        Some(_) => draft.first_leg(id, None)?,
    };
    let last = match &sides.after {
        None => sides.before.clone(),
        Some(_) => draft.last_leg(id, None)?,
    };
    Ok(between(id, first, last))
}

/// The rotation before the event.
fn stretch<R: Read>(draft: &mut Draft<'_, R>, id: &RotationId) -> Result<Option<Stretch>, ReadError> {
    let (first, last) = (draft.first_leg(id, None)?, draft.last_leg(id, None)?);
    Ok(between(id, first, last))
}

fn between(id: &RotationId, first: Option<Leg>, last: Option<Leg>) -> Option<Stretch> {
    first.zip(last).map(|(first, last)| Stretch {
        rotation: id.clone(),
        first,
        last,
    })
}

/// The rotation begins or ends with another leg: its place among the airplane's rotations, and the seams there.
fn ends<R: Read>(
    draft: &mut Draft<'_, R>,
    registration: &Registration,
    id: &RotationId,
    was: Option<Stretch>,
    change: &Change,
    old_sides: Option<&Sides>,
) -> Result<(), ReadError> {
    let new = change.new.clone();
    let (first, last) = match old_sides {
        None => was.clone(),
        Some(sides) => stretch_around(draft, id, sides)?,
    }
    .map(|stretch| (stretch.first, stretch.last))
    .unzip();
    let first = first.into_iter().chain(new.clone()).min_by_key(place);
    let last = last.into_iter().chain(new).max_by_key(place);
    let is = between(id, first, last);
    let departure = |stretch: &Option<Stretch>| stretch.as_ref().map_or(keys::NO_DEPARTURE, |stretch| stretch.first.departure);
    if departure(&was) != departure(&is) {
        draft.delete(keys::rotation_in_order(registration, departure(&was), id));
        draft.put(keys::rotation_in_order(registration, departure(&is), id), Vec::new());
    }
    seams(draft, registration, id, was.as_ref(), is.as_ref())
}

/// A rotation's stretch changes, comes or goes among those of its airplane.
pub(super) fn seams<R: Read>(
    draft: &mut Draft<'_, R>,
    registration: &Registration,
    id: &RotationId,
    was: Option<&Stretch>,
    is: Option<&Stretch>,
) -> Result<(), ReadError> {
    let beside = |stretch: &Stretch| -> Result<_, ReadError> {
        let place = keys::rotation_in_order(registration, stretch.first.departure, id);
        let before = world::stretch_beside(draft.read, registration, &place, Order::Descending, id)?;
        Ok((
            before,
            world::stretch_beside(draft.read, registration, &place, Order::Ascending, id)?,
        ))
    };
    let departure = |stretch: &Stretch| stretch.first.departure;
    let old_sides = was.map(beside).transpose()?;
    let new_sides = if was.map(departure) == is.map(departure) {
        old_sides.clone()
    } else {
        is.map(beside).transpose()?
    };
    let mut report = |before: Option<&Stretch>, after: Option<&Stretch>, now: bool| {
        if let (Some(before), Some(after)) = (before, after) {
            seam::examine(registration, before, after, if now { &mut draft.after } else { &mut draft.before });
        }
    };
    if let (Some(stretch), Some((before, after))) = (was, &old_sides) {
        report(before.as_ref(), Some(stretch), false);
        report(Some(stretch), after.as_ref(), false);
        if new_sides != old_sides {
            report(before.as_ref(), after.as_ref(), true);
        }
    }
    if let (Some(stretch), Some((before, after))) = (is, &new_sides) {
        report(before.as_ref(), Some(stretch), true);
        report(Some(stretch), after.as_ref(), true);
        if new_sides != old_sides {
            report(before.as_ref(), after.as_ref(), false);
        }
    }
    Ok(())
}

/// The leg's own keys, its references and its designator's days.
fn days_and_keys<R: Read>(draft: &mut Draft<'_, R>, id: &RotationId, change: &Change) -> Result<(), ReadError> {
    let Some(leg) = change.new.as_ref().or(change.old.as_ref()) else {
        return Ok(());
    };
    let (origin, destination) = (draft.airport(leg.origin)?, draft.airport(leg.destination)?);
    let day_of = |leg: &Option<Leg>| leg.as_ref().map(|leg| Day::of(leg, origin.as_deref()));
    let (old_day, new_day) = (day_of(&change.old), day_of(&change.new));
    if let (Some(new), Some(day)) = (&change.new, &new_day) {
        put_keys(draft, id, new, day);
        reference::examine_airport(id, new, End::Departure, origin.is_some(), &mut draft.after);
        reference::examine_airport(id, new, End::Arrival, destination.is_some(), &mut draft.after);
    }
    let mut gone = Vec::new();
    if let (Some(old), Some(day)) = (&change.old, &old_day) {
        delete_keys(draft, id, old, day);
        reference::examine_airport(id, old, End::Departure, origin.is_some(), &mut draft.before);
        reference::examine_airport(id, old, End::Arrival, destination.is_some(), &mut draft.before);
        gone.push(place(old));
    }
    let come = change.new.as_ref().map(place);
    match (old_day, new_day) {
        (Some(old_day), Some(new_day)) if old_day != new_day => {
            same_day::change(draft, old_day, id, &gone, None)?;
            same_day::change(draft, new_day, id, &[], come)
        }
        (_, Some(day)) | (Some(day), None) => same_day::change(draft, day, id, &gone, come),
        (None, None) => Ok(()),
    }
}

fn put_keys<R: Read>(draft: &mut Draft<'_, R>, id: &RotationId, leg: &Leg, day: &Day) {
    draft.put(keys::leg(id, &leg.id), leg.departure.0.to_be_bytes().to_vec());
    draft.put(keys::leg_in_order(id, leg.departure, &leg.id), leg.to_bytes());
    draft.put(departure_edge(id, leg), Vec::new());
    draft.put(arrival_edge(id, leg), leg.departure.0.to_be_bytes().to_vec());
    draft.put(designator_edge(day, id, leg), Vec::new());
}

pub(super) fn delete_keys<R: Read>(draft: &mut Draft<'_, R>, id: &RotationId, leg: &Leg, day: &Day) {
    draft.delete(keys::leg(id, &leg.id));
    draft.delete(keys::leg_in_order(id, leg.departure, &leg.id));
    draft.delete(departure_edge(id, leg));
    draft.delete(arrival_edge(id, leg));
    draft.delete(designator_edge(day, id, leg));
}

fn departure_edge(id: &RotationId, leg: &Leg) -> Key {
    Key::new(Prefix::Departures)
        .airport(leg.origin)
        .instant(leg.departure)
        .id(id.as_str())
        .id(leg.id.as_str())
}

fn arrival_edge(id: &RotationId, leg: &Leg) -> Key {
    Key::new(Prefix::Arrivals)
        .airport(leg.destination)
        .instant(leg.arrival)
        .id(id.as_str())
        .id(leg.id.as_str())
}

pub(super) fn designator_edge(day: &Day, id: &RotationId, leg: &Leg) -> Key {
    keys::designator_day(day.designator, day.airport, day.date)
        .instant(leg.departure)
        .id(id.as_str())
        .id(leg.id.as_str())
}
