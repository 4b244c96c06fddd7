//! One leg more, one less, or one at another time: only its neighbours, its day and its airplane's neighbouring rotations are touched.

use super::airplane_window::rotation_place;
use super::cached_rotation::{Gap, place};
use super::counts::Counted;
use super::projection::Projection;
use super::read_cache::CacheUpdate;
use super::same_day;
use crate::checks::reference::{self, End};
use crate::checks::seam;
use crate::day::DesignatorDay;
use crate::edges::{LegSummary, RotationSpan};
use crate::keys;
use crate::nodes::{Leg, Rotation};
use crate::provenance::Provenance;
use crate::stored;
use crate::tombstones::RemovedLeg;
use domain::{AircraftType, Registration, RotationId};
use keyvalue::{Read, ReadError};

/// A leg as it was and as it is now.
pub(super) struct Change {
    pub(super) old: Option<Leg>,
    pub(super) new: Option<Leg>,
}

/// Returns the legs around the place from which one has gone.
pub(super) fn change<R: Read>(
    projection: &mut Projection<'_, R>,
    id: &RotationId,
    rotation: &Rotation,
    change: &Change,
) -> Result<Option<Box<Gap>>, ReadError> {
    let Change { old, new } = change;
    projection.count(Counted::Legs, i64::from(new.is_some()) - i64::from(old.is_some()));
    keys_and_references(projection, id, rotation, change)?;
    days(projection, id, change)?;

    let old_place = old.as_ref().map(place);
    let mut around = |leg: &Leg| -> Result<Sides, ReadError> {
        let (before, after) = projection.legs_around(id, &place(leg), old_place.as_ref())?;
        Ok(Sides { before, after })
    };
    let old_sides = old.as_ref().map(&mut around).transpose()?;
    let new_sides = new.as_ref().map(&mut around).transpose()?;
    let airplane = match rotation.registration() {
        Some(registration) => projection.airplane(registration)?,
        None => None,
    };
    let aircraft_type = rotation.aircraft_type(airplane.as_deref()).cloned();
    pairs(
        projection,
        id,
        aircraft_type.as_ref(),
        change,
        old_sides.as_ref(),
        new_sides.as_ref(),
    );

    let at_an_end = |sides: &Option<Sides>| sides.as_ref().is_some_and(|sides| sides.before.is_none() || sides.after.is_none());
    if let Some(registration) = rotation.registration()
        && (at_an_end(&old_sides) || at_an_end(&new_sides))
    {
        let was = match (&old_place, &new_sides) {
            (None, Some(sides)) => ends_around(projection, id, sides)?,
            _ => ends(projection, id)?,
        };
        let staying = match &old_sides {
            None => was.clone(),
            Some(sides) => ends_around(projection, id, sides)?,
        };
        let span = |ends: Option<(Leg, Leg)>| ends.map(|(first, last)| RotationSpan::new(id, &first, &last));
        let is = span(with(staying, new.as_ref()));
        span_changed(projection, registration, id, rotation, span(was).as_ref(), is.as_ref())?;
    }
    Ok(old_sides.map(|Sides { before, after }| Box::new((before, after))))
}

/// The neighbours of a place, the old leg left out.
#[derive(PartialEq)]
struct Sides {
    before: Option<Leg>,
    after: Option<Leg>,
}

/// Which legs followed one another before, and which do now.
fn pairs<R: Read>(
    projection: &mut Projection<'_, R>,
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
        projection.followed(id, first, second, aircraft_type);
    }
    for (first, second) in is.into_iter().filter_map(|(first, second)| first.zip(second)) {
        projection.follow(id, first, second, aircraft_type);
    }
}

/// First and last leg of the rotation around a place, without the leg that may be there: an end next to the place is not searched.
fn ends_around<R: Read>(projection: &mut Projection<'_, R>, id: &RotationId, sides: &Sides) -> Result<Option<(Leg, Leg)>, ReadError> {
    let first = match &sides.before {
        None => sides.after.clone(),
        Some(_) => projection.first_leg(id, None)?,
    };
    let last = match &sides.after {
        None => sides.before.clone(),
        Some(_) => projection.last_leg(id, None)?,
    };
    Ok(first.zip(last))
}

