//! A rotation is created, changes its mode or its airplane, or is removed with its legs. One leg more or less is in `legs`.

use super::cached_rotation::{Place, place};
use super::counts::Counted;
use super::legs::{self, Change};
use super::projection::Projection;
use super::read_cache::CacheUpdate;
use super::{ProjectError, same_day, unfit};
use crate::checks::reference;
use crate::day::{self, DesignatorDay};
use crate::edges::RotationSpan;
use crate::nodes::{Airplane, Assignment, Leg, Rotation};
use crate::provenance::Provenance;
use crate::tombstones::{FormerAssignment, RemovedRotation};
use crate::{keys, stored};
use domain::rotation::{Event, Mode};
use domain::{AirportCode, Instant, RotationId};
use keyvalue::{Read, ReadError};
use std::collections::BTreeMap;

pub(super) fn project<R: Read>(
    projection: &mut Projection<'_, R>,
    id: &RotationId,
    event: &Event,
    provenance: Provenance,
) -> Result<(), ProjectError> {
    let rotation = match (event, projection.rotation(id)?) {
        (Event::Created { mode }, None) => {
            create(projection, id, *mode, provenance);
            return Ok(());
        }
        (Event::Created { .. }, Some(_)) => return Err(unfit(event, "the rotation exists already")),
        (_, None) => return Err(unfit(event, format!("there is no rotation {id}"))),
        (_, Some(rotation)) => rotation,
    };
    match event {
        Event::Created { .. } => {}
        Event::LegAdded { .. } | Event::LegRemoved { .. } | Event::LegRescheduled { .. } => {
            let change = change_of(projection, id, event, provenance)?;
            let gap = legs::change(projection, id, &rotation, &change)?;
            let Change { old, new } = change;
            if let (Some(removed), None) = (&old, &new) {
                legs::put_tombstone(projection, id, removed, provenance);
            }
            projection.update_cache(CacheUpdate::Leg {
                rotation: id.clone(),
                old,
                new,
                gap,
            });
            return Ok(());
        }
        Event::AirplaneAssigned { registration, .. } => {
            let assignment = Assignment {
                registration: registration.clone(),
                provenance,
            };
            let after = Rotation {
                airplane: Some(assignment),
                ..rotation.clone()
            };
            assign(projection, id, &rotation, &after, provenance)?;
        }
        Event::AirplaneUnassigned { .. } => {
            let after = Rotation {
                airplane: None,
                ..rotation.clone()
            };
            assign(projection, id, &rotation, &after, provenance)?;
        }
        Event::Activated => {
            let after = Rotation {
                mode: Mode::Active,
                mode_provenance: provenance,
                ..rotation
            };
            activate(projection, id, &after)?;
        }
        Event::Removed => remove(projection, id, &rotation, provenance)?,
    }
    projection.update_cache(CacheUpdate::Rotation(id.clone()));
    Ok(())
}

fn create<R: Read>(projection: &mut Projection<'_, R>, id: &RotationId, mode: Mode, provenance: Provenance) {
    projection.count(Counted::Rotations, 1);
    let rotation = Rotation {
        mode,
        provenance,
        mode_provenance: provenance,
        airplane: None,
    };
    projection.put(keys::rotation(id), rotation.to_bytes());
    projection.update_cache(CacheUpdate::Created(id.clone(), rotation));
}

/// The leg before and after an event of one leg.
fn change_of<R: Read>(
    projection: &mut Projection<'_, R>,
    id: &RotationId,
    event: &Event,
    provenance: Provenance,
) -> Result<Change, ProjectError> {
    let mut stored_leg = |leg_id| {
        projection
            .leg(id, leg_id)?
            .ok_or_else(|| unfit(event, format!("there is no leg {leg_id}")))
    };
    let (mut old, mut new) = (None, None);
    match event {
        Event::LegAdded { leg } => {
            let date = origin_date(projection, leg.origin, leg.departure)?;
            new = Some(Leg::new(leg, date, provenance));
        }
        Event::LegRemoved { leg } => old = Some(stored_leg(&leg.id)?),
        Event::LegRescheduled {
            leg_id,
            departure,
            arrival,
            ..
        } => {
            let stored = stored_leg(leg_id)?;
            new = Some(Leg {
                departure: *departure,
                arrival: *arrival,
                origin_date: origin_date(projection, stored.origin, *departure)?,
                times_provenance: provenance,
                ..stored.clone()
            });
            old = Some(stored);
        }
        Event::Created { .. } | Event::Activated | Event::Removed | Event::AirplaneAssigned { .. } | Event::AirplaneUnassigned { .. } => {}
    }
    Ok(Change { old, new })
}

fn origin_date<R: Read>(projection: &mut Projection<'_, R>, origin: AirportCode, departure: Instant) -> Result<i32, ReadError> {
    let airport = projection.airport(origin)?;
    let zone = day::zone_of(airport.as_deref().map(|airport| &airport.zone));
    Ok(day::origin_date(departure, &zone))
}

