//! A rotation comes, changes its mode or its airplane, loses its legs with itself. One leg more or less is `legs`'s.

use super::counts::Counted;
use super::draft::Draft;
use super::known::News;
use super::legs::{self, Change};
use super::tail::{Place, place};
use super::{ProjectError, same_day, unfit};
use crate::checks::reference::{self, End};
use crate::checks::seam;
use crate::day::Day;
use crate::nodes::{Leg, NOT_ASSIGNED, Provenance, Rotation};
use crate::{keys, world};
use domain::rotation::{Event, Mode};
use domain::{Instant, Registration, RotationId};
use keyvalue::{Order, Read, ReadError};
use std::collections::BTreeMap;

pub(super) fn project<R: Read>(
    draft: &mut Draft<'_, R>,
    id: &RotationId,
    event: &Event,
    provenance: Provenance,
    decided_at: Instant,
) -> Result<(), ProjectError> {
    let stored = draft.rotation(id)?;
    let rotation = match (event, stored) {
        (Event::Created { mode }, None) => {
            draft.count(Counted::Rotations, 1);
            let rotation = Rotation {
                mode: *mode,
                provenance,
                airplane: None,
                assigned_at: NOT_ASSIGNED,
            };
            draft.put(keys::rotation(id), rotation.to_bytes());
            draft.tell(News::Begun(id.clone(), rotation));
            return Ok(());
        }
        (Event::Created { .. }, Some(_)) => return Err(unfit(event, "the rotation exists already")),
        (_, None) => return Err(unfit(event, format!("there is no rotation {id}"))),
        (_, Some(rotation)) => rotation,
    };
    match event {
        Event::Created { .. } => {}
        Event::LegAdded { .. } | Event::LegRemoved { .. } | Event::LegRescheduled { .. } => {
            let change = change_of(draft, id, event, provenance)?;
            let gap = legs::change(draft, id, &rotation, &change)?;
            let Change { old, new } = change;
            draft.tell(News::Leg {
                rotation: id.clone(),
                old,
                new,
                gap,
            });
            return Ok(());
        }
        Event::AirplaneAssigned { registration, .. } => {
            let after = Rotation {
                airplane: Some((registration.clone(), provenance)),
                assigned_at: decided_at,
                ..rotation.clone()
            };
            assign(draft, id, &rotation, &after)?;
        }
        Event::AirplaneUnassigned { .. } => {
            let after = Rotation {
                airplane: None,
                assigned_at: NOT_ASSIGNED,
                ..rotation.clone()
            };
            assign(draft, id, &rotation, &after)?;
        }
        Event::Activated => {
            let mode = Mode::Active;
            let active = Rotation {
                mode,
                provenance,
                ..rotation
            };
            draft.put(keys::rotation(id), active.to_bytes());
        }
        Event::Removed => remove(draft, id, &rotation)?,
    }
    draft.tell(News::Rotation(id.clone()));
    Ok(())
}

/// The leg before and after an event of one leg.
fn change_of<R: Read>(draft: &mut Draft<'_, R>, id: &RotationId, event: &Event, provenance: Provenance) -> Result<Change, ProjectError> {
    let mut stored_leg = |leg_id| {
        draft
            .leg(id, leg_id)?
            .ok_or_else(|| unfit(event, format!("there is no leg {leg_id}")))
    };
    let (mut old, mut new) = (None, None);
    match event {
        Event::LegAdded { leg } => new = Some(Leg::new(leg, provenance)),
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
                provenance,
                ..stored.clone()
            });
            old = Some(stored);
        }
        Event::Created { .. } | Event::Activated | Event::Removed | Event::AirplaneAssigned { .. } | Event::AirplaneUnassigned { .. } => {}
    }
    Ok(Change { old, new })
}