/// First and last leg of the rotation before the event.
fn ends<R: Read>(projection: &mut Projection<'_, R>, id: &RotationId) -> Result<Option<(Leg, Leg)>, ReadError> {
    let first = projection.first_leg(id, None)?;
    Ok(first.zip(projection.last_leg(id, None)?))
}

fn with(ends: Option<(Leg, Leg)>, leg: Option<&Leg>) -> Option<(Leg, Leg)> {
    let (first, last) = ends.unzip();
    let first = first.into_iter().chain(leg.cloned()).min_by_key(place);
    let last = last.into_iter().chain(leg.cloned()).max_by_key(place);
    first.zip(last)
}

/// The rotation begins or ends at another place: its edge from its airplane, and the seams to the airplane's rotations around it.
fn span_changed<R: Read>(
    projection: &mut Projection<'_, R>,
    airplane: &Registration,
    id: &RotationId,
    rotation: &Rotation,
    was: Option<&RotationSpan>,
    is: Option<&RotationSpan>,
) -> Result<(), ReadError> {
    if was == is {
        return Ok(());
    }
    let (old_key, _) = stored::rotation_edge(airplane, id, was, rotation.mode);
    let (new_key, value) = stored::rotation_edge(airplane, id, is, rotation.mode);
    if old_key != new_key {
        projection.delete(old_key);
    }
    projection.put(new_key, value);
    flown(projection, airplane, id, was, is)
}

/// A rotation's span changes, comes or goes among those of its airplane.
pub(super) fn flown<R: Read>(
    projection: &mut Projection<'_, R>,
    airplane: &Registration,
    id: &RotationId,
    was: Option<&RotationSpan>,
    is: Option<&RotationSpan>,
) -> Result<(), ReadError> {
    note_duration(projection, airplane, was, is)?;
    seams(projection, airplane, id, was, is)?;
    projection.update_cache(CacheUpdate::Flown {
        airplane: airplane.clone(),
        was: was.map(rotation_place),
        is: is.cloned(),
    });
    Ok(())
}

/// Keeps how long the airplane's longest rotation ever was. That never shrinks, so that it does not depend on the order of events.
fn note_duration<R: Read>(
    projection: &mut Projection<'_, R>,
    airplane: &Registration,
    was: Option<&RotationSpan>,
    is: Option<&RotationSpan>,
) -> Result<(), ReadError> {
    let class = |span: &RotationSpan| stored::duration_class(span.duration_ms());
    let Some(new) = is.map(class).filter(|new| was.map(class) < Some(*new)) else {
        return Ok(());
    };
    if stored::longest_rotation(projection.read, airplane)? < Some(new) {
        projection.put(keys::longest_rotation(airplane), vec![new]);
    }
    Ok(())
}

fn seams<R: Read>(
    projection: &mut Projection<'_, R>,
    airplane: &Registration,
    id: &RotationId,
    was: Option<&RotationSpan>,
    is: Option<&RotationSpan>,
) -> Result<(), ReadError> {
    let mut around = |span: &RotationSpan| projection.rotations_around(airplane, &rotation_place(span), id);
    let old_sides = was.map(&mut around).transpose()?;
    let new_sides = if was.map(rotation_place) == is.map(rotation_place) {
        old_sides.clone()
    } else {
        is.map(around).transpose()?
    };
    let mut examine = |before: Option<&RotationSpan>, after: Option<&RotationSpan>, now: bool| {
        if let (Some(before), Some(after)) = (before, after) {
            let into = if now { &mut projection.after } else { &mut projection.before };
            seam::examine(before, after, into);
        }
    };
    if let (Some(span), Some((before, after))) = (was, &old_sides) {
        examine(before.as_ref(), Some(span), false);
        examine(Some(span), after.as_ref(), false);
        if new_sides != old_sides {
            examine(before.as_ref(), after.as_ref(), true);
        }
    }
    if let (Some(span), Some((before, after))) = (is, &new_sides) {
        examine(before.as_ref(), Some(span), true);
        examine(Some(span), after.as_ref(), true);
        if new_sides != old_sides {
            examine(before.as_ref(), after.as_ref(), false);
        }
    }
    Ok(())
}