fn assign<R: Read>(
    projection: &mut Projection<'_, R>,
    id: &RotationId,
    before: &Rotation,
    after: &Rotation,
    provenance: Provenance,
) -> Result<(), ReadError> {
    projection.put(keys::rotation(id), after.to_bytes());
    let legs = stored::legs(projection.read, id)?;
    for leg in &legs {
        legs::put_summaries(projection, id, after, leg);
    }
    let node = |rotation: &Rotation| -> Result<Option<Airplane>, ReadError> {
        match rotation.registration() {
            Some(registration) => stored::airplane(projection.read, registration),
            None => Ok(None),
        }
    };
    let (old, new) = (node(before)?, node(after)?);
    reference::examine_airplane(id, before, old.as_ref(), &mut projection.before);
    reference::examine_airplane(id, after, new.as_ref(), &mut projection.after);
    let (old_type, new_type) = (before.aircraft_type(old.as_ref()), after.aircraft_type(new.as_ref()));
    if old_type != new_type {
        for (first, second) in legs.iter().zip(legs.iter().skip(1)) {
            projection.stayed(id, first, second, old_type);
            projection.stay(id, first, second, new_type);
        }
    }
    let span = span_of(id, &legs);
    end_assignment(projection, id, before, span.as_ref(), provenance)?;
    if let Some(registration) = after.registration() {
        let (key, value) = stored::rotation_edge(registration, id, span.as_ref(), after.mode);
        projection.put(key, value);
        legs::flown(projection, registration, id, None, span.as_ref())?;
    }
    Ok(())
}

/// The rotation leaves its airplane, if it has one.
fn end_assignment<R: Read>(
    projection: &mut Projection<'_, R>,
    id: &RotationId,
    rotation: &Rotation,
    span: Option<&RotationSpan>,
    ended: Provenance,
) -> Result<(), ReadError> {
    let Some(Assignment { registration, provenance }) = &rotation.airplane else {
        return Ok(());
    };
    let (key, _) = stored::rotation_edge(registration, id, span, rotation.mode);
    projection.delete(key);
    legs::flown(projection, registration, id, span, None)?;
    let tombstone = FormerAssignment {
        assigned: *provenance,
        ended,
    };
    projection.put(keys::former_rotations(registration).id(id.as_str()), tombstone.to_bytes());
    projection.put(keys::former_airplanes(id).id(registration.as_str()), tombstone.to_bytes());
    Ok(())
}

fn activate<R: Read>(projection: &mut Projection<'_, R>, id: &RotationId, active: &Rotation) -> Result<(), ReadError> {
    projection.put(keys::rotation(id), active.to_bytes());
    let legs = stored::legs(projection.read, id)?;
    for leg in &legs {
        legs::put_summaries(projection, id, active, leg);
    }
    if let Some(registration) = active.registration() {
        let (key, value) = stored::rotation_edge(registration, id, span_of(id, &legs).as_ref(), active.mode);
        projection.put(key, value);
    }
    Ok(())
}

/// Everything that belongs to the rotation goes with it; tombstones remain.
fn remove<R: Read>(
    projection: &mut Projection<'_, R>,
    id: &RotationId,
    rotation: &Rotation,
    provenance: Provenance,
) -> Result<(), ReadError> {
    let legs = stored::legs(projection.read, id)?;
    projection.count(Counted::Rotations, -1);
    projection.count(Counted::Legs, -i64::try_from(legs.len()).unwrap_or(i64::MAX));
    projection.delete(keys::rotation(id));
    let tombstone = RemovedRotation {
        rotation: rotation.clone(),
        removed: provenance,
    };
    projection.put(keys::removed_rotation(id), tombstone.to_bytes());
    let airplane = match rotation.registration() {
        Some(registration) => stored::airplane(projection.read, registration)?,
        None => None,
    };
    reference::examine_airplane(id, rotation, airplane.as_ref(), &mut projection.before);
    end_assignment(projection, id, rotation, span_of(id, &legs).as_ref(), provenance)?;
    let aircraft_type = rotation.aircraft_type(airplane.as_ref());
    for (first, second) in legs.iter().zip(legs.iter().skip(1)) {
        projection.followed(id, first, second, aircraft_type);
    }
    let mut days: BTreeMap<DesignatorDay, Vec<Place>> = BTreeMap::new();
    for leg in &legs {
        for end in legs::unregistered_ends(projection, leg)? {
            reference::report_airport(id, leg.departure, &leg.id, end, &mut projection.before);
        }
        legs::delete_keys(projection, id, leg);
        legs::put_tombstone(projection, id, leg, provenance);
        days.entry(leg.day()).or_default().push(place(leg));
    }
    for (day, gone) in days {
        same_day::change(projection, day, id, &gone, None)?;
    }
    Ok(())
}

fn span_of(id: &RotationId, legs: &[Leg]) -> Option<RotationSpan> {
    legs.first()
        .zip(legs.last())
        .map(|(first, last)| RotationSpan::new(id, first, last))
}