fn assign<R: Read>(draft: &mut Draft<'_, R>, id: &RotationId, before: &Rotation, after: &Rotation) -> Result<(), ReadError> {
    draft.put(keys::rotation(id), after.to_bytes());
    let legs = world::legs(draft.read, id)?;
    let first_departure = legs.first().map_or(keys::NO_DEPARTURE, |leg| leg.departure);
    let node = |registration: Option<&Registration>| match registration {
        Some(registration) => world::airplane(draft.read, registration),
        None => Ok(None),
    };
    let (old, new) = (node(before.registration())?, node(after.registration())?);
    reference::examine_airplane(id, before, old.as_ref(), &mut draft.before);
    reference::examine_airplane(id, after, new.as_ref(), &mut draft.after);
    let (old_type, new_type) = (before.aircraft_type(old.as_ref()), after.aircraft_type(new.as_ref()));
    if old_type != new_type {
        for (first, second) in legs.iter().zip(legs.iter().skip(1)) {
            draft.stayed(id, first, second, old_type);
            draft.stay(id, first, second, new_type);
        }
    }
    let stretch = world::stretch(draft.read, id)?;
    if let Some(registration) = before.registration() {
        draft.delete(keys::rotation_in_order(registration, first_departure, id));
        legs::seams(draft, registration, id, stretch.as_ref(), None)?;
    }
    if let Some(registration) = after.registration() {
        draft.put(keys::rotation_in_order(registration, first_departure, id), Vec::new());
        legs::seams(draft, registration, id, None, stretch.as_ref())?;
    }
    Ok(())
}

/// Everything that the rotation brought goes with it.
fn remove<R: Read>(draft: &mut Draft<'_, R>, id: &RotationId, rotation: &Rotation) -> Result<(), ReadError> {
    let legs = world::legs(draft.read, id)?;
    draft.count(Counted::Rotations, -1);
    draft.count(Counted::Legs, -i64::try_from(legs.len()).unwrap_or(i64::MAX));
    draft.delete(keys::rotation(id));
    if let Some(registration) = rotation.registration() {
        let airplane = world::airplane(draft.read, registration)?;
        reference::examine_airplane(id, rotation, airplane.as_ref(), &mut draft.before);
        let first_departure = legs.first().map_or(keys::NO_DEPARTURE, |leg| leg.departure);
        let order = keys::rotation_in_order(registration, first_departure, id);
        if let Some(stretch) = world::stretch(draft.read, id)? {
            let previous = world::stretch_beside(draft.read, registration, &order, Order::Descending, id)?;
            let next = world::stretch_beside(draft.read, registration, &order, Order::Ascending, id)?;
            let pairs = [(previous.as_ref(), Some(&stretch)), (Some(&stretch), next.as_ref())];
            for (before, after) in pairs.into_iter().filter_map(|(before, after)| before.zip(after)) {
                seam::examine(registration, before, after, &mut draft.before);
            }
            if let (Some(previous), Some(next)) = (&previous, &next) {
                seam::examine(registration, previous, next, &mut draft.after);
            }
        }
        draft.delete(order);
    }
    let aircraft_type = legs::aircraft_type(draft.read, id)?;
    for (first, second) in legs.iter().zip(legs.iter().skip(1)) {
        draft.followed(id, first, second, aircraft_type.as_ref());
    }
    let mut days: BTreeMap<Day, Vec<Place>> = BTreeMap::new();
    for leg in &legs {
        let (origin, destination) = (draft.airport(leg.origin)?, draft.airport(leg.destination)?);
        reference::examine_airport(id, leg, End::Departure, origin.is_some(), &mut draft.before);
        reference::examine_airport(id, leg, End::Arrival, destination.is_some(), &mut draft.before);
        let day = Day::of(leg, origin.as_deref());
        legs::delete_keys(draft, id, leg, &day);
        days.entry(day).or_default().push(place(leg));
    }
    for (day, gone) in days {
        same_day::change(draft, day, id, &gone, None)?;
    }
    Ok(())
}