fn keys_and_references<R: Read>(
    projection: &mut Projection<'_, R>,
    id: &RotationId,
    rotation: &Rotation,
    Change { old, new }: &Change,
) -> Result<(), ReadError> {
    if let Some(new) = new {
        put_keys(projection, id, rotation, new);
        for end in unregistered_ends(projection, new)? {
            reference::report_airport(id, new.departure, &new.id, end, &mut projection.after);
        }
    }
    if let Some(old) = old {
        delete_keys(projection, id, old);
        for end in unregistered_ends(projection, old)? {
            reference::report_airport(id, old.departure, &old.id, end, &mut projection.before);
        }
    }
    Ok(())
}

/// Ends of a leg whose airport was not registered before the event.
pub(super) fn unregistered_ends<R: Read>(projection: &mut Projection<'_, R>, leg: &Leg) -> Result<Vec<End>, ReadError> {
    let mut ends = Vec::new();
    for (end, code) in [(End::Departure, leg.origin), (End::Arrival, leg.destination)] {
        if projection.airport(code)?.is_none() {
            ends.push(end);
        }
    }
    Ok(ends)
}

fn days<R: Read>(projection: &mut Projection<'_, R>, id: &RotationId, Change { old, new }: &Change) -> Result<(), ReadError> {
    let gone: Vec<_> = old.iter().map(place).collect();
    let come = new.as_ref().map(place);
    match (old.as_ref().map(Leg::day), new.as_ref().map(Leg::day)) {
        (Some(old_day), Some(new_day)) if old_day != new_day => {
            same_day::change(projection, old_day, id, &gone, None)?;
            same_day::change(projection, new_day, id, &[], come)
        }
        (_, Some(day)) | (Some(day), None) => same_day::change(projection, day, id, &gone, come),
        (None, None) => Ok(()),
    }
}

fn put_keys<R: Read>(projection: &mut Projection<'_, R>, id: &RotationId, rotation: &Rotation, leg: &Leg) {
    projection.put(keys::leg(id, &leg.id), leg.departure.0.to_be_bytes().to_vec());
    projection.put(keys::leg_in_order(id, leg.departure, &leg.id), leg.to_bytes());
    put_day(projection, id, leg, &leg.day());
    put_summaries(projection, id, rotation, leg);
}

/// The edges to a leg that say what its rotation is like.
pub(super) fn put_summaries<R: Read>(projection: &mut Projection<'_, R>, id: &RotationId, rotation: &Rotation, leg: &Leg) {
    let summary = LegSummary::new(leg, rotation).to_bytes();
    projection.put(keys::departure(leg, id), summary.clone());
    projection.put(keys::arrival(leg, id), summary.clone());
    projection.put(keys::leg_by_departure(leg, id), summary);
}

pub(super) fn put_day<R: Read>(projection: &mut Projection<'_, R>, id: &RotationId, leg: &Leg, day: &DesignatorDay) {
    projection.put(keys::leg_of_day(day, leg.departure, id, &leg.id), Vec::new());
}

pub(super) fn delete_keys<R: Read>(projection: &mut Projection<'_, R>, id: &RotationId, leg: &Leg) {
    projection.delete(keys::leg(id, &leg.id));
    projection.delete(keys::leg_in_order(id, leg.departure, &leg.id));
    projection.delete(keys::leg_of_day(&leg.day(), leg.departure, id, &leg.id));
    projection.delete(keys::departure(leg, id));
    projection.delete(keys::arrival(leg, id));
    projection.delete(keys::leg_by_departure(leg, id));
}

/// What remains of a leg that is removed.
pub(super) fn put_tombstone<R: Read>(projection: &mut Projection<'_, R>, id: &RotationId, leg: &Leg, removed: Provenance) {
    projection.put(keys::removed_leg(id, &leg.id), RemovedLeg::new(leg, removed).to_bytes());
}
